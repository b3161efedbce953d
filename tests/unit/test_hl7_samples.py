"""Messages as systems really send them, with the facts they say: tests/samples/hl7v2/expected.yaml."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from sms_service.intake.hl7.read import read_hl7
from sms_service.intake.outcome import outcome_of
from sms_service.intake.profile import profile_of

SAMPLES = Path(__file__).parents[1] / "samples" / "hl7v2"
EXPECTED = yaml.safe_load((SAMPLES / "expected.yaml").read_text(encoding="utf-8"))
TYPES = dict.fromkeys(("TPI", "INF", "Occipital nerve block"), "trigger_point_injection")
PROFILE = profile_of({"types": TYPES}, "America/New_York")
NOW = datetime(2026, 12, 20, 16, tzinfo=UTC)


def flat(held, before=""):
    """Nested facts by dotted names."""
    facts = {}
    for name, value in held.items():
        facts |= flat(value, f"{before}{name}.") if isinstance(value, dict) else {before + name: value}
    return facts


def outcomes(raw, profile=PROFILE):
    return [outcome_of(reading, profile, NOW) for reading in read_hl7(raw, profile, NOW)]


def fate(outcome):
    if outcome.read is None:
        return "refused"
    return "quarantined" if outcome.read.quarantined else "applied"


def facts_expected(case):
    standard = EXPECTED["standard"]
    if case["event"].startswith("patient"):
        standard = {name: value for name, value in standard.items() if not name.startswith("appointment")}
    silent = set(case.get("silent", ()))
    return {name: value for name, value in standard.items() if name not in silent} | case.get("says", {})


@pytest.mark.parametrize("name", EXPECTED["samples"])
def test_a_sample_says_what_it_says(name):
    found = outcomes((SAMPLES / f"{name}.hl7").read_bytes())
    for case, outcome in zip(EXPECTED["samples"][name], found, strict=True):
        assert [f"{p.code} {p.field}" for p in outcome.problems] == case.get("problems", [])
        assert fate(outcome) == case["fate"]
        if case["event"] is None:
            assert outcome.body is None
        else:
            assert outcome.body["type"] == f"clinic.{case['event']}.v1"
            assert flat(outcome.body["data"]) == facts_expected(case)


def test_every_sample_is_in_the_table():
    assert {path.stem for path in SAMPLES.glob("*.hl7")} == set(EXPECTED["samples"])


@pytest.mark.parametrize("name", EXPECTED["samples"])
def test_problems_never_repeat_what_the_message_holds(name):
    raw = (SAMPLES / f"{name}.hl7").read_bytes()
    said = " ".join(p.detail for outcome in outcomes(raw) for p in outcome.problems)
    for secret in ("Ana", "Rivera", "555", "MRN", "V1001", "BUMPED", "9:30"):
        assert secret not in said


def test_a_control_id_that_repeats_does_not_hide_a_cancellation():
    changed, cancelled = outcomes((SAMPLES / "nextgen_control_id_is_the_visit.hl7").read_bytes())
    assert changed.body["id"] != cancelled.body["id"]


def test_the_same_message_is_the_same_delivery_in_a_frame_and_in_a_file():
    lines = (SAMPLES / "line_feeds.hl7").read_bytes()
    framed = b"\x0b" + lines.replace(b"\n", b"\r") + b"\x1c\r"
    assert outcomes(lines)[0].body["id"] == outcomes(framed)[0].body["id"]


@pytest.mark.parametrize(
    "name", ["line_feeds", "carriage_returns_and_line_feeds", "other_delimiters", "z_segments"]
)
def test_how_a_message_is_written_down_changes_nothing_that_it_says(name):
    plain = outcomes((SAMPLES / "line_feed_inside_a_note.hl7").read_bytes())[0]
    assert outcomes((SAMPLES / f"{name}.hl7").read_bytes())[0].body["data"] == plain.body["data"]


@pytest.mark.parametrize("name", ["adt_a04_arrived", "adt_a03_left"])
def test_a_visit_number_that_the_profile_knows_moves_the_visit_on(name):
    profile = profile_of({"visit_number": "PV1-19"}, "America/New_York")
    (outcome,) = outcomes((SAMPLES / f"{name}.hl7").read_bytes(), profile)
    assert (outcome.problems, fate(outcome)) == ((), "applied")
    assert outcome.read.event.appointment_id == "V1001"


def test_the_profile_says_where_the_number_the_time_and_the_words_are():
    profile = profile_of(
        {
            "types": TYPES,
            "appointment_id": ["SCH-1.1"],
            "time_sources": "SCH-11.4",
            "status_words": {"Bumped2": "entered_in_error"},
            "languages": {"SP": "es"},
        },
        "America/New_York",
    )

    def read(name):
        return outcomes((SAMPLES / f"{name}.hl7").read_bytes(), profile)[0]

    assert read("line_feeds").read.event.appointment_id == "P9"
    assert read("times_disagree").problems == ()
    assert read("status_nobody_knows").read.event.appointment["reason"] == "entered_in_error"
    assert read("language_nobody_knows").read.event.patient["language"] == "es"
    assert read("sch1_is_a_counter").read.event.appointment_id == "1"


def test_a_patient_s_number_is_of_the_type_that_the_profile_names():
    profile = profile_of({"types": TYPES, "patient_id_type": "pi"}, "America/New_York")
    raw = (SAMPLES / "medical_record_number_among_others.hl7").read_bytes()
    assert outcomes(raw, profile)[0].read.event.patient_id == "A7"
