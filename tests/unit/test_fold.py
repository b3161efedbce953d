"""What an event changes: last writer wins per field, and the meaning comes from the state."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.builders import NEW_YORK, at, event

from sms_service.domain.appointment import Appointment, SameDay
from sms_service.domain.event import CancelReason, Event, Status
from sms_service.domain.fold import Effect, fold
from sms_service.domain.ids import AppointmentId

NOW = at("2027-02-01 12:00")
A, B, C = "2027-05-20T09:30:00", "2027-05-27T09:30:00", "2027-06-03T14:00:00"


def empty() -> Appointment:
    return Appointment(id=AppointmentId(1))


def story(*events: Event, onto: Appointment | None = None) -> Appointment:
    appointment = onto or empty()
    for i, said in enumerate(events):
        appointment = fold(appointment, said, NOW + timedelta(minutes=i)).appointment
    return appointment


def booking(minute: int = 0, start: str = A, **more) -> Event:
    return event("booked", minute, start=start, timezone=NEW_YORK, **more)


# ------------------------------------------------------------------ the same events in any order

FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "start": st.sampled_from([A, B, None]),
        "timezone": st.sampled_from([NEW_YORK, "America/Phoenix"]),
        "status": st.sampled_from([*(s.value for s in Status), None]),
        "reason": st.sampled_from([*(r.value for r in CancelReason), None]),
        "procedure_done": st.sampled_from([True, False, None]),
        "procedure_injectate": st.sampled_from(["steroid", "none", None]),
        "pathway": st.sampled_from(["trigger_point_injection", "other"]),
        "location": st.sampled_from(["L1", "L2", None]),
    },
)
KINDS = ["booked", "moved", "updated", "cancelled", "no_show", "arrived", "completed"]


@st.composite
def histories(draw) -> list[Event]:
    count = draw(st.integers(1, 6))
    return [
        event(
            draw(st.sampled_from(KINDS)),
            draw(st.integers(0, 3)),
            key=f"{i:02}",
            test=draw(st.integers(0, 9)) == 0,
            **draw(FIELDS),
        )
        for i in range(count)
    ]


@given(histories(), st.randoms(use_true_random=False))
def test_the_same_events_in_any_order_and_repeated_end_in_the_same_state(events, random) -> None:
    shuffled = events + random.choices(events, k=3)
    random.shuffle(shuffled)
    one, other = story(*events), story(*shuffled)
    assert one.fields == other.fields
    assert one.test == other.test
    assert one.status == other.status


@given(histories())
def test_a_repeated_event_is_stale_and_changes_nothing(events) -> None:
    appointment = story(*events)
    for said in events:
        change = fold(appointment, said, NOW + timedelta(days=1))
        assert change.stale
        assert change.appointment == appointment


@given(histories())
def test_the_version_grows_and_never_shrinks(events) -> None:
    appointment = empty()
    for said in events:
        after = fold(appointment, said, NOW).appointment
        assert after.version in {appointment.version, appointment.version + 1}
        appointment = after


def test_an_event_is_stale_only_when_it_wins_no_field() -> None:
    appointment = story(booking(5))
    late = fold(appointment, event("booked", 1, start=B, location="L2"), NOW)
    assert not late.stale
    assert late.appointment.location == "L2"
    assert late.appointment.start == appointment.start
    assert fold(late.appointment, event("booked", 1, start=B), NOW).stale


def test_equal_versions_go_to_the_greater_hash() -> None:
    for order in permutations([booking(3, A, key="a"), booking(3, B, key="b")]):
        assert story(*order).start.local.isoformat() == B


def test_an_absent_field_is_unchanged_and_null_clears() -> None:
    appointment = story(booking(0, location="L1"), event("updated", 1, start=B))
    assert appointment.location == "L1"
    assert story(event("updated", 2, location=None), onto=appointment).location is None


def test_nothing_clears_where_a_visit_stands() -> None:
    assert story(booking(0), event("updated", 1, status=None)).status is Status.BOOKED
    assert story(event("updated", 1, status=None)).status is None


def test_once_a_test_always_a_test_in_whatever_order() -> None:
    for order in permutations([booking(0, test=True), booking(1), event("updated", 2, location="L1")]):
        assert story(*order).test
    assert not story(booking(0)).test


# ------------------------------------------------------------------ precedence inside one event


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("booked", "no_show", "no_show"),
        ("completed", "no_show", "no_show"),
        ("completed", "cancelled", "cancelled"),
        ("cancelled", "completed", "cancelled"),
        ("no_show", "cancelled", "no_show"),
        ("arrived", "completed", "completed"),
        ("moved", "arrived", "arrived"),
        ("booked", "cancelled", "cancelled"),
        ("cancelled", "booked", "cancelled"),
        ("moved", "booked", "booked"),
        ("moved", None, "booked"),
        ("updated", "booked", "booked"),
        # proposed, pending and waitlisted visits get no texts, whatever the event was called
        ("booked", "proposed", "proposed"),
        ("moved", "proposed", "proposed"),
        ("cancelled", "proposed", "cancelled"),
    ],
)
def test_the_more_telling_word_wins_inside_one_event(kind, status, expected) -> None:
    said = {"status": status} if status else {}
    assert story(event(kind, 0, **said)).status == expected


# ------------------------------------------------------------------ what a change amounts to


@pytest.mark.parametrize(
    ("before", "said", "effects"),
    [
        ([], booking(), {"booked"}),
        ([event("updated", 0, status="proposed", start=A, timezone=NEW_YORK)], booking(1), {"booked"}),
        ([booking()], event("updated", 1, start=B), {"moved"}),
        ([booking()], event("moved", 1, start=B), {"moved"}),
        ([booking()], event("updated", 1, timezone="America/Phoenix"), {"moved"}),
        ([booking()], event("moved", 1, start=A), set()),
        ([booking()], event("updated", 1, location="L2"), set()),
        ([booking()], event("cancelled", 1, reason="patient"), {"cancelled"}),
        ([booking(), event("cancelled", 1)], booking(2), {"reinstated"}),
        ([booking(), event("cancelled", 1)], booking(2, B), {"reinstated", "moved"}),
        ([booking(), event("no_show", 1)], event("updated", 2, status="booked"), {"reinstated"}),
        ([booking()], event("no_show", 1), {"no_show"}),
        ([booking()], event("arrived", 1), {"arrived"}),
        ([booking()], event("completed", 1, procedure_done=True), {"completed"}),
        ([booking()], event("updated", 1, status="proposed"), set()),
        ([booking(pathway="x")], event("updated", 1, pathway="y"), {"pathway_changed"}),
        ([booking()], event("updated", 1, pathway="y"), set()),
        # cancelled, back on the waiting list, booked again: on again for someone who was told it is off
        (
            [booking(), event("cancelled", 1), event("updated", 2, status="proposed")],
            booking(3),
            {"reinstated"},
        ),
    ],
)
def test_what_an_event_amounts_to(before, said, effects) -> None:
    change = fold(story(*before), said, NOW)
    assert change.effects == {Effect.APPLIED, *(Effect(effect) for effect in effects)}


def test_a_cancellation_before_its_booking_leaves_a_tombstone() -> None:
    appointment = story(event("cancelled", 5), booking(1))
    assert appointment.status is Status.CANCELLED
    assert appointment.booked_at is None
    assert fold(story(event("cancelled", 5)), booking(9), NOW).effects >= {Effect.BOOKED}


# ------------------------------------------------------------------ the instants that texts count from


def test_a_booking_counts_from_when_we_learned_a_firm_time() -> None:
    appointment = story(event("booked", 0))
    assert appointment.booked_at is None
    appointment = fold(appointment, event("updated", 1, start=A, timezone=NEW_YORK), NOW).appointment
    assert appointment.booked_at == NOW
    assert appointment.moved_at is None


def test_a_move_counts_from_when_we_learned_it_and_each_move_anew() -> None:
    booked = story(booking())
    moved = fold(booked, event("moved", 1, start=B), NOW + timedelta(hours=1)).appointment
    back = fold(moved, event("moved", 2, start=A), NOW + timedelta(hours=2)).appointment
    assert [v.moved_at for v in (booked, moved, back)] == [
        None,
        NOW + timedelta(hours=1),
        NOW + timedelta(hours=2),
    ]
    assert back.booked_at == booked.booked_at


def test_a_time_taken_away_and_set_anew_is_a_move_from_then_on() -> None:
    cleared = story(booking(), event("updated", 1, start=None))
    assert cleared.start is None
    change = fold(cleared, event("updated", 2, start=B), NOW + timedelta(days=9))
    assert Effect.MOVED in change.effects
    assert change.appointment.moved_at == NOW + timedelta(days=9)


@pytest.mark.parametrize("kind", ["cancelled", "no_show", "completed"])
def test_an_end_is_dated_once_and_forgotten_when_the_visit_reopens(kind) -> None:
    ended = fold(story(booking()), event(kind, 1), NOW + timedelta(hours=1)).appointment
    again = fold(ended, event("updated", 2, status=kind, location="L9"), NOW + timedelta(hours=5)).appointment
    assert ended.ended_at == again.ended_at == NOW + timedelta(hours=1)
    reopened = fold(again, event("updated", 3, status="booked"), NOW + timedelta(hours=6)).appointment
    assert reopened.ended_at is None
    assert reopened.completed_at is None
    assert reopened.moved_at == NOW + timedelta(hours=6)


def test_a_completion_is_dated_by_the_clinic_but_never_in_the_future() -> None:
    said = event("completed", 60)
    assert fold(story(booking()), said, NOW).appointment.completed_at == said.at
    early = said.at - timedelta(minutes=7)
    assert fold(story(booking()), said, early).appointment.completed_at == early
    twice = fold(
        fold(story(booking()), said, NOW).appointment, event("completed", 99, procedure_done=True), NOW
    )
    assert twice.appointment.completed_at == said.at


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (event("cancelled", 1), False),
        (event("no_show", 1), False),
        (event("moved", 1, start=B), False),
        (event("moved", 1, start=A), True),
        (event("arrived", 1), True),
        (event("updated", 1, location="L2"), True),
    ],
)
def test_who_said_they_come_is_asked_again_after_the_visit_was_off_or_moved(said, kept) -> None:
    confirmed = replace(story(booking()), confirmed=at("2027-05-20 09:30"))
    assert (story(said, onto=confirmed).confirmed is not None) is kept


def test_the_fields_are_read_as_typed_values() -> None:
    appointment = story(booking(reason="clinic", procedure_done=False, procedure_injectate="none"))
    assert appointment.cancel_reason is CancelReason.CLINIC
    assert appointment.done is False
    assert appointment.injectate == "none"
    blank = empty()
    assert (blank.status, blank.start, blank.cancel_reason, blank.done) == (None, None, None, None)
    assert (blank.injectate, blank.pathway, blank.location) == (None, None, None)
    assert not blank.led_by_another
    assert story(event("booked", 0, start=A)).start is None


def test_an_event_without_a_patient_leaves_whose_visit_it_is() -> None:
    said = booking()
    anonymous = Event(
        **{name: getattr(said, name) for name in Event.__slots__ if name != "patient_id"}, patient_id=None
    )
    assert "patient_id" not in story(anonymous).fields


@pytest.mark.parametrize(
    ("start", "number", "status", "led"),
    [
        ("2027-05-20 08:00", 2, "booked", True),
        ("2027-05-20 08:00", 2, "cancelled", False),
        ("2027-05-20 08:00", 2, "no_show", False),
        ("2027-05-20 08:00", 2, "completed", True),
        ("2027-05-20 11:00", 2, "booked", False),
        ("2027-05-20 09:30", 0, "booked", True),
        ("2027-05-20 09:30", 2, "booked", False),
    ],
)
def test_the_earliest_standing_visit_of_a_day_leads(start, number, status, led) -> None:
    other = SameDay(id=AppointmentId(number), start=at(start), status=Status(status))
    appointment = story(booking(), onto=Appointment(id=AppointmentId(1), same_day=(other,)))
    assert appointment.led_by_another is led


def test_a_visit_handed_to_another_patient_is_asked_anew() -> None:
    confirmed = replace(story(booking()), confirmed=at("2027-05-20 09:30"))
    handed = replace(event("updated", 5), patient_id="another")
    assert story(handed, onto=confirmed).confirmed is None
