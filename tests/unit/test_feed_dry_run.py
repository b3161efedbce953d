"""`sms-service feed dry-run`: what would become of a feed's messages, without a database."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sms_service.cli.commands import app
from sms_service.intake.formats import FORMATS
from sms_service.intake.outcome import outcome_of
from sms_service.intake.profile import Profile
from sms_service.web.events import EXAMPLE

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "samples" / "hl7v2"
NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)


def run(*arguments):
    done = CliRunner().invoke(app, ["feed", "dry-run", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.stdout


def lines(*arguments):
    return [json.loads(line) for line in run(*arguments, "--json").splitlines()]


def codes(shown):
    return [problem["code"] for problem in shown["problems"]]


def test_each_message_is_one_object_on_its_own_line():
    batch, single = SAMPLES / "batch_with_two.hl7", SAMPLES / "line_feeds.hl7"
    shown = lines("--format", "hl7v2", batch, single)
    assert [one["file"] for one in shown] == [str(batch), str(batch), str(single)]
    assert all(set(one) == {"file", "event", "problems"} for one in shown)
    assert shown[2]["event"]["data"]["appointment"]["start"] == "2026-12-01T09:30:00"
    assert shown[2]["event"]["data"]["appointment"]["timezone"] == "America/New_York"
    assert all(set(problem) == {"code", "field", "detail"} for problem in shown[2]["problems"])


def test_an_event_with_a_problem_still_shows_every_fact():
    (shown,) = lines("--format", "hl7v2", SAMPLES / "times_disagree.hl7")
    assert "time_conflict" in codes(shown)
    assert shown["event"]["data"]["appointment"]["start"] == "2026-12-01T09:30:00"
    assert shown["event"]["data"]["patient"]["phone"] == "+12605550123"


def test_what_cannot_be_read_at_all_is_null_with_a_reason():
    (shown,) = lines("--format", "hl7v2", SAMPLES / "cut_off.hl7")
    assert (shown["event"], codes(shown)) == (None, ["parse_error"])


def test_a_clinic_s_file_is_its_profile():
    (shown,) = lines(
        "--format", "hl7v2", "--profile", ROOT / "examples" / "clinic.yaml", SAMPLES / "line_feeds.hl7"
    )
    assert codes(shown) == []


def test_a_feed_s_settings_alone_are_a_profile(tmp_path):
    profile = tmp_path / "feed.yaml"
    profile.write_text("zone: America/Denver\nappointment_id: SCH-1.1\n", encoding="utf-8")
    (shown,) = lines("--format", "hl7v2", "--profile", profile, SAMPLES / "line_feeds.hl7")
    visit = shown["event"]["data"]["appointment"]
    assert (visit["id"], visit["timezone"]) == ("P9", "America/Denver")


def test_json_is_read_alone_and_in_batches(tmp_path):
    one, many = tmp_path / "one.json", tmp_path / "many.json"
    one.write_text("\ufeff" + json.dumps(EXAMPLE), encoding="utf-8")
    many.write_text(json.dumps([EXAMPLE, {"type": "other"}, 7]), encoding="utf-8")
    shown = lines("--format", "json", one, many)
    assert [one["event"] is not None for one in shown] == [True, True, True, False]
    assert shown[0]["event"] == EXAMPLE
    assert [codes(one) for one in shown] == [
        ["type_unmapped"],
        ["type_unmapped"],
        ["field_invalid"],
        ["parse_error"],
    ]


def test_an_event_is_shown_as_it_is_understood(tmp_path):
    patient = EXAMPLE["data"]["patient"] | {"phone": "(260) 555-0123", "language": "Español"}
    file = tmp_path / "event.json"
    file.write_text(json.dumps(EXAMPLE | {"data": EXAMPLE["data"] | {"patient": patient}}), encoding="utf-8")
    (shown,) = lines("--format", "json", file)
    assert shown["event"]["data"]["patient"]["phone"] == "+12605550123"
    assert shown["event"]["data"]["patient"]["language"] == "es"


def test_fhir_is_read_like_any_format_and_a_handshake_is_no_event():
    folder = ROOT / "tests" / "samples" / "fhir"
    visit, person, handshake = lines(
        "--format", "fhir", folder / "r4-backport-full.json", folder / "r4-backport-handshake.json"
    )
    assert visit["event"]["data"]["appointment"]["id"] == "apt-4711"
    assert codes(visit) == ["type_unmapped"]
    assert person["event"]["type"] == "clinic.patient.updated.v1"
    assert (handshake["event"], handshake["problems"]) == (None, [])


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"\xff", b"[]", b"NaN", b'{"a": Infinity}', b"[" * 100_000, b"1" * 10_000, b'"x"', b"null"],
)
def test_what_is_no_json_object_is_a_parse_error(raw):
    (reading,) = FORMATS["json"](raw, Profile(), NOW)
    assert (reading.event, reading.problems[0].code) == (None, "parse_error")


@pytest.mark.parametrize("depth", range(900, 1000, 3))
def test_an_event_that_is_nested_too_deeply_has_an_answer(tmp_path, depth):
    file = tmp_path / "deep.json"
    file.write_text('{"data": {"patient": ' + "[" * depth + "]" * depth + "}}", encoding="utf-8")
    (shown,) = lines("--format", "json", file)
    assert codes(shown)[0] in {"parse_error", "field_invalid"}


def test_without_json_a_table_says_what_would_become_of_each():
    shown = run(
        "--format", "hl7v2", "--profile", ROOT / "examples" / "clinic.yaml",
        *(SAMPLES / f"{name}.hl7" for name in ("line_feeds", "times_disagree", "no_number", "cut_off")),
    )  # fmt: skip
    for word in ("applied", "quarantined", "refused", "time_conflict", "parse_error"):
        assert word in shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--format", "fax", SAMPLES / "line_feeds.hl7"], "there is no 'fax'"),
        (["--format", "hl7v2", SAMPLES / "nothing.hl7"], "cannot be read"),
        (["--format", "hl7v2", "--profile", SAMPLES / "nothing.yaml", SAMPLES / "line_feeds.hl7"], "no YAML"),
        (
            ["--format", "hl7v2", "--profile", SAMPLES / "line_feeds.hl7", SAMPLES / "line_feeds.hl7"],
            "no YAML",
        ),
        (["--format", "hl7v2"], "Missing argument"),
    ],
)
def test_a_wrong_call_is_refused_in_words(arguments, says):
    done = CliRunner().invoke(app, ["feed", "dry-run", *map(str, arguments)])
    assert done.exit_code == 2
    assert says in " ".join(done.output.replace("│", " ").split())


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("zone: Mars/Olympus", "is no IANA zone"),
        ("appointment_id: [the number]", "is no field such as SCH-2.1"),
        ("visit_number: PV1", "is no field such as SCH-2.1"),
        ("types: 7", "no YAML"),
        ("status_words: {Roomed: there}", "'roomed' means 'there', which is none of"),
    ],
)
def test_a_wrong_profile_is_refused_in_words(tmp_path, settings, says):
    profile = tmp_path / "feed.yaml"
    profile.write_text(settings, encoding="utf-8")
    arguments = ["--format", "hl7v2", "--profile", str(profile), str(SAMPLES / "line_feeds.hl7")]
    done = CliRunner().invoke(app, ["feed", "dry-run", *arguments])
    assert done.exit_code == 2
    assert says in " ".join(done.output.replace("│", " ").split())


def test_news_that_nobody_can_be_told_apart_by_has_the_door_s_words_only():
    raw = (SAMPLES / "no_number.hl7").read_bytes()
    (reading,) = FORMATS["hl7v2"](raw, Profile(zone="UTC"), NOW)
    outcome = outcome_of(reading, Profile(zone="UTC"), NOW)
    assert [problem.field for problem in outcome.problems] == ["SCH-2.1"]
