"""A text that certainly reached nobody follows its visit; one that may have, or came too late, does not."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from integration.service.world import ADDRESS, ANA, BEN, NOW, at, event, sid

from sms_service.domain.outcome import OutcomeClass
from sms_service.domain.request import Trace

NEVER_LEFT = [
    {"outcome": OutcomeClass.NOT_POSTED},
    {"outcome": OutcomeClass.RETRY, "code": 20429},
    {"outcome": OutcomeClass.WAIT, "code": 30001},
    {"outcome": OutcomeClass.HALT, "code": 20003},
]


def tried(world, answer, step="welcome"):
    """One attempt at a step, and what the provider answered to it."""
    due = world.message(step).due
    if due > world.now:
        world.run_to(due - timedelta(minutes=1))
        world.set(due)
    world.provider.always = answer
    for batch in world.tick():
        world.send(batch)
    world.provider.always = None
    world.provider.sent.clear()
    world.do("UPDATE senders SET circuit_open_since = NULL, circuit_reason = NULL")


@pytest.mark.parametrize("answer", NEVER_LEFT)
def test_it_counts_as_never_sent(world, answer):
    world.say("booked")
    tried(world, answer)
    text = world.message("welcome")
    assert (text.state, text.sent_at, text.tells, text.question) == ("planned", None, None, None)


@pytest.mark.parametrize("answer", NEVER_LEFT)
def test_it_follows_its_visit_when_that_moves(world, answer):
    world.say("booked")
    tried(world, answer, "prepare")
    world.say("rescheduled", start="2027-06-10T09:30:00")
    world.run_to(at("2027-06-10 09:00"))
    assert world.states()["prepare"] == ("sent", None)
    assert world.message("prepare").told == at("2027-06-10 09:30")


@pytest.mark.parametrize("answer", NEVER_LEFT)
def test_it_follows_its_patient_to_a_new_number(world, answer):
    world.say("booked")
    tried(world, answer)
    world.say("patient", None, phone=BEN)
    world.run_to(world.now + timedelta(hours=2))
    assert world.message("welcome").state == "sent"
    assert {request.to for request in world.provider.sent} == {BEN}


def test_it_keeps_its_place_in_the_sequence(world):
    """No second row is made, and the welcome still goes before what it introduces."""
    world.say("booked")
    tried(world, {"outcome": OutcomeClass.RETRY, "code": 20429})
    row = world.message("welcome").id
    world.say("updated", location="L1")
    went = world.run_to(at("2027-05-18 12:00"))
    assert world.message("welcome").id == row
    assert "Injection Guide" in went[0].body
    assert world.message("welcome").state == "sent"


def test_what_may_have_left_is_not_given_to_another_number(world):
    world.say("booked")
    tried(world, {"outcome": OutcomeClass.SOFT, "code": 30003, "sid": sid(1)})
    assert world.message("welcome").sent_at is not None
    world.say("patient", None, phone=BEN)
    world.run_to(world.now + timedelta(hours=5))
    assert world.message("welcome").state == "skipped"


def test_a_text_that_left_once_is_not_forgotten_when_its_next_try_does_not(world):
    world.say("booked")
    tried(world, {"outcome": OutcomeClass.SOFT, "code": 30003, "sid": sid(1)})
    world.set(world.message("welcome").due)
    tried(world, {"outcome": OutcomeClass.NOT_POSTED})
    assert world.message("welcome").sent_at is not None


def test_a_late_text_that_someone_is_changing_is_not_claimed_in_place_of_another_to_its_number(world):
    """The tick cannot skip it now; it must neither go nor stand before the text that still may."""
    world.say("booked", "V1", "P1")
    world.say("booked", "V2", "P2", given="Ben")
    late = world.message("welcome", "V1").id
    world.do(
        "UPDATE messages SET state = 'ready', due = %s, until = %s WHERE id = %s",
        NOW - timedelta(hours=2),
        NOW - timedelta(hours=1),
        late,
    )
    with psycopg.connect(world.admin_url) as other:
        other.execute("SELECT 1 FROM messages WHERE id = %s FOR UPDATE", [late])
        (batch,) = world.tick()
    assert batch.messages == (world.message("welcome", "V2").id,)
    world.tick()
    assert world.states("V1")["welcome"] == ("skipped", "window_passed")


# ---- what is not this text's


def test_a_later_text_with_the_same_words_keeps_its_own_trace(world):
    """The first answer to HELP was lost on the way, the second arrived."""
    world.say("booked")
    world.run()
    world.provider.always = {"outcome": OutcomeClass.UNKNOWN}
    for _ in range(2):
        world.reply("help")
        world.run()
    first, second = world.all("SELECT id, body_hash FROM attempts WHERE state = 'unknown' ORDER BY id")
    assert first.body_hash == second.body_hash
    for one, minutes in ((first, 11), (second, 5)):
        world.do(
            "UPDATE attempts SET committed_at = clock_timestamp() - make_interval(mins => %s) WHERE id = %s",
            minutes,
            one.id,
        )
    listed = datetime.now(UTC) - timedelta(minutes=5)
    world.provider.listed = [
        Trace(
            sid=sid(77), sender=ADDRESS, body=world.provider.sent[-1].body, status="sent", created_at=listed
        )
    ]
    assert world.reconcile(seconds=600) == {"sent_again": 1}
    assert world.reconcile() == {"found": 1}
    assert world.one("SELECT id FROM attempts WHERE sid = %s", sid(77)) == second.id


def test_a_receipt_for_another_number_is_an_orphan(world):
    """An id that was given out again after a restore may come back in an old text's callback."""
    world.say("booked")
    (batch,) = world.tick()
    (request,), _ = world.fence(batch)
    assert world.receipt(request.attempt_id, "undelivered", 30005, of=sid(99), to=BEN) == "orphan"
    assert world.message("welcome").state == "sending"
    assert world.one("SELECT unusable_at FROM patients") is None
    assert world.tasks() == []
    assert world.receipt(request.attempt_id, "delivered", to=ANA) == "applied"
    assert world.message("welcome").state == "delivered"


