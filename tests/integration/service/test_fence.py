"""Fence, call, outcome: one attempt at most is alive, and whoever commits first wins."""

import threading
from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa
from integration.service.world import ANA, BEN, NOW, FakeProvider, at, event, sid

from sms_service.domain.outcome import Outcome, OutcomeClass
from sms_service.use_cases.settle import settle

UNKNOWN = {"outcome": OutcomeClass.UNKNOWN}


def attempt_values(message):
    return (message.clinic_id, message.id, message.sender_id, message.phone_index)


def test_a_booking_becomes_one_text_in_the_patients_language(world):
    world.say("booked", language="es")
    (request,) = world.run()
    assert request.to == ANA
    assert "Bienvenid" in request.body or "Injection Guide" in request.body
    assert world.attempt().language == "es"
    assert world.message("welcome").state == "sent"
    assert world.message("welcome").sent_at == NOW


def test_the_attempt_is_committed_before_the_provider_is_called(world):
    world.say("booked")
    seen = []
    world.provider.during = lambda: seen.append(world.one("SELECT state FROM attempts"))
    world.run()
    assert seen == ["open"]


def test_no_transaction_is_open_while_the_provider_is_called(world):
    world.say("booked")
    seen = []
    world.provider.during = lambda: seen.append(
        world.one("SELECT count(*) FROM pg_stat_activity WHERE usename = 'sms_app' AND state LIKE 'idle in%'")
    )
    world.run()
    assert seen == [0]


def test_a_second_live_attempt_is_refused_by_the_database(world):
    world.say("booked")
    (batch,) = world.tick()
    world.fence(batch)
    with pytest.raises(psycopg.errors.UniqueViolation, match="attempts_one_alive"):
        world.do(
            "INSERT INTO attempts (clinic_id, message_id, sender_id, phone_index, body, body_hash, encoding,"
            " segments, language, variant, catalog_hash)"
            " VALUES (%s, %s, %s, %s, '', '', 'GSM-7', 1, 'en', 'x', 'x')",
            *attempt_values(world.message("welcome")),
        )


@pytest.mark.parametrize("state", ["open", "unknown", "accepted"])
def test_an_attempt_that_may_have_gone_forbids_another(world, state):
    world.say("booked")
    (batch,) = world.tick()
    world.fence(batch)
    world.do("UPDATE attempts SET state = %s, sid = 'SM1'", state)
    world.do("UPDATE messages SET state = 'planned' WHERE step = 'welcome'")
    (batch,) = world.tick()
    with pytest.raises(sa.exc.IntegrityError):
        world.fence(batch)
    assert world.one("SELECT count(*) FROM attempts") == 1


def test_the_request_is_valid_no_longer_than_its_window_and_the_patients_hours(world):
    world.set(at("2027-05-03 19:30"))
    world.say("booked", time=world.now)
    (request,) = world.run()
    assert request.validity_s == 30 * 60


def test_a_text_is_valid_for_ten_hours_at_most(world):
    world.say("booked")
    (request,) = world.run()
    assert 1 <= request.validity_s <= 36_000


def test_the_request_carries_the_moment_before_its_commit(world):
    world.say("booked")
    world.boot = 4321.5
    (request,) = world.run()
    assert request.committed_at == 4321.5


# ---- a fact changes between claim and fence: whoever commits first wins


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda w: w.say("cancelled", reason="patient"), "cancelled"),
        (lambda w: w.say("cancelled", reason="entered_in_error"), "entered_in_error"),
        (lambda w: w.say("patient", None, consent={"sms": False}), "no_consent"),
        (lambda w: w.say("patient", None, deceased=True), "deceased"),
        (lambda w: w.say("patient", None, merged_into="P7"), "merged_record"),
        (lambda w: w.say("patient", None, phone=None), "no_phone"),
        (lambda w: w.say("updated", test=True), "test_event"),
        (lambda w: w.say("no_show"), "no_show"),
        (lambda w: w.reply("STOP"), "opted_out"),
    ],
    ids=["cancel", "error", "consent", "death", "merge", "no phone", "test", "no show", "stop"],
)
def test_a_change_after_the_claim_clears_it_and_nothing_is_sent(world, change, reason):
    world.say("booked")
    (batch,) = world.tick()
    change(world)
    assert world.send(batch).attempted == 0
    assert world.states()["welcome"] == ("skipped", reason)
    assert world.provider.sent == []


def test_a_new_phone_after_the_claim_gets_the_text_and_the_old_one_does_not(world):
    world.say("booked")
    (batch,) = world.tick()
    world.say("patient", None, phone=BEN)
    assert world.send(batch).attempted == 0
    assert [request.to for request in world.run()] == [BEN]


