"""A booked visit becomes its texts on a real phone, each at its time, once."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def at(world):
    """Instants of a year that no other test uses: patient time never goes back."""
    year = world.new_year()
    return lambda month, day, hour, minute=0: datetime(year, month, day, hour, minute, tzinfo=NEW_YORK)


def clocks_change(year):
    """The second Sunday of March, when New York's clocks go forward."""
    first = date(year, 3, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7)


def received(world, phone):
    """(time label, first words) of every text the phone received."""
    return [
        (datetime.fromisoformat(text["shown_at"]).strftime("%m-%d %H:%M"), text["body"])
        for text in world.texts(phone)
    ]


def times(world, phone):
    return [when for when, _ in received(world, phone)]


def test_the_usual_course_crosses_a_clock_change_and_every_text_comes_once_at_its_time(world, at):
    phone = "+12125550111"
    sunday = clocks_change(at(3, 1, 9).year)

    def on(days, hour, minute=0):
        day = sunday + timedelta(days=days)
        return at(day.month, day.day, hour, minute)

    world.now(on(-11, 9, 5))
    world.event("booked", "usual", on(-11, 9, 5), phone=phone, start=on(1, 14, 30))
    world.run_to(on(1, 15))
    world.event("completed", "usual", on(1, 15), procedure={"done": True, "injectate": "steroid"})
    world.run_to(on(19, 9))

    assert times(world, phone) == [
        moment.strftime("%m-%d %H:%M")
        for moment in (
            on(-11, 9, 5),  # welcome
            on(-6, 10),  # education
            on(-4, 10),  # safety
            on(-2, 10),  # confirm
            on(0, 10),  # prepare: still ten o'clock, though the clocks changed that night
            on(1, 12, 30),  # logistics
            on(1, 16),  # aftercare
            on(2, 10),  # check_in
            on(4, 10),  # movement
            on(15, 10),  # outcome
        )
    ]
    bodies = [body for _, body in received(world, phone)]
    assert len(set(bodies)) == len(bodies)
    assert f"Monday, March {on(1, 9).day}, 2:30 PM" in bodies[3]
    assert "911" in bodies[6]
    story = world.visit("usual")
    assert {message["state"] for message in story["messages"]} == {"delivered"}


def test_a_moved_visit_is_told_once_and_its_later_texts_follow_it(world, at):
    phone = "+12125550112"
    world.now(at(4, 5, 9))
    world.event("booked", "moved", at(4, 5, 9), phone=phone, language="es", start=at(4, 15, 11))
    world.run_to(at(4, 13, 12))
    before = len(world.texts(phone))
    world.event("rescheduled", "moved", at(4, 13, 12), start=at(4, 20, 16))
    world.run_to(at(4, 20, 16))

    after = received(world, phone)[before:]
    # the old confirmation was never answered, so the new time is asked for again, and so is safety
    assert [when for when, _ in after] == [
        "04-13 12:10",  # moved
        "04-15 10:00",  # safety, unanswered before
        "04-17 10:00",  # confirm
        "04-19 10:00",  # prepare
        "04-20 14:00",  # logistics
    ]
    assert "20 de abril" in after[0][1]
    assert not any("15 de abril" in body for _, body in after)


def test_a_cancelled_visit_ends_with_one_acknowledgement(world, at):
    phone = "+12125550113"
    world.now(at(5, 3, 9))
    world.event("booked", "cancelled", at(5, 3, 9), phone=phone, start=at(5, 14, 11))
    world.run_to(at(5, 6, 12))
    before = len(world.texts(phone))
    world.event("cancelled", "cancelled", at(5, 6, 12), reason="patient")
    world.event("cancelled", "cancelled", at(5, 6, 12), reason="patient")
    world.run_to(at(5, 20, 12))
    assert times(world, phone)[before:] == ["05-06 12:10"]


def test_answers_are_echoed_and_stop_ends_everything(world, at):
    phone = "+12125550114"
    world.now(at(6, 1, 9))
    world.event("booked", "answers", at(6, 1, 9), phone=phone, start=at(6, 10, 11))
    world.run_to(at(6, 7, 10, 30))
    world.reply(phone, "1")
    world.until(lambda: "Noted" in world.texts(phone)[-1]["body"])
    assert world.visit("answers")["confirmed"]
    world.settle()
    world.reply(phone, "Stop.")
    world.until(lambda: "START" in world.texts(phone)[-1]["body"])
    count = len(world.texts(phone))
    world.run_to(at(6, 25, 12))
    assert len(world.texts(phone)) == count
    reasons = {m["reason"] for m in world.visit("answers")["messages"] if m["state"] == "skipped"}
    assert "opted_out" in reasons


def test_an_event_delivered_twice_and_out_of_order_changes_nothing(world, at):
    phone = "+12125550115"
    world.now(at(7, 1, 9))
    world.event("cancelled", "tombstone", at(7, 1, 9) + timedelta(minutes=1))
    world.event("booked", "tombstone", at(7, 1, 9), phone=phone, start=at(7, 12, 11))
    world.event("booked", "tombstone", at(7, 1, 9), phone=phone, start=at(7, 12, 11))
    world.run_to(at(7, 13, 9))
    assert world.texts(phone) == []
    assert world.visit("tombstone")["status"] == "cancelled"
