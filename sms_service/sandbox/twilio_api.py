"""Twilio's Messages API: create, fetch, list, update, delete."""

from dataclasses import replace
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from sms_service.sandbox import instants
from sms_service.sandbox.carrier import Carrier
from sms_service.sandbox.create_request import create_request
from sms_service.sandbox.errors import Refusal, refusal
from sms_service.sandbox.faults import Faults
from sms_service.sandbox.json_answers import json_answer
from sms_service.sandbox.listing import listing_from
from sms_service.sandbox.message import Message
from sms_service.sandbox.messages import Messages
from sms_service.sandbox.paging import page_of
from sms_service.sandbox.resource import API_VERSION, resource
from sms_service.sandbox.settings import Settings
from sms_service.sandbox.statuses import FINAL, SCHEDULED
from sms_service.sandbox.texting import Texting
from sms_service.sandbox.twilio_call import Form, TwilioCall

_ACCOUNT: Final = f"/{API_VERSION}/Accounts/{{account}}"
_CREATED = 201
_NO_CONTENT = 204


class TwilioApi:
    """The handlers behind the official client libraries."""

    def __init__(
        self, settings: Settings, texting: Texting, messages: Messages, carrier: Carrier, faults: Faults
    ) -> None:
        self._account_sid = settings.account_sid
        self._path = f"/{API_VERSION}/Accounts/{settings.account_sid}/Messages"
        self._texting = texting
        self._messages = messages
        self._carrier = carrier
        self._faults = faults

    def routes(self, call: TwilioCall) -> list[web.RouteDef]:
        """Return the routes."""
        one = f"{_ACCOUNT}/Messages/{{sid}}"
        return [
            web.post(f"{_ACCOUNT}/Messages.json", call.handler("create", self.create)),
            web.get(f"{_ACCOUNT}/Messages.json", call.handler("list", self.list)),
            web.get(f"{one}.json", call.handler("fetch", self.fetch)),
            web.post(f"{one}.json", call.handler("update", self.update)),
            web.delete(f"{one}.json", call.handler("delete", self.delete)),
            web.get(f"{one}/Media.json", call.handler("list", self.media)),
            # Last, for everything that is not there: Twilio answers in JSON there as well.
            web.route("*", f"{_ACCOUNT}{{rest:.*}}", call.handler("any", self.nothing)),
        ]

    async def create(self, request: web.Request, form: Form) -> web.Response | Refusal:
        """Accept a message."""
        del request
        wanted = create_request(form)
        if isinstance(wanted, Refusal):
            return wanted
        message = await self._texting.accept(wanted)
        return message if isinstance(message, Refusal) else self._shown(message, _CREATED)

    async def fetch(self, request: web.Request, form: Form) -> web.Response | Refusal:
        """Show one message."""
        del form
        message = self._messages.by_sid(request.match_info["sid"])
        return refusal(20404) if message is None else self._shown(message)

    async def list(self, request: web.Request, form: Form) -> web.Response | Refusal:
        """Show messages, newest first, page by page."""
        del form
        try:
            listing = listing_from(dict(parse_qsl(request.rel_url.raw_query_string)))
        except ValueError:
            return refusal(20001)
        found = self._messages.listed(listing, instants.now() - self._faults.list_lag)
        shown, newer, older = listing.cut(found)
        return json_answer(
            page_of(
                "messages",
                [resource(message, self._account_sid) for message in shown],
                f"{self._path}.json",
                page=listing.page,
                page_size=listing.page_size,
                queries=(listing.first, listing.this, newer, older),
            )
        )

    async def update(self, request: web.Request, form: Form) -> web.Response | Refusal:
        """Redact a finished message or cancel a scheduled one; Twilio knows no other change."""
        message = self._messages.by_sid(request.match_info["sid"])
        if message is None:
            return refusal(20404)
        if form.get("Status", "canceled") != "canceled" or form.get("Body"):
            return refusal(20001)
        if "Status" in form:
            if message.status != SCHEDULED:
                return refusal(30409)
            message = await self._carrier.cancel(message)
        if "Body" in form:
            if not _complete(message):
                return refusal(20009)
            message = replace(message, redacted=True)
            await self._messages.redact(message)
        return self._shown(message)

    async def delete(self, request: web.Request, form: Form) -> web.Response | Refusal:
        """Remove a finished message from the API."""
        del form
        message = self._messages.by_sid(request.match_info["sid"])
        if message is None:
            return refusal(20404)
        if not _complete(message):
            return refusal(20009)
        await self._messages.delete(message)
        return web.Response(status=_NO_CONTENT)

    async def media(self, request: web.Request, form: Form) -> web.Response | Refusal:
        """List a message's media: none, for it is a text."""
        del form
        message = self._messages.by_sid(request.match_info["sid"])
        if message is None:
            return refusal(20404)
        return json_answer(page_of("media_list", [], f"{self._path}/{message.sid}/Media.json"))

    async def nothing(self, request: web.Request, form: Form) -> web.Response | Refusal:
        """Say that there is no such resource, or that it takes no such method."""
        del form
        return refusal(20404 if request.method in {"GET", "POST"} else 20004)

    def _shown(self, message: Message, status: int = 200) -> web.Response:
        return json_answer(resource(message, self._account_sid), status)


def _complete(message: Message) -> bool:
    return message.status in FINAL or message.status == message.goal