def test_a_move_after_the_claim_leaves_no_text_for_the_old_time(world):
    world.say("booked")
    world.run_to(at("2027-05-17 09:59"))
    world.set(at("2027-05-17 10:00"))
    (batch,) = world.tick()
    assert world.message("confirm").state == "claimed"
    world.say("rescheduled", start="2027-05-21T11:00:00", time=world.now)
    assert world.send(batch).attempted == 0
    told = world.run_to(at("2027-05-21 09:00"))
    assert all("Thursday" not in request.body for request in told)
    assert any("Friday" in request.body for request in told)


def test_a_fence_that_holds_its_rows_makes_the_cancellation_wait_and_the_patient_hears_of_it(world):
    """The fence commits first: the text counts as sent, so the cancellation is told."""
    world.say("booked")
    (batch,) = world.tick()
    cancelled = threading.Thread(target=lambda: world.say("cancelled", reason="clinic"))
    with world.service.db.transaction([world.home.clinic_id]) as connection:
        # what the fence does first; the event then comes from another connection and waits
        connection.execute(
            sa.text("SELECT 1 FROM messages WHERE id = ANY (:ids) FOR UPDATE"), {"ids": list(batch.messages)}
        )
        cancelled.start()
        waiting(world)
        connection.execute(
            sa.text(
                "UPDATE messages SET state = 'sending', sent_at = :now, token = NULL, lease_until = NULL"
                " WHERE id = ANY (:ids)"
            ),
            {"ids": list(batch.messages), "now": NOW},
        )
    cancelled.join()
    assert world.states()["welcome"] == ("sending", None)
    assert world.states()["cancelled"] == ("planned", None)


def test_a_cancellation_that_commits_first_leaves_the_fence_nothing(world):
    """The event holds the rows first: the fence waits, and finds its token gone."""
    world.say("booked")
    (batch,) = world.tick()
    results = []
    fenced = threading.Thread(target=lambda: results.append(world.fence(batch)))
    with psycopg.connect(world.admin_url) as connection:
        connection.execute("SELECT 1 FROM messages WHERE id = ANY (%s) FOR UPDATE", [list(batch.messages)])
        fenced.start()
        waiting(world)
        connection.execute(
            "UPDATE messages SET state = 'skipped', reason = 'cancelled', token = NULL, lease_until = NULL"
            " WHERE id = ANY (%s)",
            [list(batch.messages)],
        )
    fenced.join()
    assert results[0][0] == []
    assert world.one("SELECT count(*) FROM attempts") == 0


def test_facts_are_read_after_the_lock_so_that_nothing_committed_while_waiting_is_missed(world):
    world.say("booked")
    (batch,) = world.tick()
    results = []
    fenced = threading.Thread(target=lambda: results.append(world.fence(batch)))
    with psycopg.connect(world.admin_url) as connection:
        connection.execute("SELECT 1 FROM messages WHERE id = ANY (%s) FOR UPDATE", [list(batch.messages)])
        fenced.start()
        waiting(world)
        connection.execute("UPDATE patients SET consent = false")  # no claim is touched
    fenced.join()
    assert results[0][0] == []
    assert world.states()["welcome"] == ("skipped", "no_consent")


def test_a_fence_and_an_event_that_need_each_others_rows_never_block_each_other_for_ever(world):
    """The fence gives a must-have up and asks for a person while a booking holds the patient's row."""
    for number in range(6):
        world.take(event("booked", f"V{number}", "P1"))
    errors, stop = [], threading.Event()

    def events():
        try:
            for number in range(30):
                world.say("updated", f"V{number % 6}", location=f"L{number}")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            errors.append(error)
        finally:
            stop.set()

    thread = threading.Thread(target=events)
    thread.start()
    try:
        while not stop.is_set():
            for batch in world.tick():
                # the number is refused: patient, tasks and messages are written together
                world.send(batch, FakeProvider(always={"outcome": OutcomeClass.RECIPIENT, "code": 21211}))
            world.do("UPDATE patients SET unusable_at = NULL")
            world.do("UPDATE attempts SET state = 'dead', outcome = 'other'")
            world.do(
                "UPDATE messages SET state = 'planned', reason = NULL, until = %s, due = %s"
                " WHERE step = 'welcome' AND state = 'undelivered'",
                NOW + timedelta(days=1),
                NOW,
            )
    finally:
        thread.join()
    assert errors == []


