"""What the provider remembers: of one number, of everybody page by page, of one text; to reconcile."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException

from sms_service.domain.request import Listed, Trace
from sms_service.provider.errors import ProviderUnavailable

if TYPE_CHECKING:
    from twilio.rest.api.v2010.account.message import MessageInstance, MessageList

PAGE_SIZE = 100
MAX_PAGES = 50  # a list that does not end is a fault, not a history
LEDGER_PAGE_SIZE = 500
_NOT_FOUND = 404


def unavailable(error: Exception) -> ProviderUnavailable:
    """Keep of `error` what may be logged. Raise it outside the handler: a chain would show the rest."""
    status, code = None, None
    if isinstance(error, TwilioRestException | TwilioServiceException):
        status, code = error.status, error.code
    elif isinstance(error, TwilioException) and len(error.args) > 1:  # lists: (words, response)
        status = getattr(error.args[1], "status_code", None)
    return ProviderUnavailable(type(error).__name__, http_status=status, code=code)


async def list_traces(messages: MessageList, to: str, since: datetime) -> list[Trace]:
    """Messages to `to` created at or after `since`, newest first.

    Only `To` filters: a message that is not sent yet has no DateSent and a DateSent filter would
    hide it. Pages are read until one holds nothing recent, since equal or missing send dates may
    leave the list slightly unsorted. Raises whatever the SDK raises, ValueError for a malformed row.
    """
    earliest = since.astimezone(UTC)
    found: list[Trace] = []
    page: Any = await messages.page_async(to=to, page_size=PAGE_SIZE)
    for _ in range(MAX_PAGES):
        recent = [trace for trace in map(_trace, page) if trace.created_at >= earliest]
        found += recent
        page = await page.next_page_async() if recent else None
        if page is None:
            return sorted(found, key=lambda trace: trace.created_at, reverse=True)
    raise ValueError("a list without an end")


async def list_page(messages: MessageList, place: str | None) -> Listed:
    """One page of the account's whole list, newest first; `place` is what the page before it named.

    Nothing filters: a message that is not sent yet has no DateSent and a DateSent filter would hide it.
    Raises whatever the SDK raises, ValueError for a malformed row.
    """
    if place is None:
        page: Any = await messages.page_async(page_size=LEDGER_PAGE_SIZE)
    else:
        page = await messages.get_page_async(place)
    return Listed(traces=tuple(map(_trace, page)), next_place=page.next_page_url)


async def fetch_trace(messages: MessageList, sid: str) -> Trace | None:
    """One message; None when the provider says that there is none. Raises whatever else the SDK raises."""
    try:
        row = await messages.get(sid).fetch_async()
    except (TwilioRestException, TwilioServiceException) as error:
        if error.status == _NOT_FOUND:
            return None
        raise
    return _trace(row)


def _trace(row: MessageInstance) -> Trace:
    """Read one row. A row that cannot be placed in time must not be overlooked: ValueError."""
    if not row.sid or not row.status or row.date_created is None:
        raise ValueError("a message without sid, status or date")
    return Trace(
        sid=row.sid,
        # A service picks the number itself: what we asked for was the service. A reply is from its writer.
        sender=row.from_ if row.direction == "inbound" else row.messaging_service_sid or row.from_,
        body=row.body or "",
        status=row.status,
        created_at=row.date_created,
        code=row.error_code if isinstance(row.error_code, int) else None,
        segments=_segments(row.num_segments),
        price=_price(row.price),
        price_unit=row.price_unit.upper()
        if isinstance(row.price_unit, str) and row.price is not None
        else None,
        direction=row.direction or "outbound-api",
        to=row.to,
        service=row.messaging_service_sid,
    )


def _segments(written: str | None) -> int | None:
    """A service counts no segments before it has picked a sender: "0" is not known yet."""
    return (int(written) or None) if written is not None and str(written).isdecimal() else None


def _price(written: str | None) -> Decimal | None:
    try:
        price = Decimal(str(written)) if written is not None else None
    except InvalidOperation:
        return None
    return price if price is not None and price.is_finite() else None
