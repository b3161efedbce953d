"""The texts before a visit: the usual sequence, late bookings, hours, and what is not repeated."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from unit.builders import VISIT, at, clinic, completed, local, pathway, patient, plan_of, sent, visit

from sms_service.domain.appointment import SameDay
from sms_service.domain.event import Status
from sms_service.domain.ids import AppointmentId
from sms_service.domain.pathway import Anchor, LateBooking, Offset, Window


def test_a_patient_booked_weeks_ahead_gets_each_text_on_its_day() -> None:
    assert plan_of(visit()).when() == {
        "welcome": "2027-05-01 10:00",
        "education": "2027-05-13 10:00",
        "safety": "2027-05-15 10:00",
        "confirm": "2027-05-17 10:00",
        "prepare+logistics": "2027-05-19 10:00",  # 07:30 is outside hours
    }


def test_a_visit_in_the_afternoon_gets_its_own_text_two_hours_before() -> None:
    assert plan_of(visit("2027-05-20 14:00")).when()["logistics"] == "2027-05-20 12:00"


def test_steps_across_a_clock_change_keep_their_time_of_day() -> None:
    plan = plan_of(visit("2027-03-16 14:00", on="2027-03-01 10:00"))
    assert plan.when() == {
        "welcome": "2027-03-01 10:00",
        "education": "2027-03-09 10:00",
        "safety": "2027-03-11 10:00",
        "confirm": "2027-03-13 10:00",
        "prepare": "2027-03-15 10:00",
        "logistics": "2027-03-16 12:00",
    }


@pytest.mark.parametrize("zone", ["America/Phoenix", "America/Santiago"])
def test_days_are_counted_in_the_clinics_zone(zone) -> None:
    plan = plan_of(visit("2027-09-06 14:00", on="2027-08-20 10:00", zone=zone), at_clinic=clinic(zone=zone))
    assert plan.when(zone)["prepare"] == "2027-09-05 10:00"
    assert plan.when(zone)["confirm"] == "2027-09-03 10:00"


def test_a_booking_at_night_is_welcomed_in_the_morning() -> None:
    assert plan_of(visit(on="2027-05-01 22:15")).when()["welcome"] == "2027-05-02 09:00"


def test_quiet_hours_of_a_patient_elsewhere_move_a_text_earlier_and_not_into_the_night() -> None:
    # 10:00 in New York is 04:00 in Honolulu; 20:00 the evening before is 02:00 in New York
    plan = plan_of(visit("2027-05-20 16:00"), of=patient(zone="Pacific/Honolulu"))
    assert plan.when("Pacific/Honolulu")["confirm"] == "2027-05-16 20:00"
    assert plan.when("Pacific/Honolulu")["prepare+logistics"] == "2027-05-18 20:00"
    assert plan.when("Pacific/Honolulu")["welcome"] == "2027-05-01 09:00"


def test_a_text_moved_out_of_the_night_never_goes_before_the_booking_was_known() -> None:
    # safety's 10:00 is 04:00 for the patient; the evening before, nobody had booked yet
    plan = plan_of(visit("2027-05-20 16:00", on="2027-05-15 08:00"), of=patient(zone="Pacific/Honolulu"))
    assert plan.when("Pacific/Honolulu")["safety"] == "2027-05-15 09:01"


# ------------------------------------------------------------------ late bookings

#: (time from the booking to a visit at noon, the texts, the tasks)
TIERS = [
    (timedelta(hours=168), {"welcome", "education", "safety", "confirm", "prepare", "logistics"}, set()),
    # with less than a week, the welcome carries the link that education would have brought
    (
        timedelta(hours=168, minutes=-1),
        {"welcome+education", "safety", "confirm", "prepare", "logistics"},
        set(),
    ),
    (timedelta(hours=77), {"welcome+education", "safety", "confirm", "prepare", "logistics"}, set()),
    (timedelta(hours=72), {"welcome+education", "safety", "confirm", "prepare", "logistics"}, set()),
    (timedelta(hours=72, minutes=-1), {"welcome+education", "safety", "prepare+confirm", "logistics"}, set()),
    (timedelta(hours=24), {"welcome+education", "safety", "prepare+confirm", "logistics"}, set()),
    (timedelta(hours=24, minutes=-1), {"welcome+confirm+prepare"}, {"screen_by_phone"}),
    (timedelta(hours=2), {"welcome+confirm+prepare"}, {"screen_by_phone"}),
    (timedelta(hours=2, minutes=-1), {"logistics+welcome"}, {"screen_by_phone"}),
    (timedelta(minutes=16), {"logistics+welcome"}, {"screen_by_phone"}),
]


@pytest.mark.parametrize(("lead", "texts", "tasks"), TIERS)
def test_the_less_time_is_left_the_fewer_texts_go(lead, texts, tasks) -> None:
    start = at("2027-05-20 12:00")
    appointment = replace(visit("2027-05-20 12:00"), booked_at=start - lead)
    plan = plan_of(appointment)
    # confirm's day may be past by then: prepare asks
    missing = {"confirm"} if lead < timedelta(hours=74) else set()
    if lead < timedelta(hours=170):
        missing |= {"education"}
    assert set(plan.steps) == (texts - missing if lead >= timedelta(hours=72) else texts)
    assert plan.tasks - {"safety_unanswered", "visit_status"} == tasks


@pytest.mark.parametrize(
    ("boundary", "below", "above"),
    [
        (24, ["welcome+confirm+prepare"], ["welcome+education", "safety"]),
        (2, ["logistics+welcome"], ["welcome+confirm+prepare"]),
        (72, ["welcome+education", "safety", "prepare+confirm"], ["welcome+education", "safety", "prepare"]),
    ],
)
def test_a_boundary_belongs_to_the_longer_lead(boundary, below, above) -> None:
    start = at("2027-05-20 12:00")
    for lead, first in ((boundary * 3600, above), (boundary * 3600 - 1, below)):
        plan = plan_of(replace(visit("2027-05-20 12:00"), booked_at=start - timedelta(seconds=lead)))
        assert list(plan.steps)[: len(first)] == first


def test_with_less_than_a_week_the_welcome_brings_the_link_and_the_rest_keeps_its_times() -> None:
    start = at("2027-05-20 12:00")
    plan = plan_of(replace(visit("2027-05-20 12:00"), booked_at=start - timedelta(hours=167)))
    assert plan.when()["welcome+education"] == "2027-05-13 13:00"
    assert plan.when()["safety"] == "2027-05-15 10:00"


def test_who_was_welcomed_already_gets_no_late_education() -> None:
    start = at("2027-05-20 12:00")
    late = replace(visit("2027-05-20 12:00"), booked_at=start - timedelta(hours=167))
    plan = plan_of(late, already=[sent("welcome", "2027-05-13 13:00", start)])
    assert plan.reason("education") == "late_booking"
    assert plan.when()["safety"] == "2027-05-15 10:00"


def test_a_step_of_the_dropped_tier_says_so() -> None:
    rule = LateBooking(under_hours=168, drop=frozenset({"education"}))
    dropping = replace(pathway(), late_booking=(rule,))
    plan = plan_of(replace(visit("2027-05-20 12:00"), booked_at=at("2027-05-13 13:00")), on=dropping)
    assert plan.reason("education") == "late_booking"
    assert plan.when()["welcome"] == "2027-05-13 13:00"


def test_a_patient_booked_for_tomorrow_gets_one_text() -> None:
    plan = plan_of(visit(on="2027-05-19 15:00"))
    assert plan.when() == {"welcome+confirm+prepare": "2027-05-19 15:00"}
    assert "screen_by_phone" in plan.tasks
    assert plan.reason("logistics") == plan.reason("safety") == plan.reason("education") == "late_booking"


def test_lead_counts_from_the_first_permitted_instant_and_not_from_the_booking() -> None:
    # booked at 21:00 for 10:30: thirteen hours, but only 90 minutes of them can be used
    plan = plan_of(visit("2027-05-20 10:30", on="2027-05-19 21:00"))
    assert plan.when() == {"logistics+welcome": "2027-05-20 09:00"}
    assert "screen_by_phone" in plan.tasks


def test_no_permitted_hour_left_means_the_task_only() -> None:
    plan = plan_of(visit("2027-05-20 08:30", on="2027-05-19 20:30"))
    assert plan.going == []
    assert "screen_by_phone" in plan.tasks
    assert plan.reason("welcome") == "no_permitted_hour"


def test_ten_minutes_before_the_visit_only_staff_can_help() -> None:
    plan = plan_of(visit("2027-05-20 14:00", on="2027-05-20 13:50"))
    assert plan.going == []
    assert plan.reason("logistics") == plan.reason("welcome") == "window_passed"
    assert "screen_by_phone" in plan.tasks


def test_booked_two_days_before_the_question_goes_now_and_the_reminder_the_day_before() -> None:
    plan = plan_of(visit(on="2027-05-18 14:00"))
    assert plan.when() == {
        "welcome+education": "2027-05-18 14:00",
        "safety": "2027-05-18 14:01",
        "prepare+confirm+logistics": "2027-05-19 10:00",
    }


def test_booked_the_day_before_at_noon_the_reminder_goes_now_too() -> None:
    plan = plan_of(visit("2027-05-20 14:00", on="2027-05-19 12:00"))
    assert plan.when() == {
        "welcome+education": "2027-05-19 12:00",
        "safety": "2027-05-19 12:01",
        "prepare+confirm": "2027-05-19 12:01",
        "logistics": "2027-05-20 12:00",
    }


def test_four_days_ahead_the_question_whose_day_has_passed_goes_at_once() -> None:
    plan = plan_of(visit(on="2027-05-16 13:00"))
    assert plan.when()["safety"] == "2027-05-16 13:01"
    assert plan_of(visit(on="2027-05-16 22:00")).when()["safety"] == "2027-05-17 09:01"


def test_one_question_at_a_time_so_a_confirm_whose_day_has_passed_is_left_to_prepare() -> None:
    plan = plan_of(visit("2027-05-20 14:00", on="2027-05-17 11:00"))
    assert plan.reason("confirm") == "asked_later"
    assert plan.when()["prepare"] == "2027-05-19 10:00"


def test_education_never_comes_late() -> None:
    plan = plan_of(visit("2027-05-20 16:00", on="2027-05-13 12:00"))
    assert plan.reason("education") == "late_booking"
    assert plan.when()["welcome"] == "2027-05-13 12:00"


def test_a_booking_learned_after_the_visit_asks_nobody_to_phone() -> None:
    plan = plan_of(visit(on="2027-05-25 10:00"))
    assert plan.going == []
    assert plan.tasks == {"visit_status"}
    late = plan_of(visit(), now="2027-05-25 10:00")
    assert late.going == []
    assert late.tasks <= {"visit_status", "safety_unanswered"}


# ------------------------------------------------------------------ windows


def test_past_its_window_a_text_is_left_out_and_a_must_becomes_a_task() -> None:
    plan = plan_of(visit(), now="2027-05-19 09:45")  # sending was on hold all the time
    assert plan.reason("education") == "window_passed"
    assert plan.reason("safety") == "window_passed"
    assert "screen_by_phone" in plan.tasks
    assert set(plan.steps) == {"welcome", "confirm", "prepare+logistics"}


def test_a_step_that_rode_with_one_past_its_window_shares_the_reason() -> None:
    plan = plan_of(visit(), now="2027-05-20 08:00")
    assert plan.reason("prepare") == plan.reason("logistics") == "window_passed"
    assert {"phone_instead", "screen_by_phone"} <= plan.tasks


# ------------------------------------------------------------------ what is not repeated, what is not asked

SENT = [
    sent("welcome", "2027-05-01 10:00"),
    sent("education", "2027-05-13 10:00"),
    sent("safety", "2027-05-15 10:00"),
    sent("confirm", "2027-05-17 10:00"),
]


def test_what_was_sent_is_not_planned_again() -> None:
    plan = plan_of(visit(), already=SENT, now="2027-05-17 10:05")
    assert plan.when() == {"prepare+logistics": "2027-05-19 10:00"}
    assert {plan.reason(s) for s in ("welcome", "education", "safety", "confirm")} == {"already_sent"}
    assert plan.row("confirm").occasion == 0


def test_a_text_the_provider_could_not_deliver_is_not_sent_again_by_planning() -> None:
    failed = [replace(text, undelivered=True) for text in SENT]
    plan = plan_of(visit(), already=failed, now="2027-05-17 10:05")
    assert plan.when() == {"prepare+logistics": "2027-05-19 10:00"}


def test_confirmed_stops_the_asking() -> None:
    appointment = visit(confirmed=at(VISIT))
    plan = plan_of(appointment, already=SENT[:3], now="2027-05-16 10:05")
    assert plan.reason("confirm") == "already_confirmed"
    assert plan.row("prepare").goes
    merged = plan_of(visit(on="2027-05-18 14:00", confirmed=at(VISIT)))
    assert "prepare+logistics" in merged.steps


def test_a_confirmation_of_another_time_is_none() -> None:
    assert plan_of(visit(confirmed=at("2027-05-27 09:30"))).row("confirm").goes


def test_the_call_list_wants_an_answer_two_days_before() -> None:
    plan = plan_of(visit())
    assert local(plan.due("safety_unanswered")) == "2027-05-18 10:00"
    asked = [*SENT[:2], replace(SENT[2], answered=True)]
    assert "safety_unanswered" not in plan_of(visit(), already=asked, now="2027-05-16 10:00").tasks
    assert "safety_unanswered" in plan_of(visit(), already=SENT[:3], now="2027-05-16 10:00").tasks


def test_returning_within_months_there_is_no_education() -> None:
    plan = plan_of(visit(), of=patient(returning=True))
    assert plan.reason("education") == "returning"
    assert "welcome" in plan.steps


def test_a_changed_procedure_asks_the_safety_question_of_the_new_pathway() -> None:
    answered = [replace(text, pathway="epidural_steroid", answered=True) for text in SENT[:3]]
    plan = plan_of(visit(), already=answered, now="2027-05-16 10:00")
    assert plan.row("safety").goes
    assert plan.row("safety").occasion == 1
    assert plan.reason("welcome") == "already_sent"
    assert "safety_unanswered" in plan.tasks


def test_aftercare_waits_for_the_clinics_word_and_asks_for_it_at_the_end_of_the_day() -> None:
    plan = plan_of(visit("2027-05-20 14:00"))
    assert plan.reason("aftercare") == "not_yet"
    assert local(plan.due("visit_status")) == "2027-05-20 17:00"
    assert local(plan_of(visit("2027-05-20 16:30")).due("visit_status")) == "2027-05-20 17:30"
    reopened = plan_of(
        visit(moved_at=at("2027-05-20 12:00")), already=[*SENT, sent("aftercare", "2027-05-20 11:00")]
    )
    assert "visit_status" not in reopened.tasks


def test_logistics_outside_hours_with_prepare_already_sent_has_no_hour() -> None:
    gone = [*SENT, sent("prepare", "2027-05-19 10:00")]
    plan = plan_of(visit(), already=gone, now="2027-05-19 10:05")
    assert plan.reason("logistics") == "no_permitted_hour"


@pytest.mark.parametrize("status", ["booked", "arrived"])
def test_a_visit_on_the_same_day_before_this_one_carries_the_texts(status) -> None:
    plan = plan_of(visit(same_day=(other("2027-05-20 08:00", status),)))
    assert plan.going == []
    assert {row.reason for row in plan.rows} == {"one_chain"}


def other(start: str, status: str, done: str | None = None) -> SameDay:
    return SameDay(
        id=AppointmentId(2),
        start=at(start),
        status=Status(status),
        completed_at=at(done) if done else None,
    )


def test_two_visits_on_one_day_are_one_chain_and_one_aftercare_after_the_last() -> None:
    first = visit(same_day=(other("2027-05-20 14:00", "booked"),))
    assert plan_of(first).steps[0] == "welcome"
    half = replace(completed(), same_day=(other("2027-05-20 14:00", "booked"),))
    assert plan_of(half, already=SENT).reason("aftercare") == "not_yet"
    both = replace(completed(), same_day=(other("2027-05-20 14:00", "completed", "2027-05-20 14:40"),))
    plan = plan_of(both, already=SENT, now="2027-05-20 14:41")
    assert plan.when()["aftercare"] == "2027-05-20 15:40"
    second = replace(
        completed("2027-05-20 14:40", start="2027-05-20 14:00"),
        same_day=(other("2027-05-20 09:30", "completed", "2027-05-20 10:00"),),
    )
    assert plan_of(second, already=SENT).going == []


def test_when_the_first_of_two_visits_falls_away_the_second_carries_the_texts() -> None:
    for status in ("cancelled", "no_show"):
        plan = plan_of(visit("2027-05-20 14:00", same_day=(other("2027-05-20 09:30", status),)))
        assert "welcome" in plan.steps


def test_two_visits_done_after_hours_are_cared_for_next_morning_with_a_call() -> None:
    last = other("2027-05-20 19:00", "completed", "2027-05-20 20:20")
    plan = plan_of(replace(completed(), same_day=(last,)), already=SENT, now="2027-05-20 20:25")
    assert plan.when()["aftercare+check_in"] == "2027-05-21 09:00"
    assert "phone_instead" in plan.tasks


def test_a_pathway_of_its_own_shape_is_followed_too() -> None:
    """No merges declared, no late rules, an unrepeatable question: the domain knows no procedure."""
    steps = tuple(replace(step, repeatable=False) for step in pathway().steps)
    bare = replace(pathway(), steps=steps, late_booking=())
    gone = [*SENT, sent("prepare", "2027-05-19 10:00"), sent("logistics", "2027-05-19 10:00")]
    plan = plan_of(visit("2027-05-20 08:30", on="2027-05-19 21:00"), already=gone, on=bare)
    assert plan.going == []
    assert plan_of(visit(on="2027-05-19 15:00"), on=bare).steps[0] == "welcome"


def test_a_window_that_ends_before_the_first_permitted_hour_is_past() -> None:
    steps = tuple(
        replace(step, until=Window(anchor=Anchor.START, offset=Offset(minutes=-720))) if step.id == "welcome"
        else step
        for step in pathway().steps
    )  # fmt: skip
    plan = plan_of(visit("2027-05-20 18:00", on="2027-05-18 21:00"), on=replace(pathway(), steps=steps))
    assert plan.row("welcome").goes
