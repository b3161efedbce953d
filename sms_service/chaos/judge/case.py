"""The evidence with its indexes, made once for all rules."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sms_service.chaos.judge.evidence import Evidence, Owner, Text, Violation, Visit
from sms_service.chaos.judge.history import History

#: The provider took it and could not bring it to the phone.
NOT_RECEIVED = frozenset({"failed", "undelivered", "canceled"})


@dataclass(frozen=True)
class Case:
    """Evidence with its indexes, made once for all rules."""

    evidence: Evidence

    @cached_property
    def received(self) -> list[Text]:
        """Texts that phones have, oldest first."""
        kept = (text for text in self.evidence.texts if text.status not in NOT_RECEIVED)
        return sorted(kept, key=lambda text: text.at)

    @cached_property
    def received_by(self) -> dict[tuple[str, str], list[Text]]:
        """The same by phone and sender."""
        found = defaultdict(list)
        for text in self.received:
            found[text.phone, text.sender].append(text)
        return found

    @cached_property
    def histories(self) -> dict[tuple[str, str], History]:
        """The history of each visit, by clinic and id."""
        events = defaultdict(list)
        for event in self.evidence.posted:
            if event.answered is not None:
                events[event.clinic, event.visit].append(event)
        return {
            key: History(events=sorted(found, key=lambda event: event.version))
            for key, found in events.items()
        }

    @cached_property
    def visits(self) -> dict[tuple[str, str], list[Visit]]:
        """The visits of a phone at the clinics behind a sender, by phone and sender."""
        found = defaultdict(list)
        for visit in self.evidence.visits:
            for sender, clinics in self.evidence.senders.items():
                if visit.clinic in clinics:
                    found[visit.phone, sender].append(visit)
        return found

    def of(self, text: Text) -> list[tuple[Visit, History]]:
        """The visits a text can be about."""
        return [
            (visit, self.histories[visit.clinic, visit.id])
            for visit in self.visits.get((text.phone, text.sender), [])
            if (visit.clinic, visit.id) in self.histories
        ]

    def end(self, visit: Visit) -> datetime:
        """The wall time at the visit's clinic when the story ended."""
        return self.evidence.wall(self.evidence.clock.patient[-1], self.evidence.zones[visit.clinic])

    def owner(self, text: Text) -> Owner | None:
        """Whose phone it is."""
        return self.evidence.owners.get(text.phone)


def broken(rule: str, text: Text, what: str) -> Violation:
    """A violation that a text is; its phone is named by the last four digits only."""
    return Violation(rule=rule, what=f"phone …{text.phone[-4:]}, {text.sid}: {what}")
