"""The demo's clinic, patients and what happens to them: data, in patient time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ZONE = "America/New_York"
#: A Monday; the clocks change in the first weekend (14 March 2027).
BEGIN = datetime(2027, 3, 8, 9, 0, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
END = BEGIN + timedelta(days=28)
#: What the clinic's system calls a visit, and its pathway.
TYPES = {
    "Trigger point injection": "trigger_point_injection",
    "Epidural steroid injection": "epidural_steroid",
    "Medial branch block": "medial_branch_block",
    "Sacroiliac joint injection": "sacroiliac_joint",
    "Knee injection": "joint_steroid",
}

CLINIC: dict[str, Any] = {
    "sender": {"name": "demo", "address": "+15005550006", "segments_per_second": 100},
    "clinic": {
        "slug": "riverside",
        "name": "Riverside Pain Clinic",
        "program": "Injection Guide",
        "phone": "(555) 010-2000",
        "after_hours_phone": "(555) 010-2999",
        "zone": ZONE,
        "addresses": {"": "12 River Street, Springfield"},
        "offered_languages": ["en", "es", "zh_Hans", "vi", "ar"],
    },
    "feed": {"name": "main", "zone": ZONE, "country": "US", "types": TYPES},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One patient of the demo. The numbers are of the range kept for fiction."""

    id: str
    given: str
    language: str | None
    procedure: str = "Trigger point injection"
    zone: str = ZONE

    @property
    def phone(self) -> str:
        """E.164; +1 212 555 01xx."""
        return f"+121255501{int(self.id):02d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that happens at an instant: an event of the clinic's system, or a text a patient writes."""

    at: datetime
    person: Person
    kind: str | None = None
    start: datetime | None = None
    extra: dict[str, Any] | None = None
    says: str | None = None


def people() -> list[Person]:
    """Twelve patients, ten languages, five procedures; one whose language nobody knows, one far west."""
    spoken = {
        "Ana": "es",
        "Ben": "en",
        "Carla": "pt_BR",
        "Dan": "en",
        "Elena": "ru",
        "Farid": "ar",
        "Gloria": "fil",
        "Hùng": "vi",
        "Inés": "es",
        "Jin": "ko",
        "Kezia": "ht",
        "Lin": None,
    }
    procedures = {
        "Elena": "Knee injection",
        "Hùng": "Epidural steroid injection",
        "Jin": "Medial branch block",
        "Kezia": "Sacroiliac joint injection",
    }
    return [
        Person(
            id=str(number),
            given=given,
            language=language,
            procedure=procedures.get(given, "Trigger point injection"),
            zone="America/Los_Angeles" if given == "Dan" else ZONE,
        )
        for number, (given, language) in enumerate(spoken.items(), start=1)
    ]


def acts(everyone: Sequence[Person]) -> list[Act]:
    """What happens in four weeks: bookings early and late, moves, cancellations, a no-show, replies."""
    ana, ben, carla, dan, elena, farid, gloria, hung, ines, jin, kezia, lin = everyone
    day = timedelta(days=1)

    def at(days: int, hour: int, minute: int = 0) -> datetime:
        local = BEGIN.astimezone(ZoneInfo(ZONE)) + days * day
        return local.replace(hour=hour, minute=minute, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)

    def booked(person: Person, when: datetime, start: datetime) -> Act:
        return Act(at=when, person=person, kind="booked", start=start)

    def completed(person: Person, when: datetime, injectate: str | None) -> Act:
        done = {"procedure": {"done": True, "injectate": injectate}}
        return Act(at=when, person=person, kind="completed", extra=done)

    def says(person: Person, when: datetime, words: str) -> Act:
        return Act(at=when, person=person, says=words)

    return sorted(
        [
            # the usual course, with every answer given
            booked(ana, at(0, 9, 5), at(9, 10, 30)),
            says(ana, at(4, 11), "1"),
            says(ana, at(6, 12), "1"),
            completed(ana, at(9, 11, 15), "steroid"),
            says(ana, at(10, 11), "2"),
            says(ana, at(10, 11, 30), "4"),
            # moved by the clinic after the patient was told, across the clock change
            booked(ben, at(0, 9, 10), at(7, 14)),
            says(ben, at(3, 12), "1"),
            Act(at=at(5, 13), person=ben, kind="rescheduled", start=at(8, 15, 30)),
            completed(ben, at(8, 16), None),
            # cancelled after being told
            booked(carla, at(0, 9, 20), at(8, 9, 30)),
            Act(at=at(6, 15), person=carla, kind="cancelled", extra={"reason": "patient"}),
            # a patient three hours further west
            booked(dan, at(0, 10), at(10, 11)),
            completed(dan, at(10, 12), "none"),
            # tells the nurse about a blood thinner
            booked(elena, at(0, 11), at(9, 13)),
            says(elena, at(4, 13), "2"),
            completed(elena, at(9, 14), "steroid"),
            says(elena, at(10, 12), "3"),
            # does not come
            booked(farid, at(0, 12), at(7, 9)),
            Act(at=at(7, 10), person=farid, kind="no_show"),
            # wants no texts
            booked(gloria, at(0, 13), at(8, 16)),
            says(gloria, at(0, 14), "STOP"),
            # moved there and back within ten minutes: nobody needs to hear of it
            booked(hung, at(1, 9), at(8, 11)),
            Act(at=at(6, 11), person=hung, kind="rescheduled", start=at(9, 11)),
            Act(at=at(6, 11, 6), person=hung, kind="rescheduled", start=at(8, 11)),
            completed(hung, at(8, 19, 30), "steroid"),
            # booked the afternoon before
            booked(ines, at(3, 15), at(4, 10)),
            completed(ines, at(4, 11), "steroid"),
            # booked two days before
            booked(jin, at(7, 10), at(9, 10)),
            completed(jin, at(9, 11), None),
            # cancelled and reinstated
            booked(kezia, at(0, 15), at(10, 10)),
            Act(at=at(7, 12), person=kezia, kind="cancelled", extra={"reason": "clinic"}),
            Act(at=at(7, 16), person=kezia, kind="booked", start=at(10, 10)),
            completed(kezia, at(10, 11), "none"),
            # nobody said which language; asks for help
            booked(lin, at(0, 16), at(9, 15)),
            says(lin, at(0, 17), "HELP"),
            completed(lin, at(9, 16), "steroid"),
        ],
        key=lambda act: act.at,
    )


def event(act: Act, number: int) -> dict[str, Any]:
    """The canonical event of an act; its id follows from the scenario, so a second run repeats nothing."""
    person = act.person
    visit: dict[str, Any] = {"id": f"V{person.id}"} | (act.extra or {})
    if act.start is not None:
        visit["start"] = act.start.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None).isoformat()
        visit["type"] = {"text": person.procedure}
    patient = {
        "id": f"P{person.id}",
        "given": person.given,
        "phone": person.phone,
        "zone": person.zone,
        "consent": {"sms": True, "at": BEGIN.isoformat()},
    }
    if person.language:
        patient["language"] = person.language
    return {
        "specversion": "1.0",
        "id": f"demo-{number}",
        "source": "/feeds/demo",
        "type": f"clinic.appointment.{act.kind}.v1",
        "time": act.at.isoformat(),
        "data": {"appointment": visit, "patient": patient},
    }
