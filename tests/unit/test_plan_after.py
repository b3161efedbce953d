"""After a completed visit: aftercare at the edge of the day, the later texts, and what was not done."""

from __future__ import annotations

import pytest
from unit.builders import completed, local, patient, plan_of, sent

WELCOME = sent("welcome", "2027-05-01 10:00")
AFTERNOON = "2027-05-20 14:00"


def test_the_chain_after_a_visit() -> None:
    plan = plan_of(completed("2027-05-20 10:00"), already=[WELCOME])
    assert plan.when() == {
        "aftercare": "2027-05-20 11:00",
        "check_in": "2027-05-21 10:00",
        "movement": "2027-05-23 10:00",
        "outcome": "2027-06-03 10:00",
    }
    assert local(plan.row("aftercare").until) == "2027-05-21 20:00"


@pytest.mark.parametrize(
    ("done", "texts", "phone"),
    [
        ("2027-05-20 18:59", {"aftercare": "2027-05-20 19:59"}, False),
        ("2027-05-20 19:00", {"aftercare": "2027-05-20 20:00"}, False),
        ("2027-05-20 19:01", {"aftercare": "2027-05-20 19:01"}, False),  # + 1 h is too late: at once
        ("2027-05-20 20:00", {"aftercare": "2027-05-20 20:00"}, False),
        ("2027-05-20 20:01", {"aftercare+check_in": "2027-05-21 09:00"}, True),
        ("2027-05-20 07:30", {"aftercare": "2027-05-20 09:00"}, True),  # 08:30 is too early, 07:30 too
        ("2027-05-20 08:00", {"aftercare": "2027-05-20 09:00"}, False),
    ],
)
def test_aftercare_at_the_edge_of_the_day(done, texts, phone) -> None:
    plan = plan_of(completed(done, start="2027-05-20 07:00"), already=[WELCOME])
    assert {step: when for step, when in plan.when().items() if "aftercare" in step} == texts
    assert ("phone_instead" in plan.tasks) is phone
    assert plan.reason("check_in") == ("merged_into" if "aftercare+check_in" in texts else None)


@pytest.mark.parametrize(
    ("learned", "when"),
    [
        ("2027-05-20 15:30", "2027-05-20 15:30"),
        ("2027-05-20 10:30", "2027-05-20 11:00"),
        ("2027-05-20 22:30", "2027-05-21 09:00"),
        ("2027-05-21 08:00", "2027-05-21 09:00"),
        ("2027-05-21 18:00", "2027-05-21 18:00"),
    ],
)
def test_a_completion_learned_late_is_followed_as_soon_as_permitted(learned, when) -> None:
    plan = plan_of(completed("2027-05-20 10:00", learned=learned), already=[WELCOME])
    assert local(plan.row("aftercare").due) == when


def test_learned_after_the_window_a_person_phones_and_the_later_texts_still_help() -> None:
    plan = plan_of(completed("2027-05-20 10:00", learned="2027-05-21 20:01"), already=[WELCOME])
    assert plan.reason("aftercare") == "window_passed"
    assert "phone_instead" in plan.tasks
    assert {"check_in", "movement", "outcome"} == set(plan.steps)


def test_learned_weeks_later_only_staff_can_help() -> None:
    plan = plan_of(completed("2027-05-20 10:00", learned="2027-06-15 10:00"), already=[WELCOME])
    assert plan.going == []
    assert {plan.reason(s) for s in ("aftercare", "check_in", "movement", "outcome")} == {"window_passed"}


def test_check_in_keeps_three_hours_from_aftercare_or_rides_with_it() -> None:
    close = plan_of(completed("2027-05-20 20:30"), already=[WELCOME])
    assert close.steps == ["aftercare+check_in", "movement", "outcome"]
    apart = plan_of(completed("2027-05-20 10:00", learned="2027-05-20 16:00"), already=[WELCOME])
    assert "check_in" in apart.steps


def test_aftercare_that_was_delayed_moves_check_in() -> None:
    gone = [WELCOME, sent("aftercare", "2027-05-21 09:30", tells=None)]
    plan = plan_of(completed("2027-05-20 10:00"), already=gone, now="2027-05-21 09:31")
    assert plan.when()["check_in"] == "2027-05-21 12:30"


def test_what_went_is_not_planned_again() -> None:
    gone = [WELCOME, sent("aftercare", "2027-05-21 09:00", merged=("check_in",))]
    plan = plan_of(completed("2027-05-20 20:30"), already=gone, now="2027-05-21 09:01")
    assert plan.steps == ["movement", "outcome"]


def test_a_first_contact_after_the_visit_says_who_writes() -> None:
    assert plan_of(completed("2027-05-20 10:00")).steps[0] == "aftercare+welcome"
    night = plan_of(completed("2027-05-20 20:30")).when()
    assert night["aftercare+welcome"] == "2027-05-21 09:00"
    assert night["check_in"] == "2027-05-21 12:00"  # three hours apart, where that much cannot be one text


def test_without_its_aftercare_a_stranger_gets_no_later_text() -> None:
    plan = plan_of(completed("2027-05-20 10:00", learned="2027-05-22 09:00"))
    assert plan.going == []
    assert plan.reason("aftercare") == "window_passed"
    assert plan.reason("movement") == "nothing_sent_yet"
    assert "phone_instead" in plan.tasks


def test_not_done_means_no_aftercare_and_a_task() -> None:
    plan = plan_of(completed(fields={"procedure.done": False}), already=[WELCOME])
    assert plan.going == []
    assert {plan.reason(step) for step in ("aftercare", "check_in", "movement", "outcome")} == {"not_done"}
    assert plan.tasks == {"not_done"}


@pytest.mark.parametrize("done", [True, None])
def test_done_or_unknown_the_chain_goes(done) -> None:
    assert "aftercare" in plan_of(completed(fields={"procedure.done": done}), already=[WELCOME]).steps


def test_the_texts_before_a_visit_end_with_it() -> None:
    plan = plan_of(completed(), already=[WELCOME])
    assert {plan.reason(step) for step in ("education", "safety", "confirm", "prepare", "logistics")} == {
        "completed"
    }


def test_days_after_a_visit_cross_a_clock_change_at_ten() -> None:
    plan = plan_of(
        completed("2027-11-05 11:00", start="2027-11-05 10:00", on="2027-10-01 10:00"), already=[WELCOME]
    )
    assert plan.when()["movement"] == "2027-11-08 10:00"


def test_a_patient_elsewhere_is_cared_for_in_their_own_hours() -> None:
    honolulu = patient(zone="Pacific/Honolulu")
    plan = plan_of(completed("2027-05-20 10:00"), already=[WELCOME], of=honolulu)
    assert local(plan.row("aftercare").due, "Pacific/Honolulu") == "2027-05-20 09:00"
