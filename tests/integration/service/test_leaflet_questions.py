"""Where texts may not say what a visit is for, the page asks; a tap there counts as if it were texted."""

import re
import threading
from datetime import timedelta

import pytest
from integration.service.test_leaflet import booked, page_words, seen, web  # noqa: F401 - a fixture
from integration.service.world import at

from sms_service.store.story import message_story
from sms_service.use_cases.answer_on_page import Took, answer_on_page

QUESTION = re.compile(r'name="question" value="(\d+)"')
OPTIONS = re.compile(r'type="radio" name="answer" value="(\d+)"')


@pytest.fixture
def private(world, web):  # noqa: F811 - the fixture of that name
    """A clinic whose texts say nothing of the visit's kind, and a visit in the afternoon."""
    world.home = world.clinic(privacy=0)
    world.web = web
    world.token = booked(world, start="2027-05-20T14:00:00")
    return world


def page(world, query=""):
    return world.web.get(f"/l/{world.token}{query}")


def asked(world):
    """The question of the page, by the message that opened it."""
    found = QUESTION.search(page(world).text)
    return int(found[1]) if found else None


def answer(world, digit, question=None, query=""):
    form = {"question": str(question or asked(world))} | ({} if digit is None else {"answer": str(digit)})
    return world.web.post(f"/l/{world.token}/answer{query}", data=form)


def to_safety(world):
    world.run_to(at("2027-05-15 10:05"))
    assert world.message("safety").sent_at is not None


def to_check_in(world):
    world.run_to(at("2027-05-20 13:00"))
    world.set(at("2027-05-20 14:30"))
    world.say("completed", procedure={"done": True}, time=world.now)
    world.run_to(at("2027-05-21 10:05"))
    assert world.message("check_in").sent_at is not None


def test_no_text_says_what_the_visit_is_for_and_the_page_does(private):
    texts = [request.body for request in private.run_to(at("2027-05-20 13:00"))]
    assert len(texts) >= 5
    assert not [text for text in texts if re.search("inject|trigger|needle|medicine", text, re.IGNORECASE)
                and "Injection Guide" not in text]  # fmt: skip
    assert "thin needle" in seen(page(private))


def test_before_a_text_asked_nothing_is_asked(private):
    private.run()
    assert asked(private) is None
    assert 'id="question"' not in page(private).text


def test_the_safety_question_is_asked_answered_and_acted_on(private):
    to_safety(private)
    shown = page(private)
    assert "Is any of this true for you?" in seen(shown)
    assert OPTIONS.findall(shown.text) == ["1", "2"]
    question = asked(private)
    assert question == private.message("safety").id
    back = answer(private, 2, query="?lang=en")
    assert (back.status_code, back.headers["location"]) == (303, f"../{private.token}?lang=en#question")
    assert "cache-control" in back.headers
    assert private.message("safety").answer == 2
    assert "safety_yes" in private.tasks("open", "scheduled")
    assert private.run() == []  # the page says it, no text does
    words = seen(page(private))
    assert "Noted: you answered 2, yes. A nurse will call you." in words
    assert asked(private) is None


def test_an_answer_is_stored_as_a_reply_that_came_from_the_page(private):
    to_safety(private)
    answer(private, 1)
    (reply,) = private.all("SELECT * FROM replies")
    assert (reply.source, reply.answer, reply.intents) == ("page", 1, ["answer"])
    assert reply.message_id == private.message("safety").id
    with private.service.db.transaction([private.home.clinic_id]) as connection:
        story = message_story(connection, private.service.keys, reply.message_id)
        (echo,) = private.all("SELECT id FROM messages WHERE cause = 'reply'")
        said = message_story(connection, private.service.keys, echo.id)
    assert [one["source"] for one in story["replies"]] == ["page"]
    assert (said["state"], said["reason"]) == ("skipped", "on_page")


def test_a_double_tap_counts_once_and_the_first_answer_stands(private):
    to_safety(private)
    question = asked(private)
    assert answer(private, 1, question).status_code == 303
    again = answer(private, 2, question)
    assert again.status_code == 303
    assert private.message("safety").answer == 1
    assert private.one("SELECT count(*) FROM replies") == 1
    assert "safety_yes" not in private.tasks("open", "scheduled")
    assert "you answered 1" in seen(private.web.get(f"/l/{again.headers['location'].removeprefix('../')}"))


