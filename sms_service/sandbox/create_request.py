"""Read and check a request to create a message, as Twilio would."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from sms_service.sandbox.errors import Refusal, refusal

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SENDER = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
_SECONDS = re.compile(r"[0-9]{1,5}")
_LONGEST_BODY = 1600
_LONGEST_URL = 4000
_LONGEST_VALIDITY: Final = 36_000

# Twilio's test numbers.
_MAGIC_TO: Final = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
_MAGIC_FROM: Final = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRequest:
    """A request that may become a message; exactly one of `sender` and `service_sid` is set.

    `send_at` is in seconds since the epoch, `validity_s` in seconds.
    """

    to: str
    sender: str | None
    service_sid: str | None
    body: str
    callback_url: str | None
    send_at: float | None
    validity_s: int
    discard_body: bool
    obfuscate: bool


def create_request(form: Mapping[str, str]) -> CreateRequest | Refusal:
    """Return the request, or the refusal that Twilio would answer."""
    to, body = form.get("To", ""), form.get("Body", "")
    service = form.get("MessagingServiceSid") or None
    sender = None if service else form.get("From") or None
    callback = form.get("StatusCallback") or None
    code = (
        _fault_of_to(to)
        or _fault_of_sender(sender, service, to)
        or _fault_of_body(body)
        or _fault_of_callback(callback)
        or _fault_of_options(form)
    )
    if code:
        return refusal(code)
    send_at = None
    if form.get("ScheduleType") == "fixed" or form.get("SendAt"):
        if service is None:
            return refusal(35118)
        try:
            moment = datetime.fromisoformat(form.get("SendAt", ""))
        except ValueError:
            return refusal(20001)
        send_at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return CreateRequest(
        to=to,
        sender=sender,
        service_sid=service,
        body=body,
        callback_url=callback,
        send_at=send_at,
        validity_s=int(form.get("ValidityPeriod") or _LONGEST_VALIDITY),
        discard_body=form.get("ContentRetention") == "discard",
        obfuscate=form.get("AddressRetention") == "obfuscate",
    )


def is_number(text: str) -> bool:
    """Tell whether a text is an E.164 number."""
    return _E164.fullmatch(text) is not None


def _fault_of_to(to: str) -> int | None:
    if not to:
        return 21604
    return _MAGIC_TO.get(to) if is_number(to) else 21211


def _fault_of_sender(sender: str | None, service: str | None, to: str) -> int | None:
    if service is not None:
        return None if _SERVICE.fullmatch(service) else 21701
    if sender is None:
        return 21603
    if not _SENDER.fullmatch(sender):
        return 21212
    return 21266 if sender == to else _MAGIC_FROM.get(sender)


def _fault_of_body(body: str) -> int | None:
    if not body.strip():
        return 21602
    return 21617 if len(body) > _LONGEST_BODY else None


def _fault_of_callback(url: str | None) -> int | None:
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return 21609
    fits = parts.scheme in {"http", "https"} and host and "_" not in host and len(url) <= _LONGEST_URL
    return None if fits else 21609


def _fault_of_options(form: Mapping[str, str]) -> int | None:
    validity = form.get("ValidityPeriod")
    if validity and not (_SECONDS.fullmatch(validity) and 1 <= int(validity) <= _LONGEST_VALIDITY):
        return 21624
    if form.get("ContentRetention") not in {None, "", "retain", "discard"}:
        return 30029
    return 30030 if form.get("AddressRetention") not in {None, "", "retain", "obfuscate"} else None
