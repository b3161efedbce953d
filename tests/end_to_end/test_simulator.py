"""What the simulator says is what the service sends: five languages, two zones, a clock change between."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from sms_service.cli.content.simulating import _event as canonical
from sms_service.content.gate import Drafts
from sms_service.domain.ids import PatientId
from sms_service.domain.people import Patient
from sms_service.settings import psycopg_url
from sms_service.store.tenants import clinic_of
from sms_service.use_cases.set_up import set_up
from sms_service.use_cases.simulate import Said, simulate

#: `https://…/l/` and sixteen letters and digits.
LINK = re.compile(r"https?://[\w.:-]+/l/[0-9A-Za-z]{16}")
PATHWAY = "trigger_point_injection"


def clinic_file(slug, zone, sender):
    return {
        "sender": {"name": slug, "address": sender, "segments_per_second": 1000},
        "clinic": {
            "slug": slug,
            "name": f"{slug.title()} Clinic",
            "program": "Injection Guide",
            "phone": "(555) 010-2000",
            "zone": zone,
            "addresses": {"": "40 Hill Road, Springfield"},
        },
        "feed": {"name": "main", "types": {"TPI": PATHWAY}},
    }


@dataclass
class Story:
    """One patient's visit: what happens when, on the wall of their clinic."""

    language: str
    phone: str
    zone: str
    booked: datetime
    start: datetime
    events: list[tuple[datetime, str, str | None]] = field(default_factory=list)
    replies: list[tuple[datetime, str]] = field(default_factory=list)


def change(year):
    """The second Sunday of March, when clocks go forward in the United States."""
    first = date(year, 3, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7)


def stories(year):
    """Booked before the clocks change, visited after."""
    sunday = change(year)

    def on(days, hour, minute, zone):
        return datetime.combine(sunday + timedelta(days=days), datetime.min.time()).replace(
            hour=hour, minute=minute, tzinfo=ZoneInfo(zone)
        )

    east, west = "America/New_York", "America/Los_Angeles"
    return [
        Story(
            language="en",
            phone="+14155550121",
            zone=east,
            booked=on(-9, 9, 5, east),
            start=on(2, 14, 30, east),
            events=[(on(2, 15, 0, east), "completed", "steroid")],
            replies=[(on(-1, 11, 0, east), "1"), (on(3, 10, 20, east), "2"), (on(3, 10, 30, east), "7")],
        ),
        Story(
            language="es",
            phone="+14155550122",
            zone=west,
            booked=on(-6, 16, 40, west),
            start=on(3, 9, 0, west),
            events=[
                (on(-2, 12, 0, west), "rescheduled", on(5, 11, 0, west).strftime("%Y-%m-%dT%H:%M:%S")),
                (on(5, 11, 40, west), "completed", "none"),
            ],
        ),
        Story(
            language="zh_Hant",
            phone="+14155550123",
            zone=west,
            booked=on(-1, 13, 0, west),
            start=on(1, 10, 0, west),
            events=[(on(1, 10, 50, west), "completed", None)],
        ),
        Story(
            language="ar",
            phone="+14155550124",
            zone=east,
            booked=on(-8, 10, 10, east),
            start=on(2, 8, 30, east),
            events=[(on(1, 12, 0, east), "cancelled", None)],
            replies=[(on(-3, 12, 0, east), "2")],
        ),
        Story(
            language="vi",
            phone="+14155550125",
            zone=east,
            booked=on(0, 18, 0, east),
            start=on(1, 9, 0, east),
            events=[(on(1, 10, 0, east), "no_show", None)],
        ),
    ]


@pytest.fixture
def clinics(world):
    """A clinic on either coast, with its key."""
    engine = sa.create_engine(psycopg_url(world.stack.owner_url), poolclass=sa.NullPool)
    made = {}
    with engine.begin() as owner:
        for slug, zone, sender in (
            ("eastside", "America/New_York", "+12125559001"),
            ("westside", "America/Los_Angeles", "+12125559002"),
        ):
            spec = clinic_file(slug, zone, sender)
            made[zone] = (spec, set_up(owner, world.service.keys, world.service.library, spec))
    return made


