"""The provider's side under examination: the account, each sender, where replies go, what is registered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from sms_service.provider.errors import ProviderUnavailable
from sms_service.provider.inquiry import MessagingService, OwnNumber
from sms_service.store.tenants import Sender
from sms_service.use_cases.doctor import Finding, error, ok, warning

_DENIED = {401, 403, 404}
#: NANP toll-free area codes, https://www.nanpa.com (June 2025).
_TOLL_FREE = tuple(f"+1{code}" for code in (800, 833, 844, 855, 866, 877, 888))
_BY_HAND = "see Messaging, Regulatory Compliance in the provider's console"


class Asked(Protocol):
    """Whoever can be asked about the account. Every question may raise ProviderUnavailable."""

    async def account_status(self) -> str:
        """`active` or what keeps it from being so."""

    async def number(self, address: str) -> OwnNumber | None:
        """A number of the account."""

    async def service(self, sid: str) -> MessagingService | None:
        """A messaging service of the account."""

    async def campaign_status(self, service_sid: str) -> str | None:
        """The status of its campaign."""

    async def toll_free_status(self, number_sid: str) -> str | None:
        """The status of its verification."""


async def examine_provider(
    provider: Asked, senders: Sequence[Sender], inbound_url: str, *, is_real: bool
) -> AsyncIterator[Finding]:
    """The account, then each sender. Replies must come to `inbound_url`; a sandbox registers nothing."""
    try:
        status = await provider.account_status()
    except ProviderUnavailable as failure:
        yield _no_account(failure)
        return
    if status != "active":
        yield error("account", f"the provider's account is {status}", "settle that with the provider")
        return
    yield ok("account", "the provider takes the credentials, and the account is active")
    for sender in senders:
        try:
            async for finding in _sender(provider, sender, inbound_url, is_real=is_real):
                yield finding
        except ProviderUnavailable as failure:
            yield warning(
                f"sender {sender.name}", f"the provider did not answer: {failure}", "ask again in a moment"
            )


def _no_account(failure: ProviderUnavailable) -> Finding:
    if failure.http_status in _DENIED:
        return error(
            "account",
            f"the provider refuses the credentials (HTTP status {failure.http_status})",
            "correct SMS_TWILIO_ACCOUNT_SID and SMS_TWILIO_AUTH_TOKENS; the token for sending comes first",
        )
    return error(
        "account",
        f"the provider does not answer at the address in SMS_TWILIO_BASE_URL: {failure}",
        "is the address right, and may this machine reach it? what is due waits meanwhile",
    )


async def _sender(
    provider: Asked, sender: Sender, inbound_url: str, *, is_real: bool
) -> AsyncIterator[Finding]:
    check = f"sender {sender.name}"
    found: OwnNumber | MessagingService | None
    if sender.address.startswith("MG"):
        found = await provider.service(sender.address)
    else:
        found = await provider.number(sender.address)
    if found is None:
        yield error(
            check,
            "its address is none of the account's",
            "correct `address` in the clinic's file, or get the number or messaging service",
        )
        return
    if isinstance(found, OwnNumber) and not found.can_text:
        yield error(check, "its number cannot send texts", "choose a number with SMS")
        return
    yield _replies(check, found.inbound_url, inbound_url)
    if is_real:
        try:
            yield await _registration(provider, sender, found)
        except ProviderUnavailable as failure:
            check = f"registration of {sender.name}"
            yield warning(check, f"the provider did not answer: {failure}", f"look by hand: {_BY_HAND}")


def _replies(check: str, present: str | None, wanted: str) -> Finding:
    if present is None:
        return warning(
            check,
            "replies go where each number of the messaging service sends them, which is not looked up",
            f"set the webhook of every number of it to {wanted}, by POST",
        )
    if present != wanted:
        where = "nowhere" if not present else "elsewhere"
        return error(
            check,
            f"replies go {where}: a STOP would not be heard",
            f"set its webhook for incoming messages to {wanted}, by POST",
        )
    return ok(check, "the account has it, and replies come here")


async def _registration(provider: Asked, sender: Sender, found: OwnNumber | MessagingService) -> Finding:
    check = f"registration of {sender.name}"
    if isinstance(found, MessagingService):
        status = await provider.campaign_status(sender.address)
        if status == "VERIFIED":
            return ok(check, "its A2P 10DLC campaign is verified")
        return warning(
            check,
            f"its A2P 10DLC campaign is {status}" if status else "it has no A2P 10DLC campaign",
            f"to US numbers, carriers block what is not registered; {_BY_HAND}",
        )
    if sender.address.startswith(_TOLL_FREE):
        status = await provider.toll_free_status(found.sid)
        if status == "TWILIO_APPROVED":
            return ok(check, "its toll-free verification is approved")
        says = f"its toll-free verification is {status}" if status else "its toll-free number is not verified"
        return error(check, says, f"the provider refuses its texts (30032) until it is verified; {_BY_HAND}")
    return warning(
        check,
        "the provider does not tell which campaign a single number belongs to",
        f"for a US number look by hand: {_BY_HAND}",
    )
