"""Every FHIR sample is read as its table says, and `read_event` takes what comes out of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from sms_service.intake.canonical import read_event
from sms_service.intake.fhir.reader import read_fhir
from sms_service.intake.profile import Profile

SAMPLES = Path(__file__).parents[1] / "samples" / "fhir"
EXPECTED = yaml.safe_load((SAMPLES / "expected.yaml").read_text(encoding="utf-8"))
FILES = sorted(SAMPLES.glob("*.json"))
NOW = datetime(2026, 11, 24, tzinfo=UTC)
PROFILE = Profile(zone="America/New_York", types={"tpi": "trigger_point_injection"})


def read(name):
    return read_fhir((SAMPLES / f"{name}.json").read_bytes(), PROFILE, NOW)


def shown(delivery):
    """A delivery as the table writes it: what is empty is left out."""
    said = {
        "kind": delivery.kind.value,
        "fetch": list(delivery.fetch) or None,
        "since": delivery.events_since_start,
        "numbers": None if delivery.events_since_start is None else list(delivery.event_numbers),
        "subscription": delivery.subscription,
        "search": delivery.asks_for_search or None,
        "readings": [shown_reading(reading) for reading in delivery.readings],
    }
    return {name: value for name, value in said.items() if value is not None}


def shown_reading(reading):
    problems = [f"{problem.code.value} {problem.field}" for problem in reading.problems]
    told = {"problems": problems} if problems else {}
    if reading.event is None:
        return told
    data = dict(reading.event["data"])
    at, test = data.pop("version")["at"], data.pop("test")
    kind = reading.event["type"].removeprefix("clinic.")
    return {"type": kind, **data, **({"test": True} if test else {}), "at": at, **told}


def test_every_sample_has_its_row_and_every_row_its_sample():
    assert sorted(EXPECTED) == [file.stem for file in FILES]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_sample_is_read_as_the_table_says(name):
    assert shown(read(name)) == EXPECTED[name]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_what_is_read_is_a_canonical_event(name):
    for reading in read(name).readings:
        event = read_event(reading.event, PROFILE, NOW).event
        assert event.at <= NOW
        assert event.id == reading.event["id"]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_same_sample_twice_is_one_delivery(name):
    first, second = read(name), read(name)
    assert [each.event["id"] for each in first.readings] == [each.event["id"] for each in second.readings]


def test_the_newest_of_several_versions_is_applied_last():
    starts = [
        each.event["data"]["appointment"].get("start")
        for each in read("r4-history-moved-twice-and-deleted").readings
    ]
    assert starts == ["2026-12-02T09:30:00-05:00", "2026-12-03T09:30:00-05:00", None]
