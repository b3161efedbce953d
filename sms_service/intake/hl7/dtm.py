"""HL7's date/time (DTM, earlier TS) to ISO 8601, keeping what was left unsaid unsaid."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

#: YYYYMMDD[HH[MM[SS[.S…]]]][±ZZZZ], and the same with ISO 8601's punctuation. `99991231` and years long ago
#: are what forms hold when nobody filled them in.
_DTM = re.compile(
    r"(\d{4})(-?)(\d\d)\2(\d\d)"
    r"(?:[T ]?(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?)?"
    r"\s?(Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_YEARS = range(1900, 2200)
#: The longest that means anything, with a fraction of a second and an offset.
_LONGEST = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class DateTime:
    """A date, its time of day where that was said, its offset where that was said."""

    day: date
    at: time | None = None
    offset: timezone | None = None
    minutes: bool = False

    @property
    def timed(self) -> bool:
        """Whether it says a time of day. Midnight is how many systems write that they do not."""
        return self.at is not None and self.at != time(0)

    @property
    def iso(self) -> str:
        """ISO 8601, as precise as it was sent."""
        return self.day.isoformat() if self.at is None else self._combined().isoformat()

    def instant(self, zone: str | None) -> datetime:
        """In UTC; `zone` (IANA) serves where no offset was sent, and UTC where there is no zone either."""
        combined = self._combined()
        if combined.tzinfo is None:
            combined = combined.replace(tzinfo=ZoneInfo(zone) if zone else UTC)
        return combined.astimezone(UTC)

    def _combined(self) -> datetime:
        return datetime.combine(self.day, self.at or time(0), self.offset)


def read_dtm(written: str) -> DateTime | None:
    """What a date/time says; None when it is none."""
    found = _DTM.fullmatch(written) if len(written) <= _LONGEST else None
    if found is None or int(found[1]) not in _YEARS:
        return None
    hour, minute, second = found[5], found[6] or 0, found[7] or 0
    fraction = int(
        (found[8] or "").ljust(6, "0")[:6]
    )  # microseconds: two messages of one second have an order
    try:
        return DateTime(
            day=date(int(found[1]), int(found[3]), int(found[4])),
            at=time(int(hour), int(minute), int(second), fraction) if hour else None,
            offset=_offset(found[9]),
            minutes=found[6] is not None,
        )
    except ValueError:
        return None


def _offset(written: str | None) -> timezone | None:
    if not written:
        return None
    if written == "Z":
        return UTC
    size = timedelta(hours=int(written[1:3]), minutes=int(written[-2:]))
    return timezone(-size if written[0] == "-" else size)
