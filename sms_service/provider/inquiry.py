"""Questions about the account and its senders, for `doctor`: nothing here sends or changes anything."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from twilio.rest import Client
from yarl import URL

from sms_service.provider.account import PROVIDER_URL, Account
from sms_service.provider.errors import ProviderUnavailable
from sms_service.provider.traces import unavailable
from sms_service.provider.transport import Transport

#: Messaging services and registrations have a host of their own.
MESSAGING_URL = "https://messaging.twilio.com"
_NOT_FOUND = 404
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnNumber:
    """A number of the account: whether it can text, and where it posts what comes in."""

    sid: str
    can_text: bool
    inbound_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagingService:
    """A messaging service: where it posts what comes in, None where each number does so itself."""

    inbound_url: str | None


class Inquiry:
    """One account at Twilio, asked through its SDK. Close it before its loop ends.

    `messaging_url` is where messaging services are asked for; a sandbox has none. Every question raises
    ProviderUnavailable when it gets no usable answer; its `http_status` says 401 for wrong credentials.
    """

    def __init__(self, account: Account, *, messaging_url: str | None = None) -> None:
        own = MESSAGING_URL if account.base_url == PROVIDER_URL else account.base_url
        self._sid = account.sid
        self._transport = _BothHosts(account, messaging_url or own)
        self._client = Client(
            account.sid, account.auth_token, http_client=self._transport, environment={"TWILIO_REGION": ""}
        )

    async def account_status(self) -> str:
        """`active`, `suspended` or `closed`."""
        account = await _answered(self._client.api.v2010.accounts(self._sid).fetch_async())
        return str(account.status)

    async def number(self, address: str) -> OwnNumber | None:
        """The account's number; None when it has no such."""
        found = await _answered(self._client.incoming_phone_numbers.list_async(phone_number=address, limit=1))
        if not found:
            return None
        able = found[0].capabilities
        return OwnNumber(
            sid=str(found[0].sid),
            can_text=bool(able.get("sms", able.get("SMS"))) if isinstance(able, dict) else False,
            inbound_url=found[0].sms_url or "",
        )

    async def service(self, sid: str) -> MessagingService | None:
        """A messaging service; None when the account has no such."""
        try:
            found = await _answered(self._client.messaging.v1.services(sid).fetch_async())
        except ProviderUnavailable as failure:
            if failure.http_status == _NOT_FOUND:
                return None
            raise
        own = None if found.use_inbound_webhook_on_number else found.inbound_request_url or ""
        return MessagingService(inbound_url=own)

    async def campaign_status(self, service_sid: str) -> str | None:
        """The A2P 10DLC campaign of a messaging service, e.g. `VERIFIED`; None when it has none."""
        campaigns = self._client.messaging.v1.services(service_sid).us_app_to_person
        found = await _answered(campaigns.list_async(limit=1))
        return str(found[0].campaign_status) if found else None

    async def toll_free_status(self, number_sid: str) -> str | None:
        """The verification of a toll-free number, e.g. `TWILIO_APPROVED`; None when none was asked for."""
        verifications = self._client.messaging.v1.tollfree_verifications
        found = await _answered(verifications.list_async(tollfree_phone_number_sid=number_sid, limit=1))
        return str(found[0].status) if found else None

    async def close(self) -> None:
        """Close the connections of the running event loop."""
        await self._transport.close()


class _BothHosts(Transport):
    def __init__(self, account: Account, messaging_url: str) -> None:
        super().__init__(base_url=account.base_url, timeout_s=account.timeout_s, concurrency=1)
        self._messaging_url = messaging_url.rstrip("/")

    def _address(self, uri: str) -> URL:
        if uri.startswith(f"{MESSAGING_URL}/"):
            return URL(self._messaging_url + uri.removeprefix(MESSAGING_URL))
        return super()._address(uri)


async def _answered(question: Awaitable[_T]) -> _T:
    try:
        return await question
    except Exception as error:  # noqa: BLE001  a question may fail in any shape; all mean the same
        failure = unavailable(error)
    raise failure
