"""What each class of outcome does to the message, its number, its sender and to people; and receipts."""

import itertools
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from integration.service.world import BEN, NOW, FakeProvider, sid

from sms_service.domain.outcome import Outcome, OutcomeClass
from sms_service.provider.classify import table
from sms_service.use_cases.settle import settle

HALF_HOUR = timedelta(minutes=30)
#: class, a code, then: message's state, its reason, tasks, and whether the circuit opens
OUTCOMES = [
    (OutcomeClass.NOT_POSTED, None, "planned", "retry_later", [], False),
    (OutcomeClass.RETRY, 20429, "planned", "retry_later", [], False),
    (OutcomeClass.RETRY_ONCE, 30008, "planned", "retry_later", [], False),
    (OutcomeClass.UNKNOWN, 20500, "unknown", None, [], False),
    (OutcomeClass.WAIT, 30027, "planned", "retry_later", [], False),
    (OutcomeClass.RECIPIENT, 21211, "undelivered", "number_unusable", ["number_unusable"], False),
    (OutcomeClass.ROUTE, 21612, "undelivered", "sender_blocked", ["phone_instead"], False),
    (OutcomeClass.SOFT, 30003, "planned", "retry_later", [], False),
    (OutcomeClass.OPTED_OUT, 21610, "undelivered", "opted_out", ["phone_instead"], False),
    (OutcomeClass.FILTERED, 30007, "undelivered", "refused", ["phone_instead"], False),
    (OutcomeClass.CONTENT, 21617, "undelivered", "refused", ["phone_instead"], False),
    (OutcomeClass.HALT, 20003, "planned", "retry_later", [], True),
    (OutcomeClass.LOOP, 14107, "undelivered", "refused", [], False),
    (OutcomeClass.OTHER, 99999, "undelivered", "refused", ["phone_instead"], False),
]


def test_every_class_but_accepted_is_in_this_table():
    assert {row[0] for row in OUTCOMES} == set(OutcomeClass) - {OutcomeClass.ACCEPTED}
    assert set(table().values()) <= set(OutcomeClass)


def send_welcome(world, **outcome):
    world.say("booked")
    (batch,) = world.tick()
    world.send(batch, FakeProvider(answers=[outcome]))


@pytest.mark.parametrize("row", OUTCOMES, ids=lambda row: row[0].value)
def test_the_providers_answer_has_the_consequence_of_its_class(world, row):
    outcome, code, state, reason, tasks, circuit = row
    send_welcome(world, outcome=outcome, code=code)
    message = world.message("welcome")
    assert (message.state, message.reason) == (state, reason)
    assert world.tasks() == tasks
    assert (world.one("SELECT circuit_open_since FROM senders") is not None) is circuit
    assert world.attempt().state == ("unknown" if state == "unknown" else "dead")
    assert world.attempt().outcome == outcome.value


@pytest.mark.parametrize(
    "row", [row for row in OUTCOMES if row[1] in table() and row[1] != 20500], ids=lambda row: row[0].value
)
def test_a_receipt_of_failure_has_the_same_consequence_as_the_answer(world, row):
    _, code, state, reason, tasks, circuit = row
    world.say("booked")
    world.run()
    world.receipt(world.attempt().id, "undelivered", code)
    message = world.message("welcome")
    assert (message.state, message.reason) == (state, reason)
    assert world.tasks() == tasks
    assert (world.one("SELECT circuit_open_since FROM senders") is not None) is circuit


def test_a_failure_the_provider_calls_unknown_ends_the_text_and_asks_a_person(world):
    """The receipt says that it failed: there is nothing left to reconcile, and nothing to send blindly."""
    world.say("booked")
    world.run()
    world.receipt(world.attempt().id, "failed", 20500)
    assert world.message("welcome").state == "undelivered"
    assert world.tasks() == ["phone_instead"]


def test_a_retry_backs_off_within_the_window_and_then_ends_with_a_task(world):
    world.say("booked")
    world.do("UPDATE messages SET until = %s WHERE step = 'welcome'", NOW + timedelta(minutes=40))
    world.provider.always = {"outcome": OutcomeClass.RETRY, "code": 20429}
    world.run_to(NOW + timedelta(hours=1))
    message = world.message("welcome")
    assert (message.state, message.reason) in {("undelivered", "undelivered"), ("skipped", "window_passed")}
    tries = [
        row.at
        for row in world.all(
            "SELECT at FROM message_log WHERE message_id = %s AND what = 'retried' ORDER BY id", message.id
        )
    ]
    assert len(tries) >= 3
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in itertools.pairwise(tries))
    assert "phone_instead" in world.tasks()


def test_the_providers_wish_to_wait_is_honoured(world):
    send_welcome(world, outcome=OutcomeClass.RETRY, code=20429, retry_after=900.0)
    assert world.message("welcome").due >= NOW + timedelta(seconds=900)


