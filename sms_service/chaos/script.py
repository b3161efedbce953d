"""What happens in the town: events of the clinics' systems and texts of patients, each at its instant."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sms_service.chaos.town import Booked, Patient, Town

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
#: How the visit's length and the clerk's delay add up.
_TAKES = timedelta(minutes=45)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event of a visit. `times` is how often it is delivered, `late` lets a younger one overtake it."""

    at: datetime
    id: str
    visit: Booked
    kind: str
    start: datetime | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    times: int = 1
    late: bool = False

    def body(self) -> dict[str, Any]:
        """The canonical event, as this clinic's system posts it."""
        patient = self.visit.patient
        appointment: dict[str, Any] = {"id": self.visit.id, **self.extra}
        if self.start is not None:
            local = self.start.astimezone(ZoneInfo(patient.clinic.zone)).replace(tzinfo=None)
            appointment |= {
                "start": local.isoformat(),
                "timezone": patient.clinic.zone,
                "type": {"code": "TPI"},
            }
        return {
            "specversion": "1.0",
            "id": self.id,
            "source": "/feeds/main",
            "type": f"clinic.appointment.{self.kind}.v1",
            "time": self.at.isoformat(),
            "data": {
                "appointment": appointment,
                "patient": {
                    "id": patient.id,
                    "given": "Ana",
                    "phone": patient.phone,
                    "zone": patient.zone,
                    "language": patient.language,
                    "consent": {"sms": True, "at": "2027-05-01T12:00:00Z"},
                },
                "version": {"at": self.at.isoformat()},
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A text that a patient sends to the clinic's number."""

    at: datetime
    patient: Patient
    words: str


Act = Event | Said


def script(seed: int, of: Town) -> list[Act]:
    """Everything that happens, oldest first; the same seed gives the same script."""
    chance = random.Random(f"script {seed}")  # noqa: S311 - it guards nothing
    acts: list[Act] = []
    for visit in of.visits:
        acts += [_delivery(chance, event) for event in _events(chance, visit)]
    plain = {visit.patient.id for visit in of.visits if visit.plain}
    for patient in of.patients:
        acts += _texts(chance, patient, talkative=patient.id not in plain, of=of.visits)
    return sorted(acts, key=lambda act: act.at)


def _delivery(chance: random.Random, event: Event) -> Event:
    """Some events come more than once, some after a younger one."""
    return replace(
        event,
        times=chance.choice((2, 2, 3)) if chance.random() < 0.12 else 1,  # noqa: PLR2004
        late=event.kind != "booked" and chance.random() < 0.1,  # noqa: PLR2004
    )


def _events(chance: random.Random, visit: Booked) -> Iterator[Event]:
    def event(number: int, kind: str, at: datetime, start: datetime | None = None, /, **extra: Any) -> Event:  # noqa: ANN401
        return Event(at=at, id=f"{visit.id}-{number}", visit=visit, kind=kind, start=start, extra=extra)

    done = {"procedure": {"done": True, "injectate": chance.choice(("steroid", "none", None))}}
    yield event(0, "booked", visit.booked, visit.start)
    start = visit.start
    span = max(visit.start - visit.booked - timedelta(hours=2), timedelta(minutes=10))
    between = sorted(visit.booked + chance.uniform(0.1, 0.95) * span for _ in range(2))
    later = visit.start + timedelta(days=chance.choice((1, 2)), hours=chance.choice((-1, 0, 1)))
    match visit.fate:
        case "moved" | "moved_twice":
            yield event(1, "rescheduled", between[0], later)
            start = later
            if visit.fate == "moved_twice":
                start = later + _DAY
                yield event(2, "rescheduled", between[1], start)
        case "there_and_back":
            yield event(1, "rescheduled", between[0], later)
            yield event(2, "rescheduled", between[0] + chance.choice((3, 90, 400)) * _MINUTE, visit.start)
        case "cancelled":
            yield event(1, "cancelled", between[0], reason=chance.choice(("patient", "clinic")))
            return
        case "reinstated":
            yield event(1, "cancelled", between[0], reason="clinic")
            yield event(2, "booked", between[1], visit.start)
        case "no_show":
            yield event(3, "no_show", visit.start + timedelta(hours=1))
            return
        case "never_completed":
            return
    yield event(4, "completed", start + _TAKES, None, **done)


def _texts(
    chance: random.Random, patient: Patient, *, talkative: bool, of: Sequence[Booked]
) -> Iterator[Said]:
    """What a patient texts. Those whose every text is owed never opt out and confuse no question."""
    own = [visit for visit in of if visit.patient.id == patient.id]
    begin, end = min(visit.booked for visit in own), max(visit.start for visit in own)
    if not talkative:
        return

    def sometime() -> datetime:
        return begin + timedelta(hours=3) + chance.random() * (end + 3 * _DAY - begin)

    luck = chance.random()
    if luck < 0.12:  # noqa: PLR2004
        stop = sometime()
        yield Said(at=stop, patient=patient, words="STOP")
        if chance.random() < 0.4:  # noqa: PLR2004
            yield Said(at=stop + chance.uniform(0.3, 4.0) * _DAY, patient=patient, words="START")
    elif luck < 0.5:  # noqa: PLR2004
        for words in chance.sample(("1", "2", "HELP", "what should I bring", "3", "1"), chance.randint(1, 3)):
            yield Said(at=sometime(), patient=patient, words=words)
