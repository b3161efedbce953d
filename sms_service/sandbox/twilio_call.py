"""What every call of Twilio's API shares: credentials, faults, headers and error answers."""

import base64
import hmac
import sqlite3
from collections.abc import Awaitable, Callable

from aiohttp import web

from sms_service.sandbox.breaking import instead_of_answer, instead_of_work
from sms_service.sandbox.errors import Refusal, refusal
from sms_service.sandbox.faults import Faults
from sms_service.sandbox.forms import form_of
from sms_service.sandbox.identifiers import request_id
from sms_service.sandbox.json_answers import json_answer
from sms_service.sandbox.settings import Settings

Form = dict[str, str]
Work = Callable[[web.Request, Form], Awaitable[web.Response | Refusal]]
Handler = Callable[[web.Request], Awaitable[web.Response]]


class TwilioCall:
    """Wraps the work of a call into a handler."""

    def __init__(self, settings: Settings, faults: Faults) -> None:
        self._account_sid = settings.account_sid
        credentials = f"{settings.account_sid}:{settings.auth_token}".encode()
        self._authorization = b"Basic " + base64.b64encode(credentials)
        self._faults = faults
        self._concurrent = 0

    def handler(self, name: str, work: Work) -> Handler:
        """Return a handler that does `work`, known to fault rules by `name`."""

        async def handle(request: web.Request) -> web.Response:
            self._concurrent += 1
            try:
                answer = await self._answer(name, work, request)
            finally:
                self._concurrent -= 1
            answer.headers["Twilio-Concurrent-Requests"] = str(self._concurrent + 1)
            answer.headers["Twilio-Request-Id"] = request_id()
            return answer

        return handle

    async def _answer(self, name: str, work: Work, request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(given, self._authorization):
            return _refused(refusal(20003))
        if request.match_info["account"] != self._account_sid:
            return _refused(refusal(20404))
        form = await form_of(request) if request.method == "POST" else {}
        rule = self._faults.call(name, form.get("To"))
        if rule is not None:
            broken = await instead_of_work(request, rule)
            if broken is not None:
                return broken
        try:
            done = await work(request, form)
        except sqlite3.Error:
            done = refusal(20500)
        answer = _refused(done) if isinstance(done, Refusal) else done
        return answer if rule is None else await instead_of_answer(request, rule, answer)


def _refused(refused: Refusal) -> web.Response:
    answer = json_answer(refused.body(), refused.status)
    if refused.code == 20003:  # noqa: PLR2004 - Twilio's code for "Authenticate"
        answer.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    return answer