def test_a_handset_that_is_off_is_tried_twice_more(world):
    world.provider.always = {"outcome": OutcomeClass.SOFT, "code": 30003}
    world.say("booked")
    world.run_to(NOW + timedelta(days=2))
    assert len(world.all("SELECT 1 FROM attempts WHERE message_id = %s", world.message("welcome").id)) == 3
    assert "phone_instead" in world.tasks()


def test_a_refused_number_is_not_texted_again_until_the_clinic_sends_another(world):
    send_welcome(world, outcome=OutcomeClass.RECIPIENT, code=21211)
    assert world.one("SELECT unusable_at FROM patients") == NOW
    world.say("updated", location="L2")
    assert world.states()["confirm"][0] == "skipped"
    world.say("patient", None, phone=BEN)
    assert world.one("SELECT unusable_at FROM patients") is None
    assert world.states()["confirm"][0] == "planned"


def test_an_opt_out_that_the_provider_knows_of_stops_every_clinic_on_that_sender(world):
    other = world.clinic("hill")
    world.say("booked", "V2", "P2", clinic=other)
    world.run()
    world.provider.always = {"outcome": OutcomeClass.OPTED_OUT, "code": 21610}
    world.say("booked")
    world.run()
    world.provider.always = None
    assert world.states()["education"] == ("skipped", "opted_out")
    world.run_to(NOW + timedelta(days=20))
    assert [r for r in world.provider.sent if r.sender][2:] == []  # two welcomes, and nothing after
    assert {state for state, _ in world.states("V2").values()} <= {"sent", "skipped", "waiting"}


def test_a_route_that_does_not_exist_is_not_tried_again(world):
    send_welcome(world, outcome=OutcomeClass.ROUTE, code=21612)
    assert world.one("SELECT kind FROM sender_blocks") == "route"
    assert world.run_to(NOW + timedelta(days=13)) == []
    assert world.states()["safety"] == ("skipped", "sender_blocked")


def test_an_open_circuit_keeps_the_text_and_sends_it_once_mended(world):
    send_welcome(world, outcome=OutcomeClass.HALT, code=20003)
    assert world.run_to(NOW + HALF_HOUR) == []
    world.do("UPDATE senders SET circuit_open_since = NULL, circuit_reason = NULL")
    assert len(world.run()) == 1


def test_a_request_that_never_left_because_of_a_pause_goes_at_once(world):
    send_welcome(world, outcome=OutcomeClass.NOT_POSTED)
    assert world.message("welcome").due == NOW
    assert len(world.run()) == 1


def test_a_retry_of_a_text_whose_visit_was_cancelled_meanwhile_is_not_sent(world):
    send_welcome(world, outcome=OutcomeClass.RETRY, code=20429)
    world.say("cancelled", reason="patient")
    assert [r.body for r in world.run_to(NOW + HALF_HOUR) if "welcome" in r.body] == []
    assert world.states()["welcome"][0] == "skipped"


def test_a_retry_after_an_opt_out_is_not_sent(world):
    send_welcome(world, outcome=OutcomeClass.RETRY, code=20429)
    world.reply("STOP")
    sent = world.run_to(NOW + HALF_HOUR)
    assert len(sent) == 1  # the confirmation
    assert world.states()["welcome"] == ("skipped", "opted_out")


# ---- receipts


def sent_welcome(world):
    world.say("booked")
    world.run()
    return world.attempt().id


def test_receipts_move_the_message_forward(world):
    attempt = sent_welcome(world)
    for status, state in (("sent", "sent"), ("delivered", "delivered"), ("read", "delivered")):
        assert world.receipt(attempt, status) == "applied"
        assert world.message("welcome").state == state


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.lists(st.sampled_from(["queued", "sending", "sent", "delivered", "read"]), max_size=6))
def test_receipts_in_any_order_and_number_never_move_a_message_backwards(world, said):
    world.begin()
    attempt = sent_welcome(world)
    order = ["accepted", "queued", "sending", "sent", "delivered", "read"]
    highest = "queued"
    for status in said:
        world.receipt(attempt, status)
        highest = max(highest, status, key=order.index)
        assert world.attempt().status == highest
    assert world.message("welcome").state == ("delivered" if highest in {"delivered", "read"} else "sent")
    assert world.one("SELECT count(*) FROM receipts") == len(set(said))


def test_a_repeated_receipt_is_recorded_once(world):
    attempt = sent_welcome(world)
    assert world.receipt(attempt, "delivered") == "applied"
    assert world.receipt(attempt, "delivered") == "repeated"
    assert world.one("SELECT count(*) FROM receipts") == 1


def test_a_failure_after_delivery_changes_nothing(world):
    attempt = sent_welcome(world)
    world.receipt(attempt, "delivered")
    world.receipt(attempt, "undelivered", 30003)
    assert world.message("welcome").state == "delivered"
    assert world.tasks() == []


