"""The simulator tells a whole story, and its commands speak the JSON that others build on."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from typer.testing import CliRunner
from unit.builders import library

from sms_service.cli.commands import app
from sms_service.content.example_facts import EXAMPLE_LINK
from sms_service.domain.segments import measure

PATHWAY = "trigger_point_injection"
USUAL = ["--timezone", "America/New_York", "--booked-at", "2027-05-03T10:00", "--start", "2027-05-20T09:30"]
FIXED = {"step", "purpose", "at", "utc", "outcome", "reason", "body", "segments"}


def run(*arguments, stdin=None):
    return CliRunner().invoke(app, list(arguments), input=stdin)


def story(*options, locale="en", base=USUAL):
    done = run("simulate", PATHWAY, "--locale", locale, *base, *options, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def sent(rows):
    return [(row["step"], row["at"][5:16].replace("T", " ")) for row in rows if row["outcome"] == "sent"]


def test_the_usual_course():
    rows = story("--event", "2027-05-20T10:15=completed:steroid", "--reply", "2027-05-17T11:00=1")
    assert sent(rows) == [
        ("welcome", "05-03 10:00"),
        ("education", "05-13 10:00"),
        ("safety", "05-15 10:00"),
        ("confirm", "05-17 10:00"),
        ("answer", "05-17 11:00"),
        ("prepare", "05-19 10:00"),
        ("aftercare", "05-20 11:15"),
        ("check_in", "05-21 10:00"),
        ("movement", "05-23 10:00"),
        ("outcome", "06-03 10:00"),
    ]
    assert all(set(row) >= FIXED for row in rows)
    (prepare,) = [row for row in rows if row["step"] == "prepare"]
    assert prepare["merged"] == ["logistics"]
    (answer,) = [row for row in rows if row.get("reply")]
    assert (answer["purpose"], answer["outcome"]) == ("answer", "sent")
    assert "steroid" in next(row for row in rows if row["step"] == "aftercare")["body"]


def test_where_the_page_asks_a_digit_goes_to_a_person_and_texts_carry_the_link(tmp_path):
    file = tmp_path / "clinic.yaml"
    file.write_text(
        "clinic: {name: Cedar Clinic, program: Cedar Texts, phone: 555-0100, zone: America/New_York,"
        " privacy: 0, addresses: {'': 1 Main St}}\n"
    )
    rows = story("--clinic", str(file), "--reply", "2027-05-15T11:00=1")
    safety = next(row for row in rows if row["step"] == "safety" and row["outcome"] == "sent")
    assert EXAMPLE_LINK in safety["body"]
    (answer,) = [row for row in rows if row.get("reply")]
    assert "We got your message" in answer["body"]


def test_at_is_local_with_its_offset_and_utc_is_the_same_instant():
    for row in story("--event", "2027-05-20T10:15=completed"):
        if row["at"]:
            at, utc = datetime.fromisoformat(row["at"]), datetime.fromisoformat(row["utc"])
            assert at == utc
            assert at.utcoffset() is not None
            assert row["utc"].endswith("Z")


def test_ten_o_clock_stays_ten_o_clock_across_a_clock_change():
    base = [
        "--timezone",
        "America/New_York",
        "--booked-at",
        "2027-03-01T10:00",
        "--start",
        "2027-03-16T15:00",
    ]
    rows = {row["step"]: row["at"] for row in story(base=base)}
    assert rows["safety"] == "2027-03-11T10:00:00-05:00"
    assert rows["prepare"] == "2027-03-15T10:00:00-04:00"


@pytest.mark.parametrize(
    ("booked", "steps"),
    [
        ("2027-05-18T14:00", ["welcome", "safety", "prepare"]),
        ("2027-05-19T15:00", ["welcome"]),
        ("2027-05-20T08:45", ["logistics"]),
    ],
)
def test_booked_late_there_are_fewer_texts(booked, steps):
    base = ["--timezone", "America/New_York", "--booked-at", booked, "--start", "2027-05-20T10:30"]
    rows = story(base=base)
    assert [step for step, _ in sent(rows)][: len(steps)] == steps
    assert all(row["reason"] for row in rows if row["outcome"] == "skipped")


def test_moved_and_moved_back_within_ten_minutes_says_nothing():
    rows = story(
        "--event",
        "2027-05-10T12:00=rescheduled:2027-05-21T11:00",
        "--event",
        "2027-05-10T12:05=rescheduled:2027-05-20T09:30",
    )
    assert "moved" not in [step for step, _ in sent(rows)]


def test_a_move_is_told_and_the_later_texts_follow_it():
    rows = story("--event", "2027-05-10T12:00=rescheduled:2027-05-25T11:00")
    assert ("moved", "05-10 12:10") in sent(rows)
    assert ("prepare", "05-24 10:00") in sent(rows)


@pytest.mark.parametrize(("kind", "step"), [("cancelled", "cancelled"), ("no_show", "no_show")])
def test_an_end_has_one_notice_and_nothing_after(kind, step):
    rows = story("--event", f"2027-05-20T11:00={kind}")
    gone = [s for s, _ in sent(rows)]
    assert gone.count(step) == (1 if kind == "no_show" else 0)  # too late to say that a past visit is off
    assert "aftercare" not in gone


def test_a_cancellation_in_time_is_acknowledged():
    rows = story("--event", "2027-05-16T11:00=cancelled")
    assert sent(rows)[-1] == ("cancelled", "05-16 11:10")


def test_not_completed_means_no_aftercare_and_why():
    (row,) = [row for row in story() if row["step"] == "aftercare"]
    assert (row["outcome"], row["reason"], row["at"]) == ("skipped", "not_yet", None)


def test_not_done_means_none_of_the_chain():
    rows = story("--event", "2027-05-20T10:15=completed:not_done")
    assert {row["reason"] for row in rows if row["step"] in {"aftercare", "check_in"}} == {"not_done"}


def test_stop_is_confirmed_once_and_ends_everything():
    rows = story("--reply", "2027-05-14T12:00=STOP", "--reply", "2027-05-14T12:01=stop")
    assert sent(rows)[-1] == ("opt_out", "05-14 12:00")
    assert [row["reason"] for row in rows if row["step"] == "confirm"] == ["opted_out"]


def test_start_help_a_language_and_what_no_rule_knows():
    rows = story(
        "--reply",
        "2027-05-04T12:00=stop",
        "--reply",
        "2027-05-04T12:05=start",
        "--reply",
        "2027-05-04T12:06=help",
        "--reply",
        "2027-05-04T12:07=Español",
        "--reply",
        "2027-05-04T12:08=what about parking",
        "--reply",
        "2027-05-04T22:00=hello",
    )
    answers = [(row["step"], row["locale"]) for row in rows if row.get("reply")]
    assert answers == [
        ("opt_out", "en"),
        ("answer", "en"),
        ("help", "en"),
        ("answer", "es"),
        ("answer", "es"),
        ("answer", "es"),
    ]
    assert next(row for row in rows if row["step"] == "confirm")["locale"] == "es"


def test_a_yes_to_a_time_that_has_moved_is_not_a_yes():
    rows = story(
        "--event",
        "2027-05-17T11:00=rescheduled:2027-05-25T11:00",
        "--reply",
        "2027-05-17T11:05=1",
    )
    (answer,) = [row for row in rows if row.get("reply")]
    assert "could not match" in answer["body"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--event", "2027-05-10T12:00"], "write T="),
        (["--event", "2027-05-10T12:00=eaten"], "no type of event"),
        (["--event", "soon=cancelled"], "is no time"),
        (["--event", "2027-03-14T02:30=cancelled"], "does not exist"),
        (["--event", "2027-05-10T12:00=rescheduled:soon"], "ISO 8601"),
        (["--event", "2027-05-20T12:00=completed:maybe"], "after completed:"),
    ],
)
def test_a_wrong_call_says_what_to_write(options, says):
    done = run("simulate", PATHWAY, "--locale", "en", *USUAL, *options)
    assert done.exit_code == 2
    assert says in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing", "--locale", "en"], "no pathway"),
        ([PATHWAY, "--locale", "tlh"], "no language"),
    ],
)
def test_what_there_is_not_is_said_with_what_there_is(arguments, says):
    for command in (["preview"], ["simulate"]):
        done = run(*command, *arguments, *(USUAL if command == ["simulate"] else []))
        assert done.exit_code == 2
        assert says in done.stderr
    zone = run("simulate", PATHWAY, "--locale", "en", *USUAL[2:], "--timezone", "Mars/Base")
    assert zone.exit_code == 2


# ---- preview and segments


@pytest.mark.parametrize("language", sorted(library().catalogs))
def test_preview_shows_every_text_as_the_patient_reads_it(language):
    rows = json.loads(run("preview", PATHWAY, "--locale", language, "--json").stdout)
    steps = [step.id for step in library().pathways[PATHWAY].steps]
    assert list(dict.fromkeys(row["step"] for row in rows)) == steps
    for row in rows:
        assert {"step", "purpose", "locale", "body", "encoding", "units", "segments", "state"} <= set(row)
        assert "{" not in row["body"]
        size = measure(row["body"])
        assert (row["encoding"], row["units"], row["segments"]) == (size.encoding, size.units, size.segments)
        assert row["state"] == "draft"


def test_preview_takes_one_step_a_clinics_file_and_draws_bubbles():
    done = run(
        "preview", PATHWAY, "--locale", "pt-BR", "--step", "confirm", "--clinic", "examples/clinic.yaml"
    )
    assert done.exit_code == 0
    assert "confirm" in done.stdout
    assert "Riverside" in done.stdout
    assert run("preview", PATHWAY, "--locale", "en", "--step", "tea").exit_code == 2
    assert run("preview", PATHWAY, "--locale", "en", "--clinic", "README.md").exit_code == 2


def test_the_simulator_draws_bubbles():
    done = run("simulate", PATHWAY, "--locale", "ar", *USUAL, "--reply", "2027-05-17T11:00=1")
    assert done.exit_code == 0
    assert "patient" in done.stdout
    assert "not sent: aftercare" in done.stdout


def test_segments_answers_line_by_line():
    lines = ["Hi", "á" * 71, "]" * 153, "\r\n", "😀" * 36, ""]
    done = run("segments", stdin="".join(json.dumps({"text": line}) + "\n" for line in lines) + "\n")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"encoding": "GSM-7", "units": 2, "segments": 1},
        {"encoding": "UCS-2", "units": 71, "segments": 2},
        {"encoding": "GSM-7", "units": 306, "segments": 3},
        {"encoding": "GSM-7", "units": 2, "segments": 1},
        {"encoding": "UCS-2", "units": 72, "segments": 2},
        {"encoding": "GSM-7", "units": 0, "segments": 0},
    ]


@pytest.mark.parametrize("line", ["no", "[]", '{"text": 3}', "{}", '"text"', "[" * 100_000])
def test_a_line_that_is_no_text_ends_it_with_its_number(line):
    done = run("segments", stdin='{"text": "a"}\n' + line + "\n")
    assert done.exit_code == 2
    assert len(done.stdout.splitlines()) == 1
    assert "line 2" in done.stderr