def test_an_answer_that_says_the_number_opted_out_suppresses_it_at_once(world):
    """Created, and failed in the same breath."""
    world.say("booked")
    world.provider.always = {
        "outcome": OutcomeClass.ACCEPTED,
        "sid": sid(9),
        "status": "failed",
        "code": 21610,
    }
    world.run()
    world.provider.always = None
    assert world.states()["welcome"] == ("undelivered", "opted_out")
    assert (world.attempt().outcome, world.attempt().code) == ("opted_out", 21610)
    assert world.one("SELECT count(*) FROM suppressions WHERE lifted_at IS NULL") == 1
    assert world.run_to(at("2027-05-20 09:00")) == []


# ---- what an event says of somebody else, or says under a used id


def test_a_visit_handed_to_another_patient_gives_them_a_welcome(world):
    world.say("booked")
    world.run()
    world.say("booked", "V1", "P2", given="Ben", phone=BEN)
    went = world.run_to(NOW + timedelta(hours=3))
    assert [request.to for request in went] == [BEN]
    assert "Injection Guide" in went[0].body
    assert [row.state for row in world.all("SELECT state FROM messages WHERE step = 'welcome'")] == [
        "sent",
        "sent",
    ]


def test_a_visit_handed_on_asks_the_new_patient_what_the_old_one_answered(world):
    world.say("booked")
    world.run_to(world.message("safety").due)
    world.reply("2")
    world.run()
    world.say("booked", "V1", "P2", given="Ben", phone=BEN)
    went = world.run_to(at("2027-05-20 09:00"))
    assert {request.to for request in went} == {BEN}
    safety = world.all("SELECT * FROM messages WHERE step = 'safety' ORDER BY id")
    assert [row.state for row in safety] == ["sent", "sent"]
    assert safety[1].answer is None


def test_a_visit_handed_back_and_forth_tells_each_of_them_every_step_once(world):
    people = {"P1": ANA, "P2": BEN}
    for person in ("P1", "P2", "P1", "P2"):
        world.say("booked", "V1", person, phone=people[person])
        world.run_to(world.now + timedelta(hours=1))
    world.say("rescheduled", "V1", "P2", start="2027-05-21T09:30:00")
    world.run_to(world.now + timedelta(hours=1))
    world.say("rescheduled", "V1", "P1", start="2027-05-24T09:30:00")
    world.run_to(at("2027-05-24 09:00"))
    told = world.all(
        "SELECT p.external_id, m.step FROM messages m JOIN patients p ON p.id = m.patient_id"
        " WHERE m.state = 'sent' AND m.step IN ('welcome', 'safety') ORDER BY 1, 2"
    )
    assert [tuple(row) for row in told] == [("P1", "safety"), ("P1", "welcome"), ("P2", "welcome")]


def test_an_event_under_a_used_id_with_other_content_is_applied(world):
    booked, cancelled = event("booked", id="same"), event("cancelled", id="same")
    assert world.take(booked).outcome == "applied"
    assert world.take(cancelled).outcome == "applied"
    assert world.one("SELECT status FROM appointments") == "cancelled"
    assert [world.take(body).outcome for body in (booked, cancelled)] == ["duplicate", "duplicate"]
    assert world.one("SELECT count(*) FROM events") == 2
