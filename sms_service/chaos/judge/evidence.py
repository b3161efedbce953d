"""What was seen from outside: events posted, replies texted, texts on phones, the public API's answers."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

#: From the fence's commit to the provider: 5 s until the worker may no longer post, and its call's timeout.
FLIGHT_S = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text that reached a phone, as the provider keeps it. `at` is real time in seconds since the epoch."""

    sid: str
    phone: str
    sender: str
    body: str
    at: float
    status: str
    segments: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """An event as a clinic posted it. `start` is its wall time; `version` orders the events of a visit.

    `answered` is the instant of the answer that said it is stored, None if there never was one.
    """

    clinic: str
    visit: str
    phone: str
    kind: str
    version: datetime
    start: datetime | None
    first: float
    answered: float | None
    outcome: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A text from a phone. `taken` is when the service had surely taken it, None if it never did."""

    phone: str
    to: str
    body: str
    at: float
    taken: float | None

    @property
    def moment(self) -> float:
        """`at` as the provider writes it, in whole milliseconds: its own answer can come in the same one."""
        return math.floor(self.at * 1000) / 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A message as the public API tells of it."""

    step: str
    state: str
    reason: str | None
    explanation: str | None
    due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A visit as the clinic knows it, and what the public API answered about it."""

    clinic: str
    id: str
    phone: str
    plain: bool
    """Booked well ahead, took place, nothing else ever happened: every usual text is owed."""
    messages: Sequence[Listed] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A phone: where the patients live who share it, and the clinics it belongs to."""

    zones: frozenset[str]
    clinics: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """When patient time was set to what: parallel lists of real seconds and of instants, both ascending."""

    real: Sequence[float]
    patient: Sequence[datetime]

    def around(self, at: float, before: float = FLIGHT_S) -> Sequence[datetime]:
        """Every instant that patient time stood at within `before` seconds up to a real moment."""
        last = bisect.bisect_right(self.real, at)
        first = max(bisect.bisect_right(self.real, at - before) - 1, 0)
        return self.patient[first : max(last, first + 1)]

    def at(self, moment: float) -> datetime:
        """Where patient time stood at a real moment."""
        return self.patient[max(bisect.bisect_right(self.real, moment) - 1, 0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything the judge is given. Clinics go by their slug; `senders` maps a number to its clinics."""

    clock: Clock
    zones: dict[str, str]
    senders: dict[str, frozenset[str]]
    owners: dict[str, Owner]
    texts: Sequence[Text]
    posted: Sequence[Posted]
    replies: Sequence[Reply]
    visits: Sequence[Visit]
    restores: Sequence[tuple[float, float]] = ()
    """Real moments of a snapshot and of the end of its restoring: what was said in between is heard again."""
    floods: Sequence[tuple[datetime, datetime]] = ()
    """Spans of patient time in which everything stood still on purpose."""
    forged: Sequence[int] = ()
    """The HTTP status of each forged webhook."""
    segments_per_second: float = 400.0
    open_hours: tuple[int, int] = (9, 20)
    final: bool = True
    """Whether everything came to rest before this was collected."""

    def wall(self, instant: datetime, zone: str) -> datetime:
        """Local wall time of an instant, without its zone."""
        return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One broken promise, in words; phones are named by their last four digits only."""

    rule: str
    what: str
