"""Nothing waits for ever: what no receipt tells, and what only a person can settle, ends in words."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from integration.service.world import ADDRESS, ANA, BEN, NOW, FakeProvider, event, sid

from sms_service.domain.outcome import OutcomeClass
from sms_service.domain.request import Trace
from sms_service.store.story import message_story
from sms_service.use_cases import reconcile as reconcile_module
from sms_service.use_cases.close_silent import close_silent
from sms_service.use_cases.guard_restore import guard_restore, reconcile_since
from sms_service.use_cases.step_time import quiet

UNKNOWN = {"outcome": OutcomeClass.UNKNOWN, "http_status": 503}


def sent(world, *visits):
    for number, visit in enumerate(visits or ("V1",), start=1):
        world.say("booked", visit, f"P{number}")
    world.run()


def unknown(world, *visits, **said):
    world.provider.always = UNKNOWN
    sent(world, *visits, **said)
    requests, world.provider = world.provider.sent, FakeProvider()
    return requests


def age(world, hours):
    world.do("UPDATE attempts SET committed_at = committed_at - make_interval(hours => %s)", hours)


def trace(number, body="", **said):
    values = {"sender": ADDRESS, "status": "delivered", "created_at": datetime.now(UTC), "to": ANA} | said
    return Trace(sid=sid(number), body=body, **values)


# ---- no receipt


@pytest.mark.parametrize("status", ["queued", "sending", "sent"])
def test_a_text_without_a_final_receipt_is_closed_after_three_days_and_why_says_so(world, status):
    sent(world)
    if status != "queued":
        world.receipt(world.attempt().id, status)
    age(world, 71)
    assert close_silent(world.service) == 0
    age(world, 2)
    assert close_silent(world.service) == 1
    assert close_silent(world.service) == 0
    assert world.states()["welcome"] == ("sent", "delivery_unknown")
    with world.service.db.transaction([world.home.clinic_id]) as connection:
        story = message_story(connection, world.service.keys, world.message("welcome").id)
    assert "never said whether it arrived" in story["explanation"]
    assert story["log"][-1]["what"] == "closed"


@pytest.mark.parametrize("status", ["delivered", "undelivered"])
def test_a_receipt_that_comes_after_all_still_counts(world, status):
    sent(world)
    age(world, 100)
    close_silent(world.service)
    world.receipt(world.attempt().id, status, 30007 if status == "undelivered" else None)
    assert world.message("welcome").state == status
    assert world.message("welcome").reason != "delivery_unknown"


def test_a_closed_text_is_not_waited_for(world):
    sent(world)
    assert quiet(world.service)[0] is False
    age(world, 100)
    close_silent(world.service)
    assert quiet(world.service)[0] is True


def test_a_delivered_text_is_not_closed(world):
    sent(world)
    world.receipt(world.attempt().id, "delivered")
    age(world, 1000)
    assert close_silent(world.service) == 0


# ---- for a person


def test_what_was_handed_over_is_said_in_words_and_not_waited_for(world):
    unknown(world)
    world.do("UPDATE senders SET obfuscated = true")
    assert quiet(world.service)[0] is False
    assert world.reconcile() == {"handed_over": 1}
    assert world.states()["welcome"] == ("unknown", "untraceable")
    assert quiet(world.service)[0] is True


def test_what_was_handed_over_is_never_sent_again(world):
    unknown(world)
    world.do("UPDATE senders SET obfuscated = true")
    world.reconcile()
    world.set(NOW + timedelta(hours=8))
    assert all(world.message("welcome").id not in batch.messages for batch in world.tick())


def test_an_unknown_text_is_still_waited_for(world):
    unknown(world)
    assert quiet(world.service)[0] is False


# ---- several clinics, one number


def shared(world):
    """Unknown texts of two clinics to one number, seconds apart."""
    other = world.clinic("hill")
    world.say("booked", "V1", "P1")
    world.take(event("booked", "V2", "P2"), other)
    world.provider.always = UNKNOWN
    world.run()
    requests, world.provider = world.provider.sent, FakeProvider()
    assert len(requests) == 2
    return requests


def test_one_redacted_trace_of_two_clinics_texts_sends_neither_again(world):
    shared(world)
    world.provider.listed = [trace(1)]
    assert world.reconcile() == {"found": 1, "handed_over": 1}
    assert world.provider.asked == [ANA]
    assert world.run() == []


def test_redacted_traces_are_enough_for_the_texts_of_two_clinics(world):
    shared(world)
    world.provider.listed = [trace(1), trace(2)]
    assert world.reconcile() == {"found": 2}


def test_a_text_waits_while_a_younger_one_could_have_made_the_same_trace(world):
    shared(world)
    oldest = world.one("SELECT min(id) FROM attempts")
    world.do("UPDATE attempts SET committed_at = committed_at - interval '11 minutes' WHERE id = %s", oldest)
    world.do("UPDATE attempts SET committed_at = committed_at - interval '9 minutes' WHERE id <> %s", oldest)
    assert world.reconcile(seconds=600) == {}
    assert world.provider.asked == []
    world.do("UPDATE attempts SET committed_at = committed_at - interval '2 minutes'")
    assert world.reconcile(seconds=600) == {"sent_again": 2}


def test_a_number_that_one_clinic_changed_is_told_by_the_other(world):
    requests = shared(world)
    world.say("patient", None, phone=BEN)
    world.provider.listed = [trace(n, request.body) for n, request in enumerate(requests, start=1)]
    assert world.reconcile() == {"found": 2}


# ---- after a restore


def learn(world, since=NOW - timedelta(days=400)):
    counts = asyncio.run(reconcile_since(world.service, world.provider, since, world.now))
    return {name: count for name, count in counts.items() if count}


def test_a_round_in_which_everything_went_to_people_is_not_the_last(world, monkeypatch):
    monkeypatch.setattr(reconcile_module, "_NUMBERS", 1)
    guard_restore(world.service)
    world.say("booked", "V1", "P1")
    world.say("booked", "V2", "P2", phone=BEN)
    world.provider.always = UNKNOWN
    world.run()
    requests, world.provider = world.provider.sent, FakeProvider()
    world.say("patient", None, "P1", phone="+12605550199")  # V1's number cannot be told any more
    (bens,) = [request for request in requests if request.to == BEN]
    world.provider.listed = [trace(1, bens.body)]
    assert learn(world) == {"handed_over": 1, "found": 1}
    assert world.message("welcome", "V2").state == "delivered"


def test_a_text_that_was_due_before_the_snapshot_and_left_after_it_is_not_sent_again(world):
    """It waited for its turn while the copy was made."""
    world.say("booked")
    world.set(NOW + timedelta(minutes=5))
    world.provider.listed = [trace(1, status="sent")]
    assert learn(world, since=datetime.now(UTC) - timedelta(seconds=1)) == {"already_sent": 1}
    assert world.run() == []


def test_a_trace_of_one_clinic_is_not_taken_for_the_text_of_another_that_was_due_later(world):
    """Both wait, one was sent: the one whose turn was first is taken for sent, and the other goes."""
    other = world.clinic("hill")
    world.take(event("booked", "V2", "P2"), other)
    world.set(NOW + timedelta(minutes=1))
    world.say("booked", "V1", "P1")
    world.set(NOW + timedelta(minutes=5))
    world.provider.listed = [trace(1, status="sent")]
    assert learn(world) == {"already_sent": 1}
    assert world.message("welcome", "V2").state == "sent"
    assert world.message("welcome", "V1").sent_at is None


def test_what_the_provider_answered_a_patient_is_not_taken_for_a_text_of_ours(world):
    world.say("booked")
    world.set(NOW + timedelta(minutes=5))
    world.provider.listed = [trace(1, direction="outbound-reply")]
    assert learn(world) == {}
    assert len(world.run()) == 1
