"""Moves, cancellations, reinstatements and missed visits: what the patient is told, and how often."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.builders import VISIT, at, patient, plan_of, sent, visit

from sms_service.domain.appointment import SameDay
from sms_service.domain.event import Status
from sms_service.domain.ids import AppointmentId

B, C = "2027-06-10 14:00", "2027-06-17 14:00"
WELCOME = sent("welcome", "2027-05-01 10:00")
EDUCATION = sent("education", "2027-05-13 10:00")
SAFETY = sent("safety", "2027-05-15 10:00", answered=True)
CONFIRM = sent("confirm", "2027-05-17 10:00")
PREPARE = sent("prepare", "2027-05-19 10:00", merged=("logistics",))


def moved(to: str = B, when: str = "2027-05-17 12:00", **changes):
    return visit(to, moved_at=at(when), **changes)


def test_a_move_settles_for_ten_minutes_and_the_later_steps_follow_the_new_date() -> None:
    plan = plan_of(moved(), already=[WELCOME, EDUCATION, SAFETY, CONFIRM])
    assert plan.when() == {
        "moved": "2027-05-17 12:10",
        "confirm": "2027-06-07 10:00",
        "prepare": "2027-06-09 10:00",
        "logistics": "2027-06-10 12:00",
    }
    assert plan.row("confirm").occasion == 1
    assert all(row.told == at(B) for row in plan.going)


def test_nothing_told_yet_means_nothing_to_correct() -> None:
    plan = plan_of(moved(when="2027-05-01 09:30", on="2027-05-01 06:00"))
    assert plan.reason("moved") == "nothing_sent_yet"
    assert plan.when()["welcome"] == "2027-05-01 09:30"
    pending = replace(WELCOME, pending=True, own=False)
    assert plan_of(moved(), already=[pending]).reason("moved") == "nothing_sent_yet"


def test_a_visit_that_never_moved_has_no_notice() -> None:
    assert not [row for row in plan_of(visit(), already=[WELCOME]).rows if row.step == "moved"]


def test_back_to_what_was_told_while_settling_is_nothing() -> None:
    plan = plan_of(moved(VISIT), already=[WELCOME, EDUCATION, SAFETY, CONFIRM])
    assert plan.reason("moved") == "back_to_told"
    assert plan.reason("confirm") == "already_sent"
    assert plan.steps == ["prepare+logistics"]


def test_there_and_back_again_after_the_patient_was_told_is_two_notices_and_a_new_question() -> None:
    told = [WELCOME, EDUCATION, SAFETY, CONFIRM, sent("moved", "2027-05-17 12:10", B)]
    back = plan_of(moved(VISIT, "2027-05-17 15:00"), already=told)
    assert back.row("moved").goes
    assert back.row("moved").occasion == 1
    assert "confirm" in back.row("moved").merged or back.row("confirm").goes
    assert back.row("confirm").goes  # asked before the detour: that answer is about another plan


def test_after_the_notice_went_planning_again_adds_none() -> None:
    told = [WELCOME, EDUCATION, SAFETY, CONFIRM, sent("moved", "2027-05-17 12:10", B)]
    plan = plan_of(moved(), already=told, now="2027-05-17 12:11")
    assert not [row for row in plan.rows if row.step == "moved"]
    assert plan.when()["confirm"] == "2027-06-07 10:00"


@pytest.mark.parametrize("step", ["moved", "cancelled"])
def test_a_notice_that_could_not_be_delivered_does_not_go_round_in_circles(step) -> None:
    failed = sent(step, "2027-05-17 12:10", B, undelivered=True)
    if step == "moved":
        plan = plan_of(moved(), already=[WELCOME, failed], now="2027-05-17 12:20")
    else:
        appointment = visit(status="cancelled", ended_at=at("2027-05-17 12:00"))
        plan = plan_of(appointment, already=[WELCOME, failed], now="2027-05-17 12:20")
    assert not [row for row in plan.rows if row.step == step and row.goes]


def test_a_second_move_after_an_undelivered_notice_is_told_under_a_new_occasion() -> None:
    failed = sent("moved", "2027-05-17 12:10", B, undelivered=True)
    plan = plan_of(moved(C, "2027-05-18 12:00"), already=[WELCOME, failed])
    assert plan.row("moved").goes
    assert plan.row("moved").occasion == 1


def test_a_move_at_night_is_told_in_the_morning() -> None:
    plan = plan_of(moved(when="2027-05-17 19:55"), already=[WELCOME])
    assert plan.when()["moved"] == "2027-05-18 09:00"


def test_a_move_that_can_no_longer_be_told_in_time_is_told_by_phone() -> None:
    plan = plan_of(moved("2027-05-18 09:45", "2027-05-17 21:00"), already=[WELCOME])
    assert plan.reason("moved") == "window_passed"
    assert "phone_instead" in plan.tasks


# ------------------------------------------------------------------ safety after a move


@pytest.mark.parametrize(
    ("to", "answered", "again"),
    [
        ("2027-06-10 14:00", True, False),  # 26 days old at the new visit
        ("2027-06-14 09:59", True, False),  # not over 30 days old
        ("2027-06-14 14:00", True, True),
        ("2027-06-10 14:00", False, True),
    ],
)
def test_the_safety_question_is_asked_again_when_old_or_unanswered(to, answered, again) -> None:
    asked = [WELCOME, EDUCATION, replace(SAFETY, answered=answered)]
    plan = plan_of(moved(to), already=asked)
    assert plan.row("safety").goes is again
    assert ("safety_unanswered" in plan.tasks) is again


def test_asked_again_for_the_new_visit_it_is_not_asked_a_third_time() -> None:
    twice = [WELCOME, replace(SAFETY, answered=False), sent("safety", "2027-06-05 10:00", B, occasion=1)]
    plan = plan_of(moved(), already=[*twice, sent("moved", "2027-05-17 12:10", B)], now="2027-06-05 10:01")
    assert plan.reason("safety") == "already_sent"
    assert plan.row("safety").occasion == 1
    assert "safety_unanswered" in plan.tasks


# ------------------------------------------------------------------ moved into each tier


def test_moved_far_ahead_the_question_follows_its_usual_day() -> None:
    assert plan_of(moved(C), already=[WELCOME, SAFETY]).when()["confirm"] == "2027-06-14 10:00"


def test_moved_to_the_end_of_the_week_the_notice_itself_asks() -> None:
    # confirm's day has passed, prepare was sent already: the notice is the one text left to ask
    plan = plan_of(moved("2027-05-23 11:00", "2027-05-20 10:30"), already=[WELCOME, SAFETY, CONFIRM, PREPARE])
    assert plan.steps[0] == "moved+confirm"


def test_moved_to_the_day_after_tomorrow_it_is_asked_in_the_notice_or_with_prepare() -> None:
    fresh = plan_of(moved("2027-05-19 14:00"), already=[WELCOME, SAFETY])
    assert fresh.steps == ["moved", "prepare+confirm", "logistics"]
    prepared = plan_of(
        moved("2027-05-22 14:00", "2027-05-20 12:00"), already=[WELCOME, SAFETY, CONFIRM, PREPARE]
    )
    assert prepared.steps == ["moved+confirm"]


def test_moved_to_tomorrow_nobody_is_welcomed_twice() -> None:
    plan = plan_of(moved("2027-05-18 11:00"), already=[WELCOME, SAFETY])
    assert plan.steps == ["moved", "prepare+confirm"]
    assert plan.reason("welcome") == "already_sent"
    assert plan.reason("logistics") == "late_booking"


def test_moved_to_within_two_hours_the_way_is_told_and_staff_phone() -> None:
    plan = plan_of(moved("2027-05-17 13:45"), already=[WELCOME, replace(SAFETY, answered=False)])
    assert plan.steps == ["moved", "logistics"]
    assert "screen_by_phone" in plan.tasks


def test_the_tier_does_not_change_once_the_notice_went() -> None:
    # 19:55 + 10 minutes is after hours: the lead counts from 09:00, before and after the notice
    appointment = moved("2027-05-19 08:30", "2027-05-17 19:55")
    waiting = plan_of(appointment, already=[WELCOME, SAFETY])
    told = [WELCOME, SAFETY, sent("moved", "2027-05-18 09:00", "2027-05-19 08:30")]
    later = plan_of(appointment, already=told, now="2027-05-18 09:00")
    assert waiting.steps == ["moved", *later.steps]


def test_prepared_early_for_a_patient_elsewhere_is_not_asked_twice() -> None:
    # confirm's day had passed when the visit was booked; prepare asked at 20:00 in Honolulu
    start = "2027-05-20 16:00"
    gone = [sent("welcome", "2027-05-17 17:00", start), sent("prepare", "2027-05-19 02:00", start)]
    plan = plan_of(
        visit(start, on="2027-05-17 11:00"),
        already=gone,
        of=patient(zone="Pacific/Honolulu"),
        now="2027-05-19 02:01",
    )
    assert plan.reason("confirm") == "asked_later"


# ------------------------------------------------------------------ cancelled


def cancelled(when: str = "2027-05-17 12:00", reason: str | None = None, **changes):
    return visit(status="cancelled", ended_at=at(when), fields={"reason": reason}, **changes)


def test_a_cancellation_is_acknowledged_once_after_it_settled() -> None:
    plan = plan_of(cancelled(), already=[WELCOME])
    assert plan.when() == {"cancelled": "2027-05-17 12:10"}
    assert plan.row("cancelled").told == at(VISIT)
    told = [WELCOME, sent("cancelled", "2027-05-17 12:10")]
    assert plan_of(cancelled(), already=told).going == []
    assert {row.reason for row in plan_of(cancelled(), already=told).rows} == {"cancelled"}


@pytest.mark.parametrize("reason", [None, "patient", "clinic"])
def test_nothing_was_sent_so_nothing_is_acknowledged(reason) -> None:
    assert plan_of(cancelled(reason=reason)).reason("cancelled") == "nothing_sent_yet"


def test_a_cancellation_with_a_new_booking_is_a_move() -> None:
    old = plan_of(cancelled(replaced=True), already=[WELCOME])
    assert old.reason("cancelled") == "rebooked"
    assert old.going == []
    before = [replace(text, own=False) for text in (WELCOME, SAFETY)]
    new = plan_of(visit(B, on="2027-05-17 12:04"), already=before)
    assert new.steps[0] == "moved"
    assert new.when()["moved"] == "2027-05-17 12:14"
    assert new.reason("welcome") == "already_sent"


def test_rebooked_for_the_very_same_time_nobody_notices() -> None:
    before = [replace(text, own=False) for text in (WELCOME, SAFETY, CONFIRM)]
    new = plan_of(visit(on="2027-05-17 12:04"), already=before)
    assert new.reason("moved") == "back_to_told"
    assert new.steps == ["prepare+logistics"]


def test_a_second_visit_of_the_day_is_no_move_of_the_first() -> None:
    standing = SameDay(id=AppointmentId(2), start=at("2027-05-20 14:00"), status=Status.BOOKED)
    before = [replace(WELCOME, own=False, start=standing.start)]
    plan = plan_of(visit(on="2027-05-17 12:04", same_day=(standing,)), already=before)
    assert not [row for row in plan.rows if row.step == "moved"]


def test_a_night_cancellation_of_an_early_visit_is_told_by_phone() -> None:
    plan = plan_of(cancelled("2027-05-19 21:00", start="2027-05-20 08:30"), already=[WELCOME])
    assert plan.reason("cancelled") == "window_passed"
    assert "phone_instead" in plan.tasks


def test_a_cancellation_learned_after_the_visit_asks_nobody_to_phone() -> None:
    plan = plan_of(cancelled("2027-05-21 12:00"), already=[WELCOME])
    assert plan.going == []
    assert plan.tasks == set()


@pytest.mark.parametrize(
    ("reason", "already", "why", "tasks"),
    [
        ("deceased", [WELCOME], "deceased", set()),
        ("entered_in_error", [], "entered_in_error", set()),
        ("entered_in_error", [WELCOME], "entered_in_error", {"texted_in_error"}),
    ],
)
def test_some_cancellations_are_silent(reason, already, why, tasks) -> None:
    plan = plan_of(cancelled(reason=reason), already=already)
    assert plan.going == []
    assert {row.reason for row in plan.rows} == {why}
    assert plan.tasks == tasks


def test_on_again_is_told_once_and_then_asked() -> None:
    off = [
        WELCOME,
        EDUCATION,
        SAFETY,
        sent("confirm", "2027-05-17 10:00"),
        sent("cancelled", "2027-05-17 11:00"),
    ]
    on = plan_of(moved(VISIT, "2027-05-17 13:00"), already=off)
    assert on.row("moved").goes
    assert on.row("confirm").goes
    told = [*off, sent("moved", "2027-05-17 13:10")]
    later = plan_of(moved(VISIT, "2027-05-17 13:00"), already=told, now="2027-05-17 13:11")
    assert later.row("confirm").goes or later.reason("confirm") == "asked_later"
    assert later.reason("confirm") != "already_sent"


def test_reinstated_while_settling_nobody_notices() -> None:
    plan = plan_of(moved(VISIT, "2027-05-17 12:05"), already=[WELCOME, SAFETY, CONFIRM])
    assert plan.reason("moved") == "back_to_told"


def test_cancelled_again_after_it_was_on_again_is_told_again() -> None:
    told = [WELCOME, sent("cancelled", "2027-05-10 12:00"), sent("moved", "2027-05-11 12:00")]
    plan = plan_of(cancelled(), already=told)
    assert plan.row("cancelled").goes
    assert plan.row("cancelled").occasion == 1


# ------------------------------------------------------------------ no-show


def missed(when: str = "2027-05-20 17:30"):
    return visit(status="no_show", ended_at=at(when))


def test_one_kind_text_the_day_after_a_missed_visit() -> None:
    plan = plan_of(missed(), already=[WELCOME])
    assert plan.when() == {"no_show": "2027-05-21 10:00"}
    assert plan.reason("aftercare") == "no_show"
    assert plan_of(missed(), already=[WELCOME, sent("no_show", "2027-05-21 10:00")]).going == []


def test_never_texted_before_is_no_moment_to_begin() -> None:
    assert plan_of(missed()).reason("no_show") == "nothing_sent_yet"


@pytest.mark.parametrize(("when", "goes"), [("2027-05-24 09:59", True), ("2027-05-24 10:01", False)])
def test_over_three_days_late_it_is_dropped(when, goes) -> None:
    plan = plan_of(missed(when), already=[WELCOME])
    assert plan.row("no_show").goes is goes
    assert "phone_instead" not in plan.tasks


def test_a_reopened_visit_drops_it() -> None:
    plan = plan_of(moved(VISIT, "2027-05-20 18:00"), already=[WELCOME])
    assert not [row for row in plan.rows if row.step == "no_show"]


def test_that_another_visit_of_the_day_is_off_does_not_ask_again_whether_they_come() -> None:
    afternoon = "2027-05-20 15:30"
    already = [
        WELCOME,
        sent("confirm", "2027-05-17 10:00"),
        sent("cancelled", "2027-05-17 11:10", start=afternoon, own=False),
    ]
    plan = plan_of(visit(), already=already, now="2027-05-17 12:00")
    assert plan.reason("confirm") == "already_sent"
    assert "moved" not in plan.steps
