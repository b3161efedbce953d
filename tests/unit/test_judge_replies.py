"""What the judge says of STOP and START, of either way to answer them, and of answers in general."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.judge_story import BEA, begun

from sms_service.chaos.judge.evidence import FLIGHT_S


def asked():
    """A visit whose patient was asked whether they come, at rest."""
    return begun().text("welcome").at("2027-05-10 10:00").text("confirm")


def test_an_answer_to_each_reply_breaks_nothing() -> None:
    story = asked().reply("1").text("noted").reply("HELP").text("help").reply("what now").text("unknown")
    assert story.broken() == []


def test_stop_with_its_one_confirmation_and_start_with_its_answer_break_nothing() -> None:
    story = asked().reply("STOP").text("opt_out").at("2027-05-11 10:00").reply("START").text("opt_in")
    assert story.at("2027-05-12 10:00").text("prepare").broken() == []


def test_stop_and_start_where_the_provider_answers_break_nothing() -> None:
    story = asked().reply("HELP").text("provider's help").text("help")
    story.reply("STOP").text("provider's stop").at("2027-05-11 10:00")
    story.reply("START").text("provider's start").text("opt_in")
    assert story.at("2027-05-12 10:00").text("prepare").broken() == []


def test_nothing_follows_stop_once_it_was_surely_taken_and_nothing_is_under_way() -> None:
    story = asked().at("2027-05-12 10:00").reply("STOP")
    taken = story.replies[-1].taken
    story.text("prepare", at=taken + FLIGHT_S)
    assert story.broken() == []
    story.texts[-1] = replace(story.texts[-1], at=taken + FLIGHT_S + 0.01)
    assert story.broken() == ["after opt-out"]


@pytest.mark.parametrize("word", ["STOP", "stop", " Stop "])
@pytest.mark.parametrize("words", ["prepare", "provider's help", "help"])
def test_whatever_follows_stop_is_noticed_answers_among_it(word, words) -> None:
    story = asked().reply("HELP").text("help").text("provider's help").reply("HELP")
    story.at("2027-05-12 10:00").reply("HELP").reply(word).wait().text(words)
    assert story.broken() == ["after opt-out"]


def test_a_second_confirmation_is_noticed_however_early_it_comes() -> None:
    story = asked().reply("STOP").text("opt_out").text("opt_out")
    assert story.broken() == ["after opt-out", "twice"]
    later = asked().reply("STOP").text("opt_out").reply("STOP").text("opt_out")
    assert later.broken() == ["after opt-out"]


def test_a_confirmation_of_ours_beside_the_providers_is_noticed() -> None:
    assert asked().reply("STOP").text("provider's stop").text("opt_out").broken() == ["after opt-out"]


def test_a_second_stop_does_not_begin_the_silence_anew() -> None:
    for taken in (None, asked().real + 10_000):
        story = asked().at("2027-05-12 10:00").reply("STOP").wait().reply("STOP", taken=taken)
        assert story.text("prepare").broken() == ["after opt-out"]


def test_a_stop_that_was_never_taken_silences_nobody() -> None:
    assert asked().at("2027-05-12 10:00").reply("STOP", taken=None).wait().text("prepare").broken() == []


def test_a_start_that_came_before_the_stop_was_taken_still_ends_its_silence() -> None:
    story = asked().at("2027-05-12 10:00").reply("STOP", taken=asked().real + 1000).reply("START")
    assert story.wait(2000).text("prepare").broken() == []


def test_start_ends_one_silence_and_not_the_next() -> None:
    story = asked().reply("STOP").at("2027-05-11 10:00").reply("START").at("2027-05-12 10:00").reply("STOP")
    assert story.text("opt_out").broken() == []
    assert story.wait().text("prepare").broken() == ["after opt-out"]


def test_stop_silences_its_own_phone_and_number_alone() -> None:
    story = begun().at("2027-05-12 10:00")
    story.visit("V2", phone=BEA)
    story.visit("V3", clinic="hillside")
    story.event("booked", "V2", "2027-05-13 14:00").event("booked", "V3", "2027-05-13 13:00")
    story.at("2027-05-12 11:00").reply("STOP").wait().text("prepare", "V2").text("prepare", "V3")
    assert story.broken() == []
    assert story.text("prepare").broken() == ["after opt-out"]


def test_other_words_than_stop_silence_nobody() -> None:
    story = asked().at("2027-05-12 10:00").reply("do not stop").wait().text("prepare")
    assert story.broken() == []


# answers


@pytest.mark.parametrize(("word", "answer"), [("STOP", "provider's stop"), ("HELP", "provider's help")])
def test_an_answer_in_the_same_millisecond_is_none_before_its_reply(word, answer) -> None:
    story = asked()
    story.real = float(int(story.real))
    story.reply(word, at=story.real + 0.0004).text(answer, at=story.real - 1)
    assert story.broken() == []
    story.texts[-1] = replace(story.texts[-1], at=story.texts[-1].at - 0.001)
    assert story.broken() == ["twice"]


def test_the_answer_to_start_in_the_same_millisecond_is_none_after_stop() -> None:
    story = asked().reply("STOP").text("provider's stop").at("2027-05-11 10:00")
    story.real = float(int(story.real))
    story.reply("START", at=story.real + 0.0004).text("provider's start", at=story.real - 1)
    assert story.broken() == []


@pytest.mark.parametrize(
    ("reply", "answer"),
    [("1", "noted"), ("HELP", "help"), ("START", "opt_in"), ("what", "unknown"), ("HELP", "provider's help")],
)
def test_a_second_answer_to_one_reply_is_one_too_many(reply, answer) -> None:
    story = asked().reply(reply).text(answer)
    assert story.broken() == []
    assert story.text(answer).broken() == ["twice"]


@pytest.mark.parametrize("answer", ["noted", "help", "opt_in", "opt_out", "unknown", "provider's stop"])
def test_an_answer_that_nobody_asked_for_is_one_too_many(answer) -> None:
    assert asked().text(answer).broken() == ["twice"]


def test_a_reply_of_one_kind_explains_no_answer_of_another() -> None:
    assert asked().reply("1").text("opt_in").broken() == ["twice"]
    assert asked().reply("1").text("help").broken() == ["twice"]
    assert asked().reply("HELP").text("noted").broken() == ["twice"]
    assert asked().reply("1").text("noted").text("unknown").broken() == ["twice"], "one answer, not two"


def test_a_reply_explains_no_answer_before_it_or_to_another_number() -> None:
    story = asked().text("noted").reply("1")
    assert story.broken() == ["twice"]
    assert asked().reply("1", to="hillside").text("noted").broken() == ["twice"]
    assert asked().reply("1", phone=BEA).text("noted").broken() == ["twice"]


def test_an_answer_may_come_at_any_hour_but_at_once() -> None:
    night = asked().at("2027-05-10 23:00").reply("1")
    assert night.text("noted").broken() == []
    later = asked().at("2027-05-10 22:00").reply("1").at("2027-05-10 22:30")
    assert later.text("noted").broken() == []
    assert asked().at("2027-05-10 22:00").reply("1").at("2027-05-10 22:31").text("noted").broken() == [
        "late answer"
    ]


def test_an_answer_counts_from_when_the_reply_was_surely_taken() -> None:
    story = asked().at("2027-05-10 22:00").reply("1", taken=None).at("2027-05-10 23:00").text("noted")
    assert story.broken() == []
    story.replies[-1] = replace(story.replies[-1], taken=story.real - 2)
    assert story.broken() == []
    story.replies[-1] = replace(story.replies[-1], taken=story.replies[-1].at + 2)
    assert story.broken() == ["late answer"]


def test_an_answer_under_way_when_the_clock_moved_is_not_late() -> None:
    story = asked().at("2027-05-10 22:00").reply("1").at("2027-05-10 23:00", rest=5)
    moved = story.clock[-1][0]
    story.text("noted", at=moved + FLIGHT_S - 0.01)
    assert story.broken() == []
    story.texts[-1] = replace(story.texts[-1], at=moved + FLIGHT_S)
    assert story.broken() == ["late answer"]


def test_a_reply_that_a_restored_database_heard_again_may_be_answered_then() -> None:
    story = asked().at("2027-05-10 22:00").reply("1")
    said = story.replies[-1].at
    story.at("2027-05-11 10:00").text("noted")
    assert story.broken() == ["late answer"]
    story.changes["restores"] = [(said - 10, story.real)]
    assert story.broken() == []
    story.changes["restores"] = [(story.real - 1, story.real)]
    assert story.broken() == ["late answer"], "it was known before the snapshot"
