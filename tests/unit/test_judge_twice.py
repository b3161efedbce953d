"""The judge counts: no text more often than the visits of its phone explain."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.judge_story import BOTH, FRIDAY, THURSDAY, USUAL, begun, message, two_of_a_day, usual

from sms_service.chaos.judge.words import step_named

ONCE = [what for _, what in USUAL if what and what != "completed" and step_named(what).once]


@pytest.mark.parametrize("step", ONCE)
def test_one_more_copy_of_a_text_is_one_too_many(step) -> None:
    story = usual()
    number = [what for _, what in USUAL if what not in {None, "completed"}].index(step)
    copy = story.texts[number]
    story.texts.append(replace(copy, sid="SMagain", at=copy.at + 30))
    story.listed["V1"].append(message(step, "delivered"))
    assert story.broken() == ["twice"]


@pytest.mark.parametrize("step", ["safety", "confirm"])
def test_a_second_question_for_one_time_is_one_too_many(step) -> None:
    story = begun().at("2027-05-10 10:00").text(step).at("2027-05-10 11:00")
    assert story.broken() == []
    assert story.text(step).broken() == ["twice"]


def test_a_visit_that_is_on_again_at_its_old_time_explains_no_second_safety_question() -> None:
    story = begun().at("2027-05-10 10:00").text("safety").event("cancelled", "V1")
    story.at("2027-05-10 11:00").event("booked", "V1", THURSDAY).at("2027-05-10 12:00")
    assert story.broken() == []
    assert story.text("safety").broken() == ["twice"]


def test_a_question_for_a_time_the_visit_moved_to_may_be_asked_again_but_only_once() -> None:
    story = begun().at("2027-05-10 10:00").text("confirm").event("rescheduled", "V1", FRIDAY).wait()
    assert story.text("confirm").broken() == []
    assert story.at("2027-05-10 11:00").text("confirm").broken() == ["twice"]


def test_a_question_is_not_asked_again_before_the_visit_came_back_to_that_time() -> None:
    story = begun().at("2027-05-10 10:00").text("confirm").at("2027-05-10 11:00").text("confirm")
    story.at("2027-05-10 12:00").event("rescheduled", "V1", FRIDAY).event("rescheduled", "V1", THURSDAY)
    assert story.broken() == ["twice"], "what happens later explains nothing"


def test_a_second_notice_of_one_move_or_one_cancellation_is_one_too_many() -> None:
    moved = begun().text("welcome").event("rescheduled", "V1", FRIDAY).text("moved").at("2027-05-03 10:00")
    assert moved.broken() == []
    assert moved.text("moved").broken() == ["twice"]
    off = begun().text("welcome").event("cancelled", "V1").text("cancelled").at("2027-05-03 10:00")
    assert off.broken() == []
    assert off.text("cancelled").broken() == ["twice"]


def test_a_text_of_another_kind_that_does_the_same_work_again_is_one_too_many() -> None:
    prepared = begun().at("2027-05-12 10:00").text("prepare, logistics").at("2027-05-13 12:00")
    assert prepared.text("logistics").broken() == ["twice"]
    cared = begun().at("2027-05-13 15:00").event("completed", "V1").at("2027-05-14 10:00")
    assert cared.text("aftercare, check_in").at("2027-05-14 13:00").text("check_in").broken() == ["twice"]


def test_a_second_welcome_in_other_words_is_one_too_many() -> None:
    story = begun().text("welcome").at("2027-05-13 10:00").text("welcome at once")
    assert story.broken() == ["twice"]
    assert begun().text("welcome").at("2027-05-11 10:00").text("welcome at once").broken() == ["twice"]


def test_a_text_that_goes_once_for_a_visit_does_not_go_again_when_it_moves() -> None:
    story = begun().at("2027-05-12 10:00").text("prepare").event("rescheduled", "V1", FRIDAY)
    assert story.at("2027-05-13 10:00").text("prepare").broken() == ["twice"]


def test_the_same_words_twice_at_the_same_moment_are_one_too_many_even_when_the_visit_was_there_before() -> (
    None
):
    story = begun().event("rescheduled", "V1", FRIDAY).event("rescheduled", "V1", THURSDAY)
    story.at("2027-05-10 10:00").text("confirm")
    assert story.broken() == []
    assert story.text("confirm").broken() == ["twice"]


def test_two_visits_that_share_a_text_explain_no_second_one() -> None:
    story = two_of_a_day().text("prepare", "V1", *BOTH)
    assert story.at("2027-05-12 11:00").text("prepare", "V1", *BOTH).broken() == ["twice"]


def test_a_visit_that_did_not_take_place_explains_no_text_after_another_that_did() -> None:
    story = begun().event("booked", "V2", "2027-05-13 11:00").at("2027-05-13 15:00").event("completed", "V1")
    story.at("2027-05-14 10:00").text("check_in").at("2027-05-14 13:00").text("check_in", "V2")
    assert story.broken() == ["twice"]
