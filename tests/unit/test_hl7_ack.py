"""The answer to a message: accepted once stored, in the mode and the delimiters of the sender."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from sms_service.intake.hl7.ack import Verdict, answers, judge
from sms_service.intake.hl7.message import parse
from sms_service.intake.hl7.read import read
from sms_service.intake.profile import Profile

NOW = datetime(2026, 11, 20, 15, 4, 5, tzinfo=UTC)
SAMPLES = Path(__file__).parents[1] / "samples" / "hl7v2"


def answer(raw):
    message = parse(raw)
    problems = read(message, raw, Profile(zone="UTC"), NOW).problems if message else ()
    judgement = judge(message, problems)
    return judgement, answers(message, judgement, control_id="77", now=NOW)


def header(kind="SIU^S12", processing="P", version="2.3", accept="", application="", charset=""):
    fields = [
        "MSH",
        "^~\\&",
        "EHR",
        "CEDAR",
        "SMS",
        "SVC",
        "20261120",
        "",
        kind,
        "M\\T\\1",
        processing,
        version,
    ]
    return "|".join([*fields, "", "", accept, application, "", charset])


def booking(**fields):
    return (header(**fields) + "\rSCH|1|V1|||||TPI||||^^^20261201093000\rPID|1||M1\r").encode()


def test_an_accepted_message_is_answered_in_full():
    _, sent = answer(booking())
    assert sent == [
        b"MSH|^~\\&|SMS|SVC|EHR|CEDAR|20261120150405+0000||ACK^S12^ACK|77|P|2.3\rMSA|AA|M\\T\\1\r"
    ]


def test_an_error_says_where_it_lies_since_v25():
    _, sent = answer((header(version="2.5.1") + "\rPID|1||M1\r").encode())
    assert sent[0].split(b"\r")[1:] == [
        b"MSA|AE|M\\T\\1|SCH is missing",
        b"ERR||SCH^1|100^SCH is missing^HL70357|E",
        b"",
    ]


@pytest.mark.parametrize(
    ("label", "raw", "code"),
    [
        ("quarantined is stored, and accepted", (SAMPLES / "times_disagree.hl7").read_bytes(), "AA"),
        ("so is what belongs to no visit we know", (SAMPLES / "no_number.hl7").read_bytes(), "AA"),
        ("and a trigger without a meaning here", (SAMPLES / "adt_a02_is_not_for_us.hl7").read_bytes(), "AA"),
        ("a scheduling message without a visit", (SAMPLES / "no_sch.hl7").read_bytes(), "AE"),
        ("another type of message", (SAMPLES / "oru_is_not_for_us.hl7").read_bytes(), "AR"),
        ("no type at all", booking(kind=""), "AR"),
        ("another processing id", booking(processing="X"), "AR"),
        ("training", booking(processing="T"), "AA"),
        ("no processing id", booking(processing=""), "AA"),
        ("another version", booking(version="3.0"), "AR"),
        ("no version", booking(version=""), "AA"),
        ("v2.8", booking(version="2.8"), "AA"),
        ("cut off", b"MS", "AR"),
        ("nothing", b"", "AR"),
    ],
)  # fmt: skip
def test_what_is_stored_is_accepted_and_the_rest_is_told_apart(label, raw, code):
    _, sent = answer(raw)
    assert [parse(one).at("MSA-1") for one in sent] == [code], label


@pytest.mark.parametrize(
    ("accept", "application", "kind", "codes"),
    [
        ("", "", "SIU^S12", ["AA"]),
        ("AL", "NE", "SIU^S12", ["CA"]),
        ("NE", "AL", "SIU^S12", ["AA"]),
        ("AL", "AL", "SIU^S12", ["CA", "AA"]),
        ("AL", "", "SIU^S12", ["CA"]),
        ("NE", "NE", "SIU^S12", []),
        ("ER", "ER", "SIU^S12", []),
        ("SU", "SU", "SIU^S12", ["CA", "AA"]),
        ("ER", "SU", "ORU^R01", ["CR"]),
        ("AL", "ER", "ORU^R01", ["CR", "AR"]),
    ],
)
def test_in_enhanced_mode_the_sender_says_which_answers_it_wants(accept, application, kind, codes):
    _, sent = answer(booking(accept=accept, application=application, kind=kind))
    assert [parse(one).at("MSA-1") for one in sent] == codes
    numbers = [parse(one).at("MSH-10") for one in sent]
    assert len(set(numbers)) == len(numbers)


def test_the_answer_is_written_as_the_message_was():
    raw = (SAMPLES / "other_delimiters.hl7").read_bytes()
    _, sent = answer(raw)
    assert sent[0].startswith(b"MSH#@*!%#SMS#CEDAR#SCHED#CEDAR#20261120150405+0000##ACK@S12@ACK#77#P#2.3.1\r")


def test_names_of_systems_keep_their_character_set():
    raw = booking(charset="8859/1").replace(b"EHR", "Médecin".encode("latin-1"))
    assert "Médecin".encode("latin-1") in answer(raw)[1][0]


def test_an_answer_without_a_message_rejects():
    judgement, sent = answer(b"hello")
    assert judgement.verdict is Verdict.REJECT
    assert parse(sent[0]).at("MSA-1") == "AR"


def test_a_copied_control_id_cannot_end_the_frame():
    raw = booking().replace(b"M\\T\\1", b"M\x0b1\x1d")
    assert b"\x0b" not in answer(raw)[1][0]
