"""What the judge says of single texts: unreadable, for a wrong time or a visit that is off, out of hours."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.judge_story import (
    ANA,
    BEA,
    BOTH,
    CHICAGO,
    FRIDAY,
    LOS_ANGELES,
    NEW_YORK,
    SENDERS,
    THURSDAY,
    USUAL,
    begun,
    message,
    two_of_a_day,
    usual,
    when,
)

from sms_service.chaos.judge.evidence import FLIGHT_S, Owner
from sms_service.chaos.judge.rules import violations

# what keeps every promise


def test_a_whole_visit_breaks_nothing() -> None:
    assert usual(plain=True).broken() == []
    assert usual().broken() == []


def test_a_move_there_and_back_with_a_word_about_each_breaks_nothing() -> None:
    story = begun().text("welcome").at("2027-05-10 10:00").text("confirm")
    story.event("rescheduled", "V1", FRIDAY).text("moved").at("2027-05-10 15:00")
    story.event("rescheduled", "V1", THURSDAY).text("moved").at("2027-05-10 16:00").text("confirm")
    assert story.broken() == []


def test_a_cancelled_visit_that_is_on_again_breaks_nothing() -> None:
    story = begun().text("welcome").at("2027-05-10 10:00").text("confirm").event("cancelled", "V1")
    story.text("cancelled").at("2027-05-11 10:00").event("booked", "V1", THURSDAY).text("on again")
    assert story.text("confirm").broken() == []


def test_a_visit_booked_hours_ahead_and_one_booked_at_the_last_minute_break_nothing() -> None:
    assert (
        begun("2027-05-13 10:00").text("welcome at once").at("2027-05-13 12:00").text("logistics").broken()
        == []
    )
    assert (
        begun("2027-05-11 15:00")
        .text("welcome")
        .text("safety")
        .at("2027-05-12 10:00")
        .text("prepare")
        .broken()
        == []
    )


def test_no_show_and_its_text_break_nothing() -> None:
    story = begun().text("welcome").at("2027-05-13 15:00").event("no_show", "V1")
    assert story.at("2027-05-14 10:00").text("no_show").broken() == []


def test_two_visits_of_one_day_may_share_texts_that_list_both_times() -> None:
    story = two_of_a_day().text("prepare", "V1", *BOTH).at("2027-05-13 09:30").text("logistics", "V1", *BOTH)
    assert story.broken() == []


def test_two_patients_on_one_phone_have_a_text_each() -> None:
    story = begun().event("booked", "V2", "2027-05-13 11:00").text("welcome").text("welcome", "V2")
    story.at("2027-05-12 10:00").text("prepare").text("prepare", "V2")
    assert story.broken() == []


def test_a_text_that_failed_and_one_more_after_it_break_nothing() -> None:
    story = begun().text("welcome").at("2027-05-12 10:00").text("prepare", status="failed", listed=False)
    assert story.wait().text("prepare").broken() == []


# what the judge cannot read


def test_words_that_no_clinic_wrote_are_noticed() -> None:
    assert begun().text("See you soon").broken() == ["received"]
    assert begun().text("See you soon.\nWhen: {when}").broken() == ["received"], (
        "also when they name the time"
    )


# wrong times


def test_a_text_names_no_time_that_no_visit_of_the_phone_ever_had() -> None:
    for words in ("confirm", "prepare"):
        story = begun().at("2027-05-12 10:00" if words == "prepare" else "2027-05-10 10:00")
        assert story.text(words, "V1", "2027-05-13 14:30").broken() == ["wrong time"]
    assert begun().text("welcome").reply("1").text("noted", "V1", "2027-05-13 14:30").broken() == [
        "wrong time"
    ]


def test_a_text_may_name_a_superseded_time_only_as_long_as_it_may_be_under_way() -> None:
    def moved(after):
        story = begun().text("welcome").at("2027-05-12 10:00")
        answered = story.real + 0.1
        story.event("rescheduled", "V1", FRIDAY)
        return story.text("prepare", "V1", THURSDAY, at=answered + after)

    assert moved(FLIGHT_S).broken() == []
    assert moved(FLIGHT_S + 0.01).broken() == ["wrong time"]


def test_an_event_that_was_not_accepted_gives_a_visit_no_time() -> None:
    story = begun().text("welcome").at("2027-05-10 10:00")
    story.event("rescheduled", "V1", FRIDAY, answered=None, outcome=None)
    assert story.text("moved").broken() == ["planned", "wrong time"]


def test_a_time_is_superseded_only_by_younger_news() -> None:
    story = begun().text("welcome").at("2027-05-10 09:00").event("rescheduled", "V1", FRIDAY)
    story.at("2027-05-10 10:00")
    booked_at = story.clock[0][1]
    story.event("rescheduled", "V1", "2027-05-20 14:00", version=booked_at.replace(minute=30))
    assert story.text("confirm", "V1", FRIDAY).broken() == []
    assert story.text("moved", "V1", "2027-05-20 14:00").broken() == ["wrong time"]


def test_a_time_counts_from_the_moment_its_event_was_first_posted() -> None:
    story = begun().text("welcome").at("2027-05-12 10:00")
    first = story.real
    story.event("rescheduled", "V1", FRIDAY, answered=first + 50)
    story.text("moved", at=first)
    assert story.broken() == []
    story.texts[-1] = replace(story.texts[-1], at=first - 0.01)
    assert "wrong time" in story.broken()


def test_a_text_that_lists_two_times_is_wrong_when_one_of_them_is() -> None:
    story = two_of_a_day().text("prepare", "V1", "2027-05-13 11:00", "2027-05-13 15:30")
    assert story.broken() == ["wrong time"]


def test_a_text_that_must_say_when_says_so() -> None:
    story = begun().at("2027-05-12 10:00").text("Get ready for your injection visit.", listed=False)
    story.listed["V1"].append(message("prepare", "delivered"))
    assert story.broken() == ["wrong time"]


# cancellations


@pytest.mark.parametrize("step", ["welcome", "education", "safety", "confirm", "prepare", "logistics"])
def test_nothing_about_a_coming_visit_follows_its_cancellation(step) -> None:
    wall = next(wall for wall, what in USUAL if what == step)
    story = begun("2027-05-03 08:00").at(wall)
    answered = story.real + 0.1
    story.event("cancelled", "V1").text(step, at=answered + FLIGHT_S)
    assert story.broken() == []
    story.texts[-1] = replace(story.texts[-1], at=answered + FLIGHT_S + 0.01)
    assert story.broken() == ["after cancellation"]


def test_another_visit_of_the_phone_that_stands_excuses_no_text_about_the_one_that_is_off() -> None:
    story = begun().event("booked", "V2", "2027-05-13 11:00").event("cancelled", "V1").at("2027-05-12 10:00")
    assert story.text("prepare", "V2").broken() == []
    assert story.text("prepare", "V1").broken() == ["after cancellation"]
    for off in ("V1", "V2"):
        listed = two_of_a_day().event("cancelled", off).text("prepare", "V1", *BOTH)
        assert listed.broken() == ["after cancellation"]


def test_a_no_show_ends_what_comes_before_a_visit_too() -> None:
    story = begun().at("2027-05-13 12:00").event("no_show", "V1").text("logistics")
    assert story.broken() == ["after cancellation"]


def test_no_text_says_that_a_visit_is_off_which_is_on_again() -> None:
    story = begun().text("welcome").event("cancelled", "V1").at("2027-05-10 10:00")
    answered = story.real + 0.1
    story.event("booked", "V1", THURSDAY).text("cancelled", at=answered + FLIGHT_S)
    assert story.broken() == []
    story.texts[-1] = replace(story.texts[-1], at=answered + FLIGHT_S + 0.01)
    assert story.broken() == ["after cancellation"]


def test_an_older_booking_that_comes_later_does_not_put_a_visit_on_again() -> None:
    story = begun("2027-05-03 09:00").at("2027-05-10 10:00").event("cancelled", "V1")
    story.event("updated", "V1", THURSDAY, version=story.clock[0][1].replace(minute=30))
    assert story.text("confirm").broken() == ["after cancellation"]


# hours


@pytest.mark.parametrize(
    ("wall", "zone", "kept"),
    [
        ("2027-05-12 08:59", NEW_YORK, False),
        ("2027-05-12 09:00", NEW_YORK, True),
        ("2027-05-12 20:00", NEW_YORK, True),
        ("2027-05-12 20:01", NEW_YORK, False),
        ("2027-05-12 11:59", LOS_ANGELES, False),
        ("2027-05-12 12:00", LOS_ANGELES, True),
        ("2027-05-12 20:01", LOS_ANGELES, True),
        ("2027-05-12 09:59", CHICAGO, False),
    ],
)
def test_a_text_comes_between_nine_and_eight_where_the_patient_lives(wall, zone, kept) -> None:
    story = begun()
    story.owners[ANA] = Owner(zones=frozenset({zone}), clinics=frozenset({"riverside"}))
    assert story.at(wall).text("prepare").broken() == ([] if kept else ["outside hours"])


def test_whoever_shares_a_phone_may_be_texted_in_the_hours_of_either() -> None:
    story = begun()
    story.owners[ANA] = Owner(zones=frozenset({NEW_YORK, LOS_ANGELES}), clinics=frozenset({"riverside"}))
    story.at("2027-05-06 09:30").text("education")
    assert story.at("2027-05-12 22:00").text("prepare").broken() == []
    story.texts[-1] = replace(story.texts[-1], at=story.at("2027-05-12 23:01").real)
    assert story.broken() == ["outside hours"]


def test_a_text_under_way_at_eight_is_not_out_of_hours_but_a_later_one_is() -> None:
    story = begun().at("2027-05-12 19:30").at("2027-05-12 20:30", rest=1)
    moved = story.clock[-1][0]
    story.text("prepare", at=moved + FLIGHT_S - 0.01)
    assert story.broken() == []
    story.texts[-1] = replace(story.texts[-1], at=moved + FLIGHT_S)
    assert story.broken() == ["outside hours"]


# clinics


def test_a_phone_hears_from_no_number_but_its_own_clinics() -> None:
    story = begun().text("welcome", sender=SENDERS["hillside"], listed=False)
    assert story.broken() == ["wrong clinic"]
    assert begun().text("welcome", phone=BEA, listed=False).broken() == ["wrong clinic"]
    assert begun().text("welcome", sender="+12125550199", listed=False).broken() == ["wrong clinic"]


def test_a_text_through_the_number_of_the_other_clinic_of_a_shared_phone_is_noticed() -> None:
    story = begun()
    story.visit("V2", clinic="hillside")
    story.event("booked", "V2", "2027-05-13 11:00").at("2027-05-12 11:00").text("prepare", "V2")
    assert story.broken() == []
    story.texts[-1] = replace(story.texts[-1], sender=SENDERS["riverside"])
    assert story.broken() == ["lost", "status", "wrong time"]


def test_violations_name_no_phone_and_no_words() -> None:
    story = begun().text("Ana, see you soon").text("prepare", "V1", "2027-05-13 14:30", phone=BEA)
    said = " ".join(one.what for one in violations(story.evidence()))
    assert said
    for secret in (ANA, BEA, ANA[2:], "Ana", when("2027-05-13 14:30")):
        assert secret not in said
