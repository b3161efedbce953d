"""Each guard, on its own and against the others, at the moment before the provider is called."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.builders import NEW_YORK, at

from sms_service.domain.decide import Defer, Due, Facts, Send, Skip, decide
from sms_service.domain.event import CancelReason, Status
from sms_service.domain.hours import Hours
from sms_service.domain.pathway import Anchor
from sms_service.domain.reasons import Reason

NOW = at("2027-05-17 12:00")
START = at("2027-05-20 09:30")
FACTS = Facts(zone=NEW_YORK, hours=Hours(), status=Status.BOOKED, start=START)
TEXT = Due(anchor=Anchor.START, until=at("2027-05-19 10:00"), told=START, counts=True)
ANSWER = Due(anchor=None, until=NOW + timedelta(hours=1))


def test_nothing_against_it_so_it_goes_until_the_hours_close() -> None:
    assert decide(TEXT, FACTS, NOW) == Send(validity=timedelta(hours=8))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"test": True}, "test_event"),
        ({"deceased": True}, "deceased"),
        ({"merged_away": True}, "merged_record"),
        ({"reachable": False}, "no_phone"),
        ({"sender_blocked": True}, "sender_blocked"),
        ({"opted_out": True}, "opted_out"),
        ({"consent": False}, "no_consent"),
        ({"number_allowed": False}, "not_allowed_number"),
        ({"signed": False}, "not_signed"),
        ({"start": at("2027-05-21 09:30")}, "time_changed"),
        ({"start": None}, "time_changed"),
        ({"cancel_reason": CancelReason.DECEASED}, "deceased"),
        ({"recent": [NOW - timedelta(hours=1), NOW - timedelta(hours=2)]}, "cap_day"),
        ({"recent": [NOW - timedelta(hours=24 * i) for i in range(2, 7)]}, "cap_week"),
        ({"status": Status.CANCELLED}, "cancelled"),
        ({"status": Status.NO_SHOW}, "no_show"),
        ({"status": Status.COMPLETED}, "completed"),
        ({"status": Status.PROPOSED}, "not_needed"),
        ({"status": None}, "not_needed"),
    ],
)
def test_each_guard_ends_the_text(change, reason) -> None:
    assert decide(TEXT, replace(FACTS, **change), NOW) == Skip(reason=Reason(reason))
    # and comes before everything that only delays it
    held = replace(FACTS, on_hold=True, circuit_open=True, **change)
    assert decide(TEXT, held, NOW) == Skip(reason=Reason(reason))


@pytest.mark.parametrize(
    "change",
    [
        {"recent": [NOW - timedelta(hours=1)]},
        {"recent": [NOW - timedelta(hours=13), NOW - timedelta(hours=14)]},  # yesterday
        {"recent": [NOW - timedelta(hours=168)] + [NOW - timedelta(hours=24 * i) for i in range(3, 7)]},
        {"status": Status.ARRIVED},
        {"cancel_reason": CancelReason.PATIENT},
    ],
)
def test_what_does_not_stop_it(change) -> None:
    assert isinstance(decide(TEXT, replace(FACTS, **change), NOW), Send)


def test_caps_do_not_concern_texts_that_do_not_count() -> None:
    full = replace(FACTS, recent=[NOW] * 9)
    assert isinstance(decide(replace(TEXT, counts=False), full, NOW), Send)


@pytest.mark.parametrize(
    ("anchor", "goes"),
    [
        (Anchor.BOOKED, {"booked", "arrived"}),
        (Anchor.START, {"booked", "arrived"}),
        (Anchor.MOVED, {"booked", "arrived"}),
        (Anchor.COMPLETED, {"completed"}),
        (Anchor.CANCELLED, {"cancelled"}),
        (Anchor.NO_SHOW, {"no_show"}),
    ],
)
def test_a_text_goes_only_while_its_visit_stands_where_it_must(anchor, goes) -> None:
    for status in Status:
        answer = decide(replace(TEXT, anchor=anchor), replace(FACTS, status=status), NOW)
        assert isinstance(answer, Send) is (status in goes), status


@pytest.mark.parametrize(
    ("anchor", "status", "change", "reason"),
    [
        (Anchor.COMPLETED, Status.COMPLETED, {"done": False}, "not_done"),
        (Anchor.COMPLETED, Status.COMPLETED, {"done": None}, None),
        (Anchor.COMPLETED, Status.BOOKED, {}, "not_needed"),
        (Anchor.CANCELLED, Status.CANCELLED, {"cancel_reason": CancelReason.DECEASED}, "deceased"),
        (
            Anchor.CANCELLED,
            Status.CANCELLED,
            {"cancel_reason": CancelReason.ENTERED_IN_ERROR},
            "entered_in_error",
        ),
        (Anchor.CANCELLED, Status.CANCELLED, {"cancel_reason": CancelReason.PATIENT}, None),
        (Anchor.START, Status.BOOKED, {"cancel_reason": CancelReason.ENTERED_IN_ERROR}, None),
    ],
)
def test_what_became_of_the_visit(anchor, status, change, reason) -> None:
    answer = decide(replace(TEXT, anchor=anchor), replace(FACTS, status=status, **change), NOW)
    assert answer == Skip(reason=Reason(reason)) if reason else isinstance(answer, Send)


def test_aftercare_names_no_start_so_none_can_change() -> None:
    care = Due(anchor=Anchor.COMPLETED, until=NOW + timedelta(hours=1))
    assert isinstance(decide(care, replace(FACTS, status=Status.COMPLETED, start=None), NOW), Send)


# ------------------------------------------------------------------ the window and the hours


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2027-05-18 21:00", Defer(until=at("2027-05-19 09:00"), reason=Reason.QUIET_HOURS)),
        ("2027-05-18 08:59", Defer(until=at("2027-05-18 09:00"), reason=Reason.QUIET_HOURS)),
        ("2027-05-18 19:59", Send(validity=timedelta(minutes=1))),
        ("2027-05-18 20:00", Send(validity=timedelta(seconds=1))),
        ("2027-05-19 09:59", Send(validity=timedelta(minutes=1))),
        ("2027-05-19 10:00", Send(validity=timedelta(seconds=1))),
        ("2027-05-18 09:00", Send(validity=timedelta(hours=10))),  # 36000 s, the provider's most
    ],
)
def test_hours_and_window_at_this_moment(now, expected) -> None:
    assert decide(TEXT, FACTS, at(now)) == expected


def test_past_the_window_it_never_goes() -> None:
    late = TEXT.until + timedelta(seconds=1)
    assert decide(TEXT, FACTS, late) == Skip(reason=Reason.WINDOW_PASSED)


def test_hours_that_open_after_the_window_end_it() -> None:
    night = replace(TEXT, until=at("2027-05-19 08:00"))
    assert decide(night, FACTS, at("2027-05-18 21:00")) == Skip(reason=Reason.WINDOW_PASSED)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"on_hold": True}, Reason.HOLD),
        ({"circuit_open": True}, Reason.CIRCUIT_OPEN),
        ({"on_hold": True, "circuit_open": True}, Reason.HOLD),
    ],
)
def test_a_hold_or_an_open_circuit_keeps_the_text_waiting(change, reason) -> None:
    answer = decide(TEXT, replace(FACTS, **change), NOW)
    assert isinstance(answer, Defer)
    assert (answer.reason, answer.until > NOW) == (reason, True)
    last = TEXT.until - timedelta(seconds=1)
    assert decide(TEXT, replace(FACTS, **change), last) == Skip(reason=Reason.WINDOW_PASSED)


# ------------------------------------------------------------------ answers to what they just wrote


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"status": Status.CANCELLED}, None),
        ({"recent": [NOW] * 9}, None),
        # whoever writes is answered, whatever the record says: it may be an emergency
        ({"consent": False}, None),
        ({"deceased": True}, None),
        ({"merged_away": True}, None),
        ({"test": True}, None),
        # nothing after an opt-out but its one confirmation, and not even that where the provider blocks it
        ({"opted_out": True}, "opted_out"),
        ({"opted_out": True, "confirms_opt_out": True}, None),
        ({"opted_out": True, "confirms_opt_out": True, "consent": False}, None),
        ({"opted_out": True, "confirms_opt_out": True, "sender_blocked": True}, "sender_blocked"),
        ({"sender_blocked": True}, "sender_blocked"),
        ({"reachable": False}, "no_phone"),
        ({"number_allowed": False}, "not_allowed_number"),
        ({"signed": False}, "not_signed"),
    ],
)
def test_an_answer_goes_at_any_hour_unless_the_patient_is_gone(change, reason) -> None:
    for now in (NOW, at("2027-05-17 03:00")):
        answer = decide(replace(ANSWER, until=now + timedelta(hours=1)), replace(FACTS, **change), now)
        assert answer == (Skip(reason=Reason(reason)) if reason else Send(validity=timedelta(hours=1)))


@given(
    st.datetimes(at("2027-03-01 00:00").replace(tzinfo=None), at("2027-12-01 00:00").replace(tzinfo=None)),
    st.integers(-100, 5000),
    st.sampled_from([NEW_YORK, "America/Phoenix", "America/Santiago", "Pacific/Honolulu"]),
    st.booleans(),
)
def test_what_goes_goes_inside_hours_and_window_and_cannot_outlive_either(
    moment, minutes, zone, held
) -> None:
    now = moment.replace(tzinfo=NOW.tzinfo)
    facts = replace(FACTS, zone=zone, on_hold=held)
    answer = decide(replace(TEXT, until=now + timedelta(minutes=minutes)), facts, now)
    if isinstance(answer, Send):
        assert minutes >= 0
        assert facts.hours.permit(now, zone)
        assert timedelta(seconds=1) <= answer.validity <= timedelta(seconds=36_000)
        if answer.validity > timedelta(seconds=1):
            assert facts.hours.permit(now + answer.validity, zone)
            assert answer.validity <= timedelta(minutes=minutes)
    if isinstance(answer, Defer):
        assert now < answer.until <= now + timedelta(minutes=minutes)
