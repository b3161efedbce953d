"""Wall-clock time and the instants derived from it.

What a clinic says is a wall time and an IANA zone; the UTC instant is derived, and derived again when a
zone's rules change. Offsets in minutes are elapsed time, offsets in days are wall-clock days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class WallKind(StrEnum):
    """What a zone's rules make of a wall time (PEP 495)."""

    PLAIN = "plain"
    AMBIGUOUS = "ambiguous"  # happens twice: the first one counts, with a warning
    NONEXISTENT = "nonexistent"  # a gap: a clinic cannot mean it, so intake quarantines it


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Wall:
    """A local date and time with the zone whose rules give it an instant.

    `local` is naive by definition: it is the wall clock's reading.
    """

    local: datetime
    zone: str

    def __post_init__(self) -> None:
        if self.local.tzinfo is not None:
            raise ValueError("a wall time is a reading of a clock on the wall; pass its zone separately")

    @property
    def instant(self) -> datetime:
        """The UTC instant; inside a gap the time shifts forward by the gap, of two the first is taken."""
        return self.local.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    @property
    def kind(self) -> WallKind:
        """Whether the zone's rules give this reading no instant, one, or two."""
        aware = self.local.replace(tzinfo=ZoneInfo(self.zone), fold=0)
        if aware.utcoffset() == aware.replace(fold=1).utcoffset():
            return WallKind.PLAIN
        exists = wall(aware.astimezone(UTC), self.zone).local == self.local
        return WallKind.AMBIGUOUS if exists else WallKind.NONEXISTENT

    def days_later(self, days: int, at: time) -> Wall:
        """The wall time `at` on the local date `days` later (earlier when negative)."""
        return Wall(local=datetime.combine(self.local.date() + timedelta(days=days), at), zone=self.zone)


def wall(instant: datetime, zone: str) -> Wall:
    """What the clock on the wall of `zone` shows at an aware instant."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs its offset; a naive datetime does not exist past intake")
    return Wall(local=instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None), zone=zone)
