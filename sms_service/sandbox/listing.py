"""A list request: filters and page, read from a query string and written back into those of other pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from sms_service.sandbox.message import Message
from sms_service.sandbox.schema import FROM_NUMBER, LARGEST_ID, TO_NUMBER

_LARGEST_PAGE = 1000
_USUAL_PAGE = 50
_OLDER, _NEWER = "PA", "PB"
_DATE_LENGTH = len("2026-11-20")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Filters To, From and DateSent (seconds since the epoch, both ends included) and a place in the list.

    The place is an id already shown, as a page number would shift with every new message: the page
    holds what is older than `before_id`, or, on the way back, what is newer than `after_id`.
    """

    to: str | None
    sender: str | None
    sent_from: float | None
    sent_until: float | None
    before_id: int | None
    after_id: int | None
    page: int
    page_size: int
    filters: tuple[tuple[str, str], ...]

    def conditions(self) -> tuple[str, list[object]]:
        """Return further SQL conditions and their values."""
        parts: list[tuple[str, object]] = []
        if self.to is not None:
            # A number that Twilio has made unreadable is not found by it either.
            parts.append((f"AND NOT (obfuscate AND sent_at IS NOT NULL) AND {TO_NUMBER} = ?", self.to))
        if self.sender is not None:
            parts.append((f"AND {FROM_NUMBER} = ?", self.sender))
        if self.sent_from is not None:
            parts.append(("AND sent_at >= ?", self.sent_from))
        if self.sent_until is not None:
            parts.append(("AND sent_at <= ?", self.sent_until))
        if self.before_id is not None:
            parts.append(("AND id < ?", self.before_id))
        if self.after_id is not None:
            parts.append(("AND id > ?", self.after_id))
        return " ".join(sql for sql, _ in parts), [value for _, value in parts]

    def cut(self, found: Sequence[Message]) -> tuple[list[Message], str | None, str | None]:
        """Return the page, newest first, and the query strings of the newer and the older page or None.

        `found` holds one message more than the page if the list goes on in the direction asked for.
        """
        shown = list(found[: self.page_size])
        goes_on = len(found) > len(shown)
        if self.after_id is not None:
            shown.reverse()
        backwards = self.after_id is not None
        newer = older = None
        if shown and (goes_on if backwards else self.page > 0):
            newer = self._query(self.page - 1, f"{_NEWER}{shown[0].id}")
        if shown and (backwards or goes_on):
            older = self._query(self.page + 1, f"{_OLDER}{shown[-1].id}")
        return shown, newer, older

    @property
    def first(self) -> str:
        """The query string of the first page."""
        return self._query(0, None)

    @property
    def this(self) -> str:
        """The query string of this page."""
        if self.after_id is not None:
            return self._query(self.page, f"{_NEWER}{self.after_id}")
        return self._query(self.page, None if self.before_id is None else f"{_OLDER}{self.before_id}")

    def _query(self, page: int, token: str | None) -> str:
        place = [("PageSize", str(self.page_size)), ("Page", str(max(page, 0)))]
        return urlencode([*self.filters, *place, *([("PageToken", token)] if token else [])])


def listing_from(query: Mapping[str, str]) -> Listing:
    """Read a list request; raise ValueError for a date, a number or a token that cannot be read."""
    names = ("To", "From", "DateSent", "DateSent<", "DateSent>")
    day = query.get("DateSent", "")[:_DATE_LENGTH]
    since, until = query.get("DateSent>"), query.get("DateSent<")
    sent_from = _instant(since) if since else _instant(day) if day else None
    sent_until = _instant(until, end=True) if until else _instant(day, end=True) if day else None
    token = query.get("PageToken", "")
    place = int(token[len(_OLDER) :]) if token else None
    if place is not None and not (token.startswith((_OLDER, _NEWER)) and 0 <= place <= LARGEST_ID):
        raise ValueError("PageToken")
    return Listing(
        to=query.get("To") or None,
        sender=query.get("From") or None,
        sent_from=sent_from,
        sent_until=sent_until,
        before_id=place if token.startswith(_OLDER) else None,
        after_id=place if token.startswith(_NEWER) else None,
        page=int(query.get("Page") or 0),
        page_size=min(max(int(query.get("PageSize") or _USUAL_PAGE), 1), _LARGEST_PAGE),
        filters=tuple((name, query[name]) for name in names if query.get(name)),
    )


def _instant(text: str, *, end: bool = False) -> float:
    moment = datetime.fromisoformat(text)
    # A bare date is the whole day in GMT.
    if end and len(text) == _DATE_LENGTH:
        moment += timedelta(days=1) - timedelta(microseconds=1)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