def waiting(world):
    """Until some connection waits for a lock that another holds."""
    for _ in range(100_000):
        if world.one("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            return
    raise AssertionError("nobody waits")


# ---- what is asked again at the fence


def test_outside_the_patients_hours_the_fence_puts_the_text_off_until_morning(world):
    world.say("booked")
    (batch,) = world.tick()
    world.set(at("2027-05-03 21:00"))
    assert world.send(batch).deferred == 1
    message = world.message("welcome")
    assert (message.state, message.reason, message.due) == ("planned", "quiet_hours", at("2027-05-04 09:00"))


def test_a_must_that_the_fence_gives_up_becomes_a_task(world):
    world.say("booked")
    (batch,) = world.tick()
    world.do("UPDATE patients SET consent = false")
    world.send(batch)
    assert (
        world.one(
            "SELECT count(*) FROM tasks WHERE cause = 'message' AND kind = 'phone_instead' AND state = 'open'"
        )
        == 1
    )


def test_a_text_whose_pathway_is_gone_does_not_stop_the_others_of_its_batch(world):
    world.say("booked", "V1", "P1")
    world.say("booked", "V2", "P2", phone=BEN)
    world.do(
        "UPDATE messages SET pathway = 'withdrawn_pathway' WHERE id = %s", world.message("welcome", "V1").id
    )
    requests = world.run()
    assert [request.to for request in requests] == [BEN]
    assert world.states("V1")["welcome"] == ("skipped", "no_text")


def test_a_text_whose_step_is_gone_does_not_stop_the_others_of_its_batch(world):
    world.say("booked", "V1", "P1")
    world.say("booked", "V2", "P2", phone=BEN)
    world.do("UPDATE messages SET step = 'withdrawn' WHERE id = %s", world.message("welcome", "V1").id)
    assert [request.to for request in world.run()] == [BEN]


def test_a_missing_address_skips_the_text_and_tells_staff(world):
    bare = world.clinic("bare", addresses={})
    world.take(event("booked", "V1", "P1", start="2027-05-04T09:30:00"), bare)
    assert world.run() == []
    assert world.states()["welcome"] == ("skipped", "missing_fact")
    assert "phone_instead" in world.tasks()


def test_a_live_sender_sends_nothing_that_is_not_signed(world):
    world.say("booked")
    world.do("UPDATE senders SET live = true")
    assert world.run() == []
    assert world.states()["welcome"] == ("skipped", "not_signed")


def test_a_rehearsal_reaches_only_the_numbers_it_is_limited_to(world):
    world.do("UPDATE senders SET allow_numbers = ARRAY[%s]", world.index(BEN))
    world.say("booked", "V1", "P1")
    world.say("booked", "V2", "P2", phone=BEN)
    assert [request.to for request in world.run()] == [BEN]
    assert world.states("V1")["welcome"] == ("skipped", "not_allowed_number")


def test_a_shared_phone_gets_each_text_with_its_name(world):
    world.say("booked", "V1", "P1")
    world.say("booked", "V2", "P2", given="Ben")
    world.provider.always = {"outcome": OutcomeClass.OTHER}
    first = world.run()
    assert len(first) == 2
    assert sorted(name for request in first for name in ("Ana", "Ben") if name in request.body) == [
        "Ana",
        "Ben",
    ]


def test_a_phone_of_ones_own_gets_no_name(world):
    world.say("booked")
    (request,) = world.run()
    assert "Ana" not in request.body


# ---- a worker dies


def test_a_worker_that_dies_after_the_fence_leaves_an_unknown_and_never_a_second_text(world):
    world.say("booked")
    (batch,) = world.tick()
    world.fence(batch)
    assert world.tick() == []
    assert world.lose() == 1
    assert (world.message("welcome").state, world.attempt().state) == ("unknown", "unknown")
    assert world.tick() == []


def test_an_attempt_still_in_its_call_is_not_taken_for_lost(world):
    world.say("booked")
    (batch,) = world.tick()
    world.fence(batch)
    assert world.lose(seconds=30) == 0
    assert world.attempt().state == "open"


def test_an_answer_that_comes_after_its_attempt_was_parked_still_settles_it(world):
    world.say("booked")
    (batch,) = world.tick()
    world.provider.during = world.lose
    world.send(batch)
    assert world.attempt().state == "accepted"
    assert world.message("welcome").state == "sent"
    assert world.tasks() == []


def test_outcomes_of_attempts_that_are_not_in_scope_change_nothing(world):
    other = world.clinic("hill")
    world.say("booked")
    (batch,) = world.tick()
    (request,), _ = world.fence(batch)
    settle(
        world.service,
        [other.clinic_id],
        [Outcome(attempt_id=request.attempt_id, outcome=OutcomeClass.ACCEPTED, sid=sid(1))],
    )
    assert world.attempt().state == "open"
