"""What else a client looks up at Twilio: the account, its API keys, its one number."""

from typing import Final

from aiohttp import web

from sms_service.sandbox.errors import Refusal, refusal
from sms_service.sandbox.instants import now, rfc2822
from sms_service.sandbox.json_answers import json_answer
from sms_service.sandbox.paging import page_of
from sms_service.sandbox.resource import API_VERSION
from sms_service.sandbox.settings import Dials, Settings
from sms_service.sandbox.twilio_call import Form, TwilioCall

_ACCOUNT: Final = f"/{API_VERSION}/Accounts/{{account}}"
_NUMBER_SID: Final = "PN" + "0" * 32


class AccountApi:
    """The handlers for what the sandbox was started with; none of it can be changed by a call."""

    def __init__(self, settings: Settings, dials: Dials) -> None:
        self._settings = settings
        self._dials = dials
        self._path = f"/{API_VERSION}/Accounts/{settings.account_sid}"
        self._since = rfc2822(now())

    def routes(self, call: TwilioCall) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get(f"{_ACCOUNT}.json", call.handler("fetch", self.account, main_only=True)),
            web.get(f"{_ACCOUNT}/Keys.json", call.handler("list", self.keys, main_only=True)),
            web.get(f"{_ACCOUNT}/Keys/{{sid}}.json", call.handler("fetch", self.key, main_only=True)),
            web.get(f"{_ACCOUNT}/IncomingPhoneNumbers.json", call.handler("list", self.numbers)),
        ]

    async def account(self, request: web.Request, form: Form) -> web.Response | Refusal:
        """Show the account, as start-up checks ask for it."""
        del request, form
        sid = self._settings.account_sid
        names = {"incoming_phone_numbers": "IncomingPhoneNumbers", "keys": "Keys", "messages": "Messages"}
        return json_answer(
            {
                # The caller knows it; Twilio shows it, but nobody is helped by one more copy.
                "auth_token": None,
                "date_created": self._since,
                "date_updated": self._since,
                "friendly_name": "Sandbox",
                "owner_account_sid": sid,
                "sid": sid,
                "status": "active",
                "subresource_uris": {name: f"{self._path}/{part}.json" for name, part in names.items()},
                "type": "Full",
                "uri": f"{self._path}.json",
            }
        )

    async def keys(self, request: web.Request, form: Form) -> web.Response | Refusal:
        """List the API keys, without their secrets."""
        del request, form
        keys = [self._key(sid) for sid in self._settings.api_keys]
        return json_answer(page_of("keys", keys, f"{self._path}/Keys.json"))

    async def key(self, request: web.Request, form: Form) -> web.Response | Refusal:
        """Show one API key, without its secret."""
        del form
        sid = request.match_info["sid"]
        return json_answer(self._key(sid)) if sid in self._settings.api_keys else refusal(20404)

    async def numbers(self, request: web.Request, form: Form) -> web.Response | Refusal:
        """Show the account's one number."""
        del form
        wanted = request.rel_url.query.get("PhoneNumber")
        owned = [self._number()] if wanted in {None, self._settings.sender} else []
        return json_answer(
            page_of("incoming_phone_numbers", owned, f"{self._path}/IncomingPhoneNumbers.json")
        )

    def _key(self, sid: str) -> dict[str, object]:
        return {
            "sid": sid,
            "friendly_name": "Sandbox",
            "date_created": self._since,
            "date_updated": self._since,
        }

    def _number(self) -> dict[str, object]:
        return {
            "account_sid": self._settings.account_sid,
            "address_requirements": "none",
            "address_sid": None,
            "api_version": API_VERSION,
            "beta": False,
            "bundle_sid": None,
            "capabilities": {"fax": False, "mms": False, "sms": True, "voice": False},
            "date_created": self._since,
            "date_updated": self._since,
            "emergency_address_sid": None,
            "emergency_address_status": "unregistered",
            "emergency_status": "Inactive",
            "friendly_name": self._settings.sender,
            "identity_sid": None,
            "origin": "twilio",
            "phone_number": self._settings.sender,
            "sid": _NUMBER_SID,
            "sms_application_sid": None,
            "sms_fallback_method": "POST",
            "sms_fallback_url": None,
            "sms_method": "POST",
            "sms_url": self._dials.inbound_url,
            "status": "in-use",
            "status_callback": None,
            "status_callback_method": "POST",
            "trunk_sid": None,
            "uri": f"{self._path}/IncomingPhoneNumbers/{_NUMBER_SID}.json",
            "voice_application_sid": None,
            "voice_caller_id_lookup": False,
            "voice_fallback_method": "POST",
            "voice_fallback_url": None,
            "voice_method": "POST",
            "voice_receive_mode": "voice",
            "voice_url": None,
        }
