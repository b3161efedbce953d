"""Whatever bytes come, there is an answer: no crash, no hang, and nothing that the next step cannot take.

No example has a deadline, since a busy machine would miss it; the last test sees to it that nothing hangs.
The published parser `hl7` is not among the dependencies, so no test compares with it.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sms_service.intake.hl7.ack import answers, judge
from sms_service.intake.hl7.framing import messages
from sms_service.intake.hl7.message import parse
from sms_service.intake.hl7.read import read_hl7
from sms_service.intake.outcome import outcome_of
from sms_service.intake.problems import Code
from sms_service.intake.profile import profile_of

SAMPLES = [
    path.read_bytes() for path in sorted((Path(__file__).parents[1] / "samples" / "hl7v2").glob("*.hl7"))
]
NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)
PROFILE = profile_of({"types": {"TPI": "trigger_point_injection"}}, "America/New_York")
#: Far above what a slow machine needs for this much, far below what anything quadratic takes.
PATIENCE_S = 10


def taken(raw, profile=PROFILE):
    """Everything that happens to a message short of the database."""
    outcomes = [outcome_of(reading, profile, NOW) for reading in read_hl7(raw, profile, NOW)]
    assert outcomes
    for outcome in outcomes:
        assert outcome.body is not None or outcome.problems
        json.dumps(outcome.body).encode()
        for problem in outcome.problems:
            assert problem.code in Code
    for one in messages(raw):
        message = parse(one)
        for answer in answers(message, judge(message, ()), control_id="1", now=NOW):
            assert answer.startswith(b"MSH")
            assert b"\x0b" not in answer
            assert b"\x1c" not in answer
    return outcomes


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_any_bytes_have_an_answer(raw):
    taken(raw)


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes_behind_a_header_have_an_answer(raw):
    taken(b"MSH" + raw)
    taken(b"MSH|^~\\&|A|B|C|D|20261120||SIU^S12|1|P|2.5\rSCH|1|2" + raw)


@st.composite
def damaged(draw):
    """A sample with a few bytes lost, doubled, replaced or moved."""
    raw = bytearray(draw(st.sampled_from(SAMPLES)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(raw)))
        match draw(st.integers(0, 3)):
            case 0:
                del raw[at : at + draw(st.integers(1, 40))]
            case 1:
                raw[at:at] = draw(st.binary(min_size=1, max_size=8))
            case 2:
                raw[at:at] = raw[at : at + draw(st.integers(1, 80))]
            case 3:
                raw[at:at] = draw(
                    st.sampled_from([b"|", b"^", b"~", b"&", b"\\", b'""', b"\r", b"\n", b"\x00", b"MSH|"])
                )
    return bytes(raw)


@given(damaged())
@settings(max_examples=300, deadline=None)
def test_a_damaged_message_has_an_answer(raw):
    taken(raw)


FIELD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n|"), max_size=30)


@given(
    st.lists(FIELD, max_size=30),
    st.lists(FIELD, max_size=32),
    st.sampled_from(["S12", "S13", "S14", "S15", "S17", "S26"]),
)
@settings(deadline=None)
def test_any_text_in_any_field_has_an_event(sch, pid, trigger):
    raw = "\r".join(
        [
            f"MSH|^~\\&|A|B|C|D|20261120100405||SIU^{trigger}|1|P|2.5||||||UTF-8",
            "|".join(["SCH", *sch]),
            "|".join(["PID", *pid]),
        ]
    )
    (outcome, *_) = taken(raw.encode())
    assert outcome.body is not None


@pytest.mark.parametrize(
    ("label", "part"),
    [
        ("separators", b"|"),
        ("headers", b"MSH|^~\\&\r"),
        ("half headers", b"\nMSH"),
        ("batches", b"FHS"),
        ("spaces", b" "),
        ("escapes", b"\\X4"),
        ("short lines", b"a\n"),
        ("patients", b"PID|1||M|\r"),
        ("services", b"AIS|1|A|T|20261201093000\r"),
        ("repetitions", b"~1"),
        ("frames", b"\x0b\x1c\r"),
    ],
)
def test_much_of_the_same_thing_takes_no_longer_than_it_is_long(label, part):
    beginning = b"MSH|^~\\&|A|B|C|D|20261120||SIU^S12|1|P|2.5\rSCH|1|2\rPID|1||M||N||||||||1"
    many = part * (2**18 // len(part) // (8 if label == "headers" else 1))
    began = time.process_time()
    for raw in (many, beginning + many):
        for reading in read_hl7(raw, PROFILE, NOW):
            outcome_of(reading, PROFILE, NOW)
    assert time.process_time() - began < PATIENCE_S, label
