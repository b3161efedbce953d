"""Twilio's Messages API: create, fetch, list, update, delete."""

from dataclasses import replace
from urllib.parse import parse_qsl

from aiohttp import web

from sms_service.sandbox import instants
from sms_service.sandbox.carrier import Carrier
from sms_service.sandbox.create_request import create_request
from sms_service.sandbox.errors import Refusal, refusal
from sms_service.sandbox.faults import Faults
from sms_service.sandbox.json_answers import json_answer
from sms_service.sandbox.listing import listing_from
from sms_service.sandbox.messages import Messages
from sms_service.sandbox.resource import API_VERSION, resource
from sms_service.sandbox.settings import Settings
from sms_service.sandbox.statuses import FINAL, SCHEDULED
from sms_service.sandbox.texting import Texting
from sms_service.sandbox.twilio_call import Form, TwilioCall

_ACCOUNT = f"/{API_VERSION}/Accounts/{{account}}"
_CREATED = 201
_NO_CONTENT = 204


class TwilioApi:
    """The handlers behind the official client libraries."""

    def __init__(
        self, settings: Settings, texting: Texting, messages: Messages, carrier: Carrier, faults: Faults
    ) -> None:
        self._settings = settings
        self._texting = texting
        self._messages = messages
        self._carrier = carrier
        self._faults = faults

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        call = TwilioCall(self._settings, self._faults).handler
        one = f"{_ACCOUNT}/Messages/{{sid}}.json"
        return [
            web.post(f"{_ACCOUNT}/Messages.json", call("create", self.create)),
            web.get(f"{_ACCOUNT}/Messages.json", call("list", self.list)),
            web.get(one, call("fetch", self.fetch)),
            web.post(one, call("update", self.update)),
            web.delete(one, call("delete", self.delete)),
            web.get(f"{_ACCOUNT}.json", call("fetch", self.account)),
            web.get(f"{_ACCOUNT}/IncomingPhoneNumbers.json", call("list", self.numbers)),
        ]

    async def create(self, request: web.Request, form: Form) -> web.Response | Refusal:
        """Accept a message."""
        del request
        wanted = create_request(form)
        if isinstance(wanted, Refusal):
            return wanted
        message = await self._texting.accept(wanted)
        if isinstance(message, Refusal):
            return message
        return json_answer(resource(message, self._settings.account_sid), _CREATED)

    async def fetch(self, request: web.Request, form: Form) -> web.Response | Refusal:
        """Show one message."""
        del form
        message = self._messages.by_sid(request.match_info["sid"])
        return (
            refusal(20404) if message is None else json_answer(resource(message, self._settings.account_sid))
        )

    async def list(self, request: web.Request, form: Form) -> web.Response | Refusal:
        """Show messages, newest first, page by page."""
        del form
        try:
            listing = listing_from(dict(parse_qsl(request.rel_url.raw_query_string)))
        except ValueError:
            return refusal(20001)
        found = self._messages.listed(listing, instants.now() - self._faults.list_lag)
        shown = found[: listing.page_size]
        path = f"/{API_VERSION}/Accounts/{self._settings.account_sid}/Messages.json"
        more = f"{path}?{listing.query(listing.page + 1, shown[-1].id)}" if len(found) > len(shown) else None
        start = listing.page * listing.page_size
        return json_answer(
            {
                "end": start + max(len(shown) - 1, 0),
                "first_page_uri": f"{path}?{listing.query(0, None)}",
                "messages": [resource(message, self._settings.account_sid) for message in shown],
                "next_page_uri": more,
                "page": listing.page,
                "page_size": listing.page_size,
                "previous_page_uri": None,
                "start": start,
                "uri": f"{path}?{listing.query(listing.page, listing.before_id)}",
            }
        )

    async def update(self, request: web.Request, form: Form) -> web.Response | Refusal:
        """Redact a finished message or cancel a scheduled one; Twilio knows no other change."""
        message = self._messages.by_sid(request.match_info["sid"])
        if message is None:
            return refusal(20404)
        if form.get("Status") == "canceled":
            if message.status != SCHEDULED:
                return refusal(30409)
            self._carrier.cancel(message)
            message = replace(message, status="canceled", updated_at=instants.now())
            await self._messages.move(message)
        if "Body" in form:
            if form["Body"]:
                return refusal(20001)
            if not _complete(message.status, message.goal):
                return refusal(20009)
            message = replace(message, redacted=True)
            await self._messages.redact(message)
        return json_answer(resource(message, self._settings.account_sid))

    async def delete(self, request: web.Request, form: Form) -> web.Response | Refusal:
        """Remove a finished message from the API."""
        del form
        message = self._messages.by_sid(request.match_info["sid"])
        if message is None:
            return refusal(20404)
        if not _complete(message.status, message.goal):
            return refusal(20009)
        await self._messages.delete(message)
        return web.Response(status=_NO_CONTENT)

    async def account(self, request: web.Request, form: Form) -> web.Response | Refusal:
        """Show the account, as start-up checks ask for it."""
        del request, form
        sid = self._settings.account_sid
        return json_answer(
            {
                "sid": sid,
                "friendly_name": "Sandbox",
                "status": "active",
                "type": "Full",
                "owner_account_sid": sid,
                "auth_token": None,
                "date_created": instants.rfc2822(0),
                "date_updated": instants.rfc2822(0),
                "subresource_uris": {"messages": f"/{API_VERSION}/Accounts/{sid}/Messages.json"},
                "uri": f"/{API_VERSION}/Accounts/{sid}.json",
            }
        )

    async def numbers(self, request: web.Request, form: Form) -> web.Response | Refusal:
        """Show the account's one number."""
        del form
        sid, number = self._settings.account_sid, self._settings.sender
        wanted = request.rel_url.query.get("PhoneNumber")
        owned = {
            "sid": "PN" + "0" * 32,
            "account_sid": sid,
            "friendly_name": number,
            "phone_number": number,
            "capabilities": {"sms": True, "mms": False, "voice": False, "fax": False},
            "sms_url": self._texting.inbound_url,
            "sms_method": "POST",
            "status": "in-use",
        }
        path = f"/{API_VERSION}/Accounts/{sid}/IncomingPhoneNumbers.json"
        return json_answer(
            {
                "incoming_phone_numbers": [owned] if wanted in {None, number} else [],
                "next_page_uri": None,
                "previous_page_uri": None,
                "first_page_uri": path,
                "page": 0,
                "page_size": 50,
                "start": 0,
                "end": 0,
                "uri": path,
            }
        )


def _complete(status: str, goal: str) -> bool:
    return status in FINAL or status == goal