def simulated(world, story, spec, ids):
    clinic = clinic_of(ids.clinic_id, ids.sender_id, spec["clinic"])
    first = canonical("booked", story.booked.astimezone(UTC), story.zone, PATHWAY, wall(story.start), 0)
    events = [first] + [
        canonical(kind, at.astimezone(UTC), story.zone, PATHWAY, rest, number)
        for number, (at, kind, rest) in enumerate(story.events, start=1)
    ]
    outcomes = simulate(
        world.service.library,
        Drafts(world.service.library),
        clinic,
        world.service.library.pathways[PATHWAY],
        Patient(id=PatientId(1), reachable=True, consent=True, language=story.language, zone=story.zone),
        events,
        [Said(at=at.astimezone(UTC), words=words) for at, words in story.replies],
    )
    return [
        (o.at.astimezone(ZoneInfo(story.zone)).strftime("%m-%d %H:%M"), plain(o.text.body))
        for o in outcomes
        if o.text
    ]


def plain(body):
    """The words with the visit's own link as the one of the example; each visit has another."""
    return LINK.sub("LINK", body)


def wall(instant):
    return instant.strftime("%Y-%m-%dT%H:%M:%S")


def event_of(story, kind, at, rest):
    """The body a clinic's system would post."""
    number = story.phone[-3:]
    visit = {"id": f"sim-{story.phone[-3:]}-{at.year}"}
    if kind == "booked":
        visit |= {"start": wall(story.start), "type": {"code": "TPI"}}
    elif kind == "rescheduled":
        visit["start"] = rest
    elif kind == "completed" and rest is not None:
        visit["procedure"] = {"done": True, "injectate": rest}
    person = {
        "id": f"S{number}-{at.year}",
        "phone": story.phone,
        "language": story.language,
        "zone": story.zone,
    }
    person["consent"] = {"sms": True, "at": story.booked.isoformat()}
    return {
        "specversion": "1.0",
        "id": f"{visit['id']}-{kind}-{at.isoformat()}",
        "source": "/test",
        "type": f"clinic.appointment.{kind}.v1",
        "time": at.isoformat(),
        "data": {"appointment": visit, "patient": person if kind == "booked" else {"id": person["id"]}},
    }


def test_the_simulators_timeline_is_what_the_service_sends(world, clinics):
    year = world.new_year()
    told = stories(year)
    acts = []
    for story in told:
        _, ids = clinics[story.zone]
        acts.append((story.booked, ids.key, event_of(story, "booked", story.booked, None), story))
        acts += [(at, ids.key, event_of(story, kind, at, rest), story) for at, kind, rest in story.events]
        acts += [(at, None, words, story) for at, words in story.replies]
    for at, key, what, story in sorted(acts, key=lambda act: act[0]):
        world.run_to(at.astimezone(UTC))
        if key is None:
            spec, _ = clinics[story.zone]
            before = len(world.texts(story.phone))
            world.http(
                f"{world.stack.sandbox_url}/sandbox/phones/{story.phone}/reply",
                {"body": what, "to": spec["sender"]["address"]},
            )
            world.until(lambda story=story, before=before: len(world.texts(story.phone)) > before)
        else:
            world.until(
                lambda key=key, what=what: world.http(
                    f"{world.stack.web_url}/v1/events", what, {"X-API-Key": key}
                )
            )
    world.run_to(max(act[0] for act in acts).astimezone(UTC) + timedelta(days=18))
    count = 0
    for story in told:
        spec, ids = clinics[story.zone]
        sent = [
            (
                datetime.fromisoformat(text["shown_at"])
                .astimezone(ZoneInfo(story.zone))
                .strftime("%m-%d %H:%M"),
                plain(text["body"]),
            )
            for text in world.texts(story.phone)
        ]
        assert sent == simulated(world, story, spec, ids), story.language
        count += len(sent)
    assert count > 25