def test_two_taps_at_the_same_moment_count_once(private):
    to_safety(private)
    question, took = asked(private), []
    start = threading.Barrier(4)

    def tap(digit):
        start.wait()
        took.append(answer_on_page(private.service, private.token, question, digit))

    threads = [threading.Thread(target=tap, args=(digit,)) for digit in (2, 2, 1, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(took) == sorted([Took.TAKEN, Took.CLOSED, Took.CLOSED, Took.CLOSED])
    assert private.one("SELECT count(*) FROM replies") == 1


def test_a_texted_digit_does_not_answer_what_only_the_page_asks(private):
    to_safety(private)
    private.reply("1")
    assert private.message("safety").answer is None
    assert "read_reply" in private.tasks()
    assert asked(private) is not None


def test_a_question_that_a_text_asks_is_on_the_page_too_and_either_answer_closes_it(private):
    private.run_to(at("2027-05-17 10:05"))
    shown = page(private)
    assert page_words("ask_confirm") in seen(shown)
    private.reply("1")
    assert private.one("SELECT confirmed IS NOT NULL FROM appointments")
    assert page_words("ask_confirm") not in seen(page(private))
    # the question before it is still open, and comes back
    assert "Is any of this true for you?" in seen(page(private))


def test_confirming_on_the_page_drives_the_pathway_as_a_text_does(private):
    private.run_to(at("2027-05-17 10:05"))
    answer(private, 1)
    assert private.one("SELECT confirmed = starts_at FROM appointments")
    assert "Noted: you are coming." in seen(page(private))
    answer(private, 2, private.message("safety").id)
    assert "safety_yes" in private.tasks("open", "scheduled")


def test_who_says_they_come_to_a_time_that_moved_meanwhile_is_read_by_a_person(private):
    private.run_to(at("2027-05-17 10:05"))
    question = asked(private)
    private.say("rescheduled", start="2027-05-25T11:00:00", time=private.now)
    assert asked(private) != question
    answer(private, 1, question)
    assert not private.one("SELECT confirmed IS NOT NULL FROM appointments")
    assert "read_reply" in private.tasks()


def test_after_the_visit_the_page_asks_how_they_are_and_then_for_the_pain(private):
    to_check_in(private)
    assert page_words("ask_check_in") in seen(page(private))
    answer(private, 1)
    shown = page(private)
    assert "you feel fine" in seen(shown)
    assert page_words("ask_pain") in seen(shown)
    assert OPTIONS.findall(shown.text) == [str(number) for number in range(11)]
    answer(private, 9)
    assert "pain 9 of 10" in seen(page(private))
    assert "worried" in private.tasks("open", "scheduled")
    assert private.message("check_in").answer == 1
    assert asked(private) is None


def test_the_pain_question_that_the_page_said_in_a_texts_words_takes_a_texted_number(private):
    to_check_in(private)
    answer(private, 1)
    assert private.reply("3") == "answer"
    assert asked(private) is None


def test_a_form_that_was_sent_empty_is_asked_again(private):
    to_safety(private)
    back = answer(private, None)
    assert back.headers["location"].endswith("?said=choose#question")
    assert page_words("choose_one") in seen(page(private, "?said=choose"))
    for wrong in ("0", "3", "99", "-1", "one", "１", "9" * 30):
        assert answer(private, wrong).headers["location"].endswith("?said=choose#question")
    assert private.one("SELECT count(*) FROM replies") == 0


def test_a_question_whose_time_is_over_is_closed(private):
    to_safety(private)
    question = asked(private)
    private.say("cancelled", reason="patient")
    assert asked(private) is None
    assert answer(private, 1, question).headers["location"].endswith("?said=closed#question")
    assert page_words("question_closed") in seen(page(private, "?said=closed"))


def test_anothers_question_cannot_be_answered_with_ones_own_link(private):
    to_safety(private)
    first, mine = private.token, asked(private)
    private.say("booked", "V2", "P2", phone="+12605550199")
    private.run_to(at("2027-05-15 11:00"))
    private.token = None
    from integration.service.test_leaflet import token_of  # noqa: PLC0415 - beside its use

    private.token = token_of(private, "V2", "P2")
    assert answer(private, 1, mine).headers["location"].endswith("said=closed#question")
    assert private.message("safety").answer is None
    private.token = first
    assert asked(private) == mine


def test_the_answer_does_not_stay_on_a_page_that_others_may_open_later(private):
    to_safety(private)
    answer(private, 2)
    private.set(private.now + timedelta(hours=1, minutes=1))
    assert "you answered 2" not in seen(page(private))


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"a=" * 5000, b"question=1&answer=1&" * 30])
def test_a_body_that_is_no_form_changes_nothing(private, body):
    to_safety(private)
    assert private.web.post(f"/l/{private.token}/answer", content=body).status_code == 303
    assert private.web.post("/l/nothing/answer", content=body).status_code == 404
    assert private.one("SELECT count(*) FROM replies") == 0


def test_where_texts_ask_themselves_the_page_does_not(world, web):  # noqa: F811
    world.web, world.token = web, booked(world, start="2027-05-20T14:00:00")
    world.run_to(at("2027-05-15 10:05"))
    assert world.message("safety").question == "safety"
    assert asked(world) is None


def test_a_question_that_was_put_to_the_page_stays_there_when_the_clinic_says_more_in_texts(private):
    to_safety(private)
    private.clinic(privacy=1)
    assert asked(private) == private.message("safety").id
