"""A made-up town, from a seed: two clinics, their patients, their visits, and who shares a phone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

#: A Monday at 09:00 in the first clinic's zone, no clock change in the weeks that follow.
BEGIN = datetime(2027, 5, 3, 9, 0, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)
DAY = timedelta(days=1)
#: Area codes for numbers of the range that is kept for fiction (555-01xx).
_AREAS = (
    *("202", "206", "212", "214", "303", "305", "312", "404", "415", "503", "602", "617", "702", "713"),
    *("801", "813", "816", "901", "907", "916", "919", "971", "972", "979"),
)
_PER_AREA = 100
_FAR_WEST = "America/Los_Angeles"
_PLAIN = 0.5
#: What becomes of a visit that is not plain, and how often.
_FATES = {
    "moved": 24,
    "moved_twice": 10,
    "there_and_back": 10,
    "cancelled": 18,
    "reinstated": 8,
    "booked_late": 18,
    "no_show": 6,
    "never_completed": 6,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinic:
    """A clinic with a sender of its own."""

    slug: str
    name: str
    sender: str
    zone: str

    def spec(self, segments_per_second: float, opt_out_reply: str) -> dict[str, Any]:
        """As `sms-service clinic` reads it."""
        return {
            "sender": {
                "name": self.slug,
                "address": self.sender,
                "segments_per_second": segments_per_second,
                "opt_out_reply": opt_out_reply,
            },
            "clinic": {
                "slug": self.slug,
                "name": self.name,
                "program": "Injection Guide",
                "phone": "(555) 010-2000",
                "zone": self.zone,
                "addresses": {"": "12 River Street, Springfield"},
                "offered_languages": ["en", "es"],
            },
            "feed": {"name": "main", "zone": self.zone, "types": {"TPI": "trigger_point_injection"}},
        }


CLINICS = (
    Clinic(slug="riverside", name="Riverside Pain Clinic", sender="+15005550006", zone="America/New_York"),
    Clinic(slug="hillside", name="Hillside Clinic", sender="+12125559000", zone="America/Chicago"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A patient of one clinic."""

    id: str
    clinic: Clinic
    phone: str
    zone: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """A visit and its fate. `booked` and `start` are instants."""

    id: str
    patient: Patient
    booked: datetime
    start: datetime
    fate: str

    @property
    def plain(self) -> bool:
        """Whether nothing out of the ordinary happens to it."""
        return self.fate == "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """Everyone, and every visit; `probes` are booked on the way, to see when texts go out again."""

    patients: Sequence[Patient]
    visits: Sequence[Booked]
    probes: list[Booked] = field(default_factory=list)

    def probe(self, now: datetime) -> Booked:
        """A new patient who books a visit far ahead."""
        number = len(self.probes)
        patient = Patient(
            id=f"PP{number}",
            clinic=CLINICS[0],
            phone=f"+18085550{_PER_AREA + number}",
            zone=CLINICS[0].zone,
            language="en",
        )
        start = (now + 100 * DAY).replace(minute=0)
        probe = Booked(id=f"VP{number}", patient=patient, booked=now, start=start, fate="probe")
        self.probes.append(probe)
        return probe


def town(seed: int, visits: int) -> Town:
    """A town with so many visits; the same seed gives the same town."""
    chance = random.Random(f"town {seed}")  # noqa: S311 - it guards nothing
    patients: list[Patient] = []
    booked: list[Booked] = []
    while len(booked) < visits:
        patient = _patient(chance, len(patients), patients)
        patients.append(patient)
        # a shared phone or a second visit makes no visit plain: its texts may come together with others
        several = 2 if chance.random() < 0.15 else 1  # noqa: PLR2004
        for _ in range(several):
            booked.append(_visit(chance, len(booked), patient, alone=several == 1))
    shared = {p.phone for p in patients if sum(other.phone == p.phone for other in patients) > 1}
    return Town(
        patients=patients,
        visits=[_not_plain(visit) if visit.patient.phone in shared else visit for visit in booked],
    )


def _patient(chance: random.Random, number: int, others: Sequence[Patient]) -> Patient:
    area, line = divmod(number, _PER_AREA)
    phone = f"+1{_AREAS[area]}55501{line:02d}"
    clinic = chance.choice(CLINICS)
    if others and chance.random() < 0.07:  # noqa: PLR2004 - one in fourteen texts from another's phone
        phone = chance.choice(others).phone
    return Patient(
        id=f"P{number}",
        clinic=clinic,
        phone=phone,
        zone=_FAR_WEST if chance.random() < 0.12 else clinic.zone,  # noqa: PLR2004
        language="es" if chance.random() < 0.3 else "en",  # noqa: PLR2004
    )


def _visit(chance: random.Random, number: int, patient: Patient, *, alone: bool) -> Booked:
    zone = ZoneInfo(patient.clinic.zone)
    plain = alone and patient.zone == patient.clinic.zone and chance.random() < _PLAIN
    fate = "plain" if plain else chance.choices(list(_FATES), list(_FATES.values()))[0]
    booked = BEGIN + timedelta(days=chance.choice((0, 0, 1, 1, 2)), minutes=chance.randrange(0, 540, 5))
    opens, closes = (11, 15) if plain else (8, 17)
    if fate == "booked_late":
        booked += timedelta(days=chance.randrange(4, 8))
        local = (booked + timedelta(hours=chance.uniform(1.0, 70.0))).astimezone(zone)
    else:
        local = (booked + timedelta(days=chance.randrange(9, 12))).astimezone(zone)
    start = local.replace(
        hour=min(max(local.hour, opens), closes) if fate == "booked_late" else chance.randint(opens, closes),
        minute=chance.choice((0, 30)),
        second=0,
        microsecond=0,
    )
    return Booked(
        id=f"V{number}",
        patient=patient,
        booked=booked,
        start=max(start.astimezone(UTC), booked + timedelta(minutes=40)),
        fate=fate,
    )


def _not_plain(visit: Booked) -> Booked:
    if not visit.plain:
        return visit
    return Booked(
        id=visit.id, patient=visit.patient, booked=visit.booked, start=visit.start, fate="shared_phone"
    )
