"""What every call of Twilio's API shares: credentials, faults, headers and error answers."""

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from sms_service.sandbox.breaking import dribble, instead_of_answer, instead_of_work
from sms_service.sandbox.credentials import Credentials
from sms_service.sandbox.errors import Refusal, refusal
from sms_service.sandbox.fault_rules import Rule
from sms_service.sandbox.faults import Faults
from sms_service.sandbox.forms import form_of
from sms_service.sandbox.identifiers import request_id
from sms_service.sandbox.json_answers import json_answer
from sms_service.sandbox.settings import Settings

Form = dict[str, str]
Work = Callable[[web.Request, Form], Awaitable[web.Response | Refusal]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_DENIED: Final = 20003


class TwilioCall:
    """Wraps the work of a call into a handler."""

    def __init__(self, settings: Settings, faults: Faults) -> None:
        self._account_sid = settings.account_sid
        self._credentials = Credentials(settings)
        self._faults = faults
        self._concurrent = 0

    def handler(self, name: str, work: Work, *, main_only: bool = False) -> Handler:
        """Return a handler that does `work`, known to fault rules by `name`.

        `main_only` keeps API keys out: Twilio's standard keys reach neither accounts nor keys.
        """

        async def handle(request: web.Request) -> web.StreamResponse:
            self._concurrent += 1
            # Twilio counts the call itself.
            concurrent = str(self._concurrent)
            try:
                return await self._handle(request, name, work, main_only, concurrent)
            finally:
                self._concurrent -= 1

        return handle

    async def _handle(
        self, request: web.Request, name: str, work: Work, main_only: bool, concurrent: str
    ) -> web.StreamResponse:
        stranger = self._turned_away(request, main_only)
        form = await form_of(request) if request.method == "POST" and not stranger else {}
        rule = None if stranger else self._faults.call(name, form.get("To"))
        answer = _refused(stranger) if stranger else await self._answer(request, form, work, rule)
        headers = {"Twilio-Concurrent-Requests": concurrent, "Twilio-Request-Id": request_id()}
        answer.headers.update(headers)
        if rule is None:
            return answer
        if rule.kind == "dribble":
            return await dribble(request, answer, rule.seconds)
        broken = await instead_of_answer(request, rule, answer)
        broken.headers.update(headers)
        return broken

    def _turned_away(self, request: web.Request, main_only: bool) -> Refusal | None:
        caller = self._credentials.caller(request.headers.get("Authorization", ""))
        if caller is None or (caller == "key" and main_only):
            return refusal(_DENIED)
        if request.match_info.get("account") == self._account_sid:
            return None
        # A key belongs to one account; the account itself is told that there is no such other.
        return refusal(_DENIED if caller == "key" else 20404)

    async def _answer(self, request: web.Request, form: Form, work: Work, rule: Rule | None) -> web.Response:
        if rule is not None:
            broken = await instead_of_work(request, rule)
            if broken is not None:
                return broken
        try:
            done = await work(request, form)
        except sqlite3.Error:
            done = refusal(20500)
        return _refused(done) if isinstance(done, Refusal) else done


def _refused(refused: Refusal) -> web.Response:
    answer = json_answer(refused.body(), refused.status)
    if refused.code == _DENIED:
        answer.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    return answer
