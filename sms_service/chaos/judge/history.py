"""What a visit was at a given moment, told from the events that its clinic posted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sms_service.chaos.judge.evidence import FLIGHT_S, Posted

#: Kinds that say the visit stands (again), and with which start.
_STANDS = frozenset({"booked", "rescheduled", "updated"})


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The events of one visit that were answered with success, in the order of their versions."""

    events: Sequence[Posted]

    def starts(self, at: float) -> set[datetime]:
        """The wall times that a text posted at a real moment may name.

        A start counts from the first moment its event could have been stored until `FLIGHT_S` after a newer
        one was surely stored.
        """
        known = [event for event in self.events if event.start is not None and event.first <= at]
        found = set()
        for event in known:
            newer = [
                other
                for other in known
                if other.version > event.version
                and other.start != event.start
                and other.answered is not None
                and other.answered + FLIGHT_S < at
            ]
            if not newer and event.start is not None:
                found.add(event.start)
        return found

    def every_start(self) -> set[datetime]:
        """Every start the visit ever had."""
        return {event.start for event in self.events if event.start is not None}

    def happened(self, kind: str, before: float) -> list[Posted]:
        """The events of a kind that could have been stored before a real moment.

        Whatever says after the first time that the visit stands is `moved`: another start, or on again.
        """
        if kind == "moved":
            return self.standing(before)[1:]
        return [event for event in self.events if event.kind == kind and event.first <= before]

    def standing(self, before: float) -> list[Posted]:
        """The events that could have been stored before a real moment and say that the visit stands."""
        return [event for event in self.events if event.kind in _STANDS and event.first <= before]

    def changes(self, before: float) -> int:
        """How many starts the visit had one after the other, by what could have been stored until then."""
        starts = [event.start for event in self.standing(before)]
        return sum(start != earlier for earlier, start in zip([None, *starts], starts, strict=False))

    def stands(self, at: float) -> bool:
        """Whether a text about the coming visit may still reach the phone at a real moment."""
        cancelled = [
            event
            for event in self.events
            if event.kind in {"cancelled", "no_show"}
            and event.answered is not None
            and event.answered + FLIGHT_S < at
        ]
        if not cancelled:
            return True
        last = max(event.version for event in cancelled)
        return any(event.version > last for event in self.standing(at))

    def off(self, at: float) -> bool:
        """Whether a text that the visit is cancelled may still reach the phone at a real moment."""
        again = [
            event.version
            for event in self.standing(at)
            if event.answered is not None and event.answered + FLIGHT_S < at
        ]
        return any(
            not any(version > event.version for version in again) for event in self.happened("cancelled", at)
        )
