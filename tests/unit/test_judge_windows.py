"""The judge's calendar: no text before its cause or its time, none after its window."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from unit.judge_story import BEA, BOTH, FRIDAY, THURSDAY, begun, two_of_a_day

from sms_service.chaos.judge.evidence import FLIGHT_S
from sms_service.chaos.judge.words import step_named
from sms_service.chaos.world import QUICK
from sms_service.provider.twilio import MAX_PAUSE_S

#: The last minute of each text's window, for a visit on Thursday at 14:00 that was completed at 14:45.
LAST = {
    "welcome": "2027-05-13 12:00",
    "education": "2027-05-08 10:00",
    "safety": "2027-05-12 14:05",
    "confirm": "2027-05-12 10:00",
    "prepare": "2027-05-13 12:00",
    "logistics": "2027-05-13 13:45",
    "aftercare": "2027-05-14 20:00",
    "check_in": "2027-05-15 20:00",
    "movement": "2027-05-18 20:00",
    "outcome": "2027-06-03 20:00",
}


def a_minute_after(wall):
    return (datetime.fromisoformat(wall) + timedelta(minutes=1)).isoformat()


@pytest.mark.parametrize(("step", "last"), LAST.items())
def test_a_text_may_come_in_the_last_minute_of_its_window_and_not_in_the_next(step, last) -> None:
    def story(wall):
        begin = begun()
        if step_named(step).after:
            begin.at("2027-05-13 14:45").event("completed", "V1")
        # the hour of the day is another promise
        begin.changes["open_hours"] = (0, 24)
        return begin.at(wall).text(step)

    assert story(last).broken() == []
    assert story(a_minute_after(last)).broken() == ["late"]


def test_notices_have_windows_too() -> None:
    moved = begun().text("welcome").event("rescheduled", "V1", FRIDAY)
    assert moved.at("2027-05-14 13:01").text("moved").broken() == ["late"]
    off = begun().text("welcome").event("cancelled", "V1")
    assert off.at("2027-05-13 14:01").text("cancelled").broken() == ["late"]
    absent = begun().text("welcome").at("2027-05-13 15:00").event("no_show", "V1")
    assert absent.at("2027-05-17 10:01").text("no_show").broken() == ["late"]


def test_a_text_that_lists_two_times_has_the_window_of_the_first() -> None:
    story = two_of_a_day().at("2027-05-13 10:45").text("logistics", "V1", *BOTH)
    assert story.broken() == []
    assert two_of_a_day().at("2027-05-13 10:46").text("logistics", "V1", *BOTH).broken() == ["late"]


def test_a_text_has_the_window_of_the_time_it_names_and_not_of_a_later_one() -> None:
    story = begun().at("2027-05-13 12:01").event("rescheduled", "V1", FRIDAY)
    story.text("prepare", "V1", THURSDAY, at=story.posted[-1].answered + 1)
    assert story.broken() == ["late"]


def test_a_text_may_be_under_way_hardly_longer_than_the_service_allows() -> None:
    allowed = MAX_PAUSE_S + float(QUICK["SMS_PROVIDER_TIMEOUT_S"])
    assert allowed < FLIGHT_S <= allowed + 2


def test_a_text_that_was_under_way_when_its_window_ended_is_not_late() -> None:
    story = begun().at("2027-05-13 12:00").at("2027-05-13 13:00", rest=1)
    moved = story.clock[-1][0]
    story.text("prepare", at=moved + FLIGHT_S - 0.01)
    assert story.broken() == []
    story.texts[-1] = replace(story.texts[-1], at=moved + FLIGHT_S)
    assert story.broken() == ["late"]


def test_a_completion_counts_from_when_it_happened_and_not_from_when_it_was_told() -> None:
    story = begun().at("2027-05-14 11:00")
    story.event("completed", "V1", version=story.clock[-1][1].replace(day=13))
    assert story.at("2027-05-15 10:00").text("aftercare").broken() == ["late"]


# causes


def test_nothing_goes_after_a_visit_before_it_was_completed() -> None:
    for step in ("aftercare", "check_in", "movement", "outcome"):
        assert begun().at("2027-05-13 16:00").text(step).broken() == ["late"]


def test_nothing_says_that_a_visit_moved_or_was_missed_which_was_not() -> None:
    assert begun().text("welcome").at("2027-05-04 10:00").text("moved").broken() == ["late"]
    assert begun().text("welcome").at("2027-05-14 10:00").text("no_show").broken() == ["late"]


def test_nothing_says_that_a_visit_is_cancelled_which_was_not() -> None:
    assert begun().text("welcome").at("2027-05-04 10:00").text("cancelled").broken() == [
        "after cancellation",
        "late",
    ]


def test_a_cause_counts_from_the_moment_its_event_was_first_posted() -> None:
    story = begun().at("2027-05-13 15:00")
    first = story.real
    story.event("completed", "V1", answered=first + 50).text("aftercare", at=first)
    assert story.broken() == []
    story.texts[-1] = replace(story.texts[-1], at=first - 0.01)
    assert story.broken() == ["late"]


def test_a_text_for_a_booking_that_was_never_accepted_comes_too_early() -> None:
    story = begun()
    story.posted = [replace(story.posted[0], clinic="riverside", visit="V9")]
    story.visit("V9", phone=BEA)
    assert story.text("welcome").broken() == ["late"]


#: A day (or for what follows a visit a moment) before anything could have put the text there.
EARLY = {
    "education": "2027-05-05 09:59",
    "safety": "2027-05-07 09:59",
    "confirm": "2027-05-09 09:59",
    "prepare": "2027-05-11 09:59",
    "logistics": "2027-05-12 11:59",
    "check_in": "2027-05-14 09:59",
    "movement": "2027-05-16 09:59",
    "outcome": "2027-05-27 09:59",
}


@pytest.mark.parametrize(("step", "wall"), EARLY.items())
def test_a_text_does_not_come_long_before_its_time(step, wall) -> None:
    def story(wall):
        begin = begun("2027-05-03 09:00")
        if step_named(step).after:
            begin.at("2027-05-13 14:45").event("completed", "V1")
        return begin.at(wall).text(step)

    assert story(wall).broken() == ["late"]
    assert story(a_minute_after(wall)).broken() == []
