"""Two a local day and five in rolling 168 hours; the least important drops, a must never."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from unit.builders import at, clinic, completed, patient, plan_of, sent, visit

WELCOME = sent("welcome", "2027-05-01 10:00")


def elsewhere(when: str, **changes):
    """A counted text of another visit of the same patient."""
    return sent("movement", when, own=False, same_chain=False, counts=True, **changes)


def test_on_a_full_day_the_text_drops_and_a_high_one_becomes_a_task() -> None:
    full = [elsewhere("2027-05-17 09:00"), elsewhere("2027-05-17 09:30")]
    plan = plan_of(visit(), already=full)
    assert plan.reason("confirm") == "cap_day"
    assert plan.tasks >= {"text_dropped"}
    assert plan.row("safety").goes  # a must is never blocked


def test_planned_texts_of_another_visit_count_and_undelivered_ones_do_not() -> None:
    for change, reason in (({"pending": True}, "cap_day"), ({"undelivered": True}, None)):
        full = [elsewhere("2027-05-17 09:00", **change), elsewhere("2027-05-17 09:30", **change)]
        assert plan_of(visit(), already=full).reason("confirm") == reason


def test_texts_that_do_not_count_take_no_place() -> None:
    full = [replace(elsewhere("2027-05-17 09:00"), counts=False)] * 3
    assert plan_of(visit(), already=full).row("confirm").goes


def test_a_dropped_low_text_is_no_task() -> None:
    full = [elsewhere("2027-05-13 09:00"), elsewhere("2027-05-13 09:30")]
    plan = plan_of(visit(), already=full)
    assert plan.reason("education") == "cap_day"
    assert "text_dropped" not in plan.tasks


def test_the_day_is_the_patients_own() -> None:
    # 10:00 and 14:30 in New York are the same day in Honolulu as 22:00 in New York the evening before
    honolulu = patient(zone="Pacific/Honolulu")
    full = [elsewhere("2027-05-16 23:00"), elsewhere("2027-05-17 01:00")]
    assert plan_of(visit(), already=full, of=honolulu).reason("confirm") == "cap_day"
    assert plan_of(visit(), already=full).row("confirm").goes


@pytest.mark.parametrize(("apart", "reason"), [(timedelta(0), None), (timedelta(seconds=1), "cap_week")])
def test_the_week_is_168_rolling_hours(apart, reason) -> None:
    # confirm on May 17 10:00: texts 168 hours before no longer count, one a second later does
    due = at("2027-05-17 10:00")
    oldest = replace(elsewhere("2027-05-01 10:00"), at=due - timedelta(hours=168) + apart)
    full = [oldest, *(elsewhere(f"2027-05-{day} 09:00") for day in (11, 12, 14, 15))]
    assert plan_of(visit("2027-05-20 19:30"), already=full).reason("confirm") == reason


def test_a_text_after_the_planned_ones_counts_against_them_too() -> None:
    later = [elsewhere(f"2027-05-{day} 12:00", pending=True) for day in (18, 21, 22, 22, 23)]
    assert plan_of(visit(), already=later).reason("confirm") == "cap_week"


def test_the_lowest_priority_drops_first() -> None:
    plan = plan_of(visit("2027-05-20 14:00"), at_clinic=clinic(texts_per_week=2))
    assert plan.reason("logistics") == "cap_week"
    assert plan.reason("education") == "cap_week"
    assert plan.row("confirm").goes
    assert plan.row("prepare").goes
    assert plan.row("welcome").goes


def test_a_dropped_carrier_takes_what_it_carried_along() -> None:
    full = [elsewhere("2027-05-19 09:00"), elsewhere("2027-05-19 09:30")]
    plan = plan_of(visit(), already=[WELCOME, *full])
    assert plan.reason("prepare") == plan.reason("logistics") == "cap_day"
    assert "text_dropped" in plan.tasks


def test_notices_and_musts_go_on_the_fullest_day() -> None:
    full = [WELCOME, *(elsewhere(f"2027-05-20 09:0{i}") for i in range(4))]
    assert plan_of(completed(), already=full).row("aftercare").goes
    early = visit("2027-05-20 15:00", status="cancelled", ended_at=at("2027-05-20 09:10"))
    assert plan_of(early, already=full).row("cancelled").goes
    missed = visit(status="no_show", ended_at=at("2027-05-20 12:00"))
    busy = [WELCOME, *(elsewhere(f"2027-05-21 09:0{i}") for i in range(4))]
    assert plan_of(missed, already=busy).row("no_show").goes