def test_a_delivery_after_a_failure_does_not_bring_a_dead_attempt_back(world):
    attempt = sent_welcome(world)
    world.receipt(attempt, "undelivered", 30003)
    world.receipt(attempt, "delivered")
    assert world.attempt().state == "dead"
    assert world.one("SELECT count(*) FROM receipts") == 2


def test_a_receipt_repeated_after_the_retry_went_out_does_not_touch_the_new_attempt(world):
    attempt = sent_welcome(world)
    world.receipt(attempt, "undelivered", 30003)
    world.run_to(NOW + timedelta(hours=5))
    second = world.attempt().id
    assert second != attempt
    world.receipt(attempt, "failed", 30003)
    world.receipt(attempt, "read")
    assert world.attempt().state == "accepted"
    assert world.message("welcome").state == "sent"


def test_an_unknown_status_word_is_ignored(world):
    assert world.receipt(sent_welcome(world), "levitating") == "ignored"


def test_a_receipt_that_comes_before_the_answer_binds_the_sid(world):
    world.say("booked")
    (batch,) = world.tick()
    (request,), _ = world.fence(batch)
    assert world.receipt(request.attempt_id, "delivered") == "applied"
    assert (world.attempt().state, world.attempt().sid) == ("accepted", sid(request.attempt_id))
    assert world.message("welcome").state == "delivered"


def test_an_answer_after_an_early_delivery_does_not_move_it_back(world):
    world.say("booked")
    (batch,) = world.tick()
    world.provider.during = lambda: world.receipt(world.provider.sent[-1].attempt_id, "delivered")
    world.send(batch)
    assert (world.message("welcome").state, world.attempt().status) == ("delivered", "delivered")


@pytest.mark.parametrize(("code", "state"), [(30003, "planned"), (30005, "undelivered")])
def test_an_answer_after_an_early_failure_changes_nothing(world, code, state):
    """A batch is settled when its last call ended: a receipt of its first text is often there before."""
    world.say("booked")
    (batch,) = world.tick()
    world.provider.during = lambda: world.receipt(world.provider.sent[-1].attempt_id, "undelivered", code)
    world.send(batch)
    assert world.message("welcome").state == state
    assert (world.attempt().state, world.attempt().code) == ("dead", code)
    assert "untraceable" not in world.tasks()


def test_an_early_receipt_settles_an_answer_that_was_unclear(world):
    world.say("booked")
    (batch,) = world.tick()
    world.provider.answers = [{"outcome": OutcomeClass.UNKNOWN}]
    world.provider.during = lambda: world.receipt(world.provider.sent[-1].attempt_id, "sent")
    world.send(batch)
    assert world.attempt().state == "accepted"
    assert world.message("welcome").state == "sent"


def test_a_receipt_without_the_attempts_id_is_found_by_its_sid(world):
    attempt = sent_welcome(world)
    assert world.receipt(None, "delivered", of=sid(attempt)) == "applied"
    assert world.message("welcome").state == "delivered"


def test_a_receipt_of_nobody_waits_and_counts_once_its_sid_is_bound(world):
    world.say("booked")
    (batch,) = world.tick()
    (request,), _ = world.fence(batch)
    assert world.receipt(None, "delivered", of="SMlate") == "orphan"
    accepted = Outcome(
        attempt_id=request.attempt_id, outcome=OutcomeClass.ACCEPTED, sid="SMlate", status="queued"
    )
    settle(world.service, batch.clinics, [accepted])
    assert world.message("welcome").state == "delivered"
    assert world.one("SELECT count(*) FROM orphan_receipts") == 0


def test_a_failure_that_waited_for_its_sid_has_its_consequence(world):
    world.say("booked")
    (batch,) = world.tick()
    (request,), _ = world.fence(batch)
    world.receipt(None, "undelivered", 30005, of="SMlate")
    accepted = Outcome(
        attempt_id=request.attempt_id, outcome=OutcomeClass.ACCEPTED, sid="SMlate", status="queued"
    )
    settle(world.service, batch.clinics, [accepted])
    assert (world.message("welcome").state, world.message("welcome").reason) == (
        "undelivered",
        "number_unusable",
    )
    assert world.tasks() == ["number_unusable"]


def test_a_receipt_for_an_attempt_under_another_sid_is_kept_apart(world):
    attempt = sent_welcome(world)
    assert world.receipt(attempt, "failed", 30005, of="SMother") == "orphan"
    assert world.message("welcome").state == "sent"


def test_a_receipt_for_an_attempt_that_never_was_is_kept(world):
    assert world.receipt(987654321, "delivered", of="SMx") == "orphan"
    assert world.one("SELECT count(*) FROM orphan_receipts") == 1
