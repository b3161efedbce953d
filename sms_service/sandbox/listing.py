"""A list request: filters and page, read from the query string and written back into the next page's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

_LARGEST_PAGE = 1000
_USUAL_PAGE = 50
_PLACE_PREFIX = "PA"
_DATE_LENGTH = len("2026-11-20")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Filters To, From and DateSent (seconds since the epoch, both ends included) and a place in the list.

    The place is the last id already shown: a page number would shift with every new message.
    """

    to: str | None
    sender: str | None
    sent_from: float | None
    sent_until: float | None
    before_id: int | None
    page: int
    page_size: int
    filters: tuple[tuple[str, str], ...]

    def conditions(self) -> tuple[str, list[object]]:
        """Return further SQL conditions and their values."""
        parts: list[tuple[str, tuple[object, ...]]] = []
        if self.to is not None:
            either = "AND ((phone = ? AND direction != 'inbound') OR (sender = ? AND direction = 'inbound'))"
            parts.append((either, (self.to, self.to)))
        if self.sender is not None:
            either = "AND ((sender = ? AND direction != 'inbound') OR (phone = ? AND direction = 'inbound'))"
            parts.append((either, (self.sender, self.sender)))
        if self.sent_from is not None:
            parts.append(("AND sent_at >= ?", (self.sent_from,)))
        if self.sent_until is not None:
            parts.append(("AND sent_at <= ?", (self.sent_until,)))
        if self.before_id is not None:
            parts.append(("AND id < ?", (self.before_id,)))
        return " ".join(sql for sql, _ in parts), [value for _, values in parts for value in values]

    def query(self, page: int, before_id: int | None) -> str:
        """Return the query string of another page with the same filters."""
        place = [("PageSize", str(self.page_size)), ("Page", str(page))]
        if before_id is not None:
            place.append(("PageToken", f"{_PLACE_PREFIX}{before_id}"))
        return urlencode([*self.filters, *place])


def listing_from(query: Mapping[str, str]) -> Listing:
    """Read a list request; raise ValueError for a date or a token that cannot be read."""
    names = ("To", "From", "DateSent", "DateSent<", "DateSent>")
    day = query.get("DateSent", "")[:_DATE_LENGTH]
    since, until = query.get("DateSent>"), query.get("DateSent<")
    sent_from = _instant(since) if since else _instant(day) if day else None
    sent_until = _instant(until, end=True) if until else _instant(day, end=True) if day else None
    token = query.get("PageToken")
    return Listing(
        to=query.get("To") or None,
        sender=query.get("From") or None,
        sent_from=sent_from,
        sent_until=sent_until,
        before_id=int(token.removeprefix(_PLACE_PREFIX)) if token else None,
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
