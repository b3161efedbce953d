"""The tick: what is due is claimed, as much as may leave, once."""

import threading
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from integration.service.world import ANA, BEN, NOW, at, event

from sms_service.store.blocks import close_circuit, open_circuit, release
from sms_service.use_cases import claim as claim_module
from sms_service.use_cases.hold import hold

EVERY_SERVER = True


def crowd(world, count, clinic=None, first=0):
    """So many patients, each with a welcome due now."""
    for number in range(first, first + count):
        phone = f"+1260556{number:04d}"
        world.take(event("booked", f"V{number}", f"P{number}", phone=phone), clinic)


def claimed(batches):
    return [message for batch in batches for message in batch.messages]


def bucket(world, held, rate):
    """Fix what may leave now; a rate so small that the clock adds nothing."""
    world.do(
        "UPDATE senders SET bucket = %s, segments_per_second = %s, bucket_at = clock_timestamp()", held, rate
    )


def test_what_is_due_is_claimed_and_what_is_not_is_left(world):
    world.say("booked")
    assert claimed(world.tick()) == [world.message("welcome").id]
    assert world.message("safety").state == "planned"


def test_a_claim_carries_ids_and_nothing_else(world):
    world.say("booked")
    (batch,) = world.tick()
    assert batch.sender_id == world.home.sender_id
    assert batch.clinics == (world.home.clinic_id,)
    assert batch.messages == (world.message("welcome").id,)
    assert world.message("welcome").token == batch.token


def test_no_more_segments_are_claimed_than_the_bucket_holds(world):
    crowd(world, 6)
    world.do("UPDATE messages SET segments = 4 WHERE state = 'planned'")
    bucket(world, 10, 0.0001)
    # 4 + 4 fit, the third begins while 2 are left, and then it is empty
    assert len(claimed(world.tick())) == 3
    assert world.one("SELECT bucket FROM senders") == pytest.approx(-2, abs=0.1)
    assert claimed(world.tick()) == []


def test_the_bucket_fills_with_time_and_never_beyond_three_seconds(world):
    world.do(
        "UPDATE senders SET bucket = 0, segments_per_second = 100, "
        " bucket_at = clock_timestamp() - interval '1 hour'"
    )
    world.tick()
    assert world.one("SELECT bucket FROM senders") == 300


def test_composing_corrects_what_the_claim_had_estimated(world):
    world.say("booked")
    world.do("UPDATE messages SET segments = 9 WHERE step = 'welcome'")
    bucket(world, 10, 0.0001)
    (batch,) = world.tick()
    assert world.one("SELECT bucket FROM senders") == pytest.approx(1, abs=0.1)
    world.send(batch)
    real = world.message("welcome").segments
    assert real < 9
    assert world.one("SELECT bucket FROM senders") == pytest.approx(10 - real, abs=0.1)


def test_a_text_that_is_not_sent_after_all_gives_its_segments_back(world):
    world.say("booked")
    bucket(world, 10, 0.0001)
    (batch,) = world.tick()
    world.do("UPDATE patients SET consent = false")
    world.send(batch)
    assert world.message("welcome").reason == "no_consent"
    assert world.one("SELECT bucket FROM senders") == pytest.approx(10, abs=0.1)


def test_no_more_is_claimed_than_the_workers_can_take(world, monkeypatch):
    monkeypatch.setattr(claim_module, "BATCH", 2)
    monkeypatch.setattr(claim_module, "BATCHES", 3)
    crowd(world, 10)
    batches = world.tick()
    assert [len(batch.messages) for batch in batches] == [2, 2, 2]
    assert len({batch.token for batch in batches}) == 3
    assert world.tick() == []  # six are with the workers already
    world.send(batches[0])
    assert len(claimed(world.tick())) == 2


def test_one_text_is_in_flight_per_number(world):
    world.say("booked", "V1", "P1")
    world.say("booked", "V2", "P2", given="Ben")  # the same phone
    assert len(claimed(world.tick())) == 1
    assert world.tick() == []


def test_the_next_text_to_a_number_waits_until_the_first_has_an_outcome(world):
    world.say("booked", "V1", "P1")
    world.say("booked", "V2", "P2", given="Ben")
    (batch,) = world.tick()
    requests, _ = world.fence(batch)
    assert world.tick() == []
    world.provider.sent.clear()
    world.receipt(requests[0].attempt_id, "sent")
    assert len(claimed(world.tick())) == 1


def test_two_texts_in_flight_to_one_number_are_refused_by_the_database(world):
    world.say("booked", "V1", "P1")
    world.say("booked", "V2", "P2", given="Ben")
    with pytest.raises(Exception, match="messages_in_flight"):
        world.do(
            "UPDATE messages SET state = 'claimed', token = %s, lease_until = now() WHERE step = 'welcome'",
            uuid4(),
        )


def test_a_lease_that_ran_out_frees_the_claim(world):
    world.say("booked")
    (lost,) = world.tick(lease_seconds=0)
    (again,) = world.tick()
    assert again.messages == lost.messages
    assert again.token != lost.token


def test_a_lease_that_ran_out_never_frees_what_is_being_sent(world):
    world.say("booked")
    (batch,) = world.tick(lease_seconds=0)
    world.fence(batch)
    assert world.tick() == []
    assert world.message("welcome").state == "sending"


def test_a_batch_delivered_twice_finds_nothing(world):
    world.say("booked")
    (batch,) = world.tick()
    assert world.send(batch).attempted == 1
    assert world.send(batch).attempted == 0
    assert len(world.provider.sent) == 1


def test_a_batch_whose_lease_ran_out_and_was_claimed_again_is_sent_by_the_new_claim_alone(world):
    world.say("booked")
    (old,) = world.tick(lease_seconds=0)
    (new,) = world.tick()
    assert world.send(old).attempted == 0
    assert world.send(new).attempted == 1


def test_the_same_batch_in_two_workers_at_once_is_sent_once(world):
    crowd(world, 5)
    (batch,) = world.tick()
    start = threading.Barrier(2)

    def work():
        start.wait()
        world.send(batch)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(world.provider.sent) == 5
    assert world.one("SELECT count(*) FROM attempts") == 5


def test_two_ticks_at_once_claim_nothing_twice(world):
    crowd(world, 30)
    found, start = [], threading.Barrier(4)

    def tick():
        start.wait()
        found.extend(claimed(world.tick()))

    ticks = [threading.Thread(target=tick) for _ in range(4)]
    for one in ticks:
        one.start()
    for one in ticks:
        one.join()
    found += claimed(world.tick())
    assert Counter(found) == Counter(
        {row.id: 1 for row in world.all("SELECT id FROM messages WHERE step = 'welcome'")}
    )


def test_a_tick_that_meets_another_tick_of_the_same_sender_claims_nothing(world):
    world.say("booked")
    with world.service.db.transaction() as other:
        other.execute(sa.text("SELECT pg_advisory_xact_lock(1, :sender)"), {"sender": world.home.sender_id})
        assert world.tick() == []
    assert len(claimed(world.tick())) == 1


def test_a_row_that_someone_is_changing_is_left_for_the_next_tick(world):
    crowd(world, 3)
    held = world.message("welcome", "V1").id
    with world.service.db.transaction([world.home.clinic_id]) as other:
        other.execute(sa.text("SELECT 1 FROM messages WHERE id = :id FOR UPDATE"), {"id": held})
        assert held not in claimed(world.tick())
    assert claimed(world.tick()) == [held]


def test_with_room_for_all_the_earliest_deadline_goes_first(world):
    crowd(world, 3)
    for visit, minutes in (("V0", 300), ("V1", 100), ("V2", 200)):
        until = NOW + timedelta(minutes=minutes)
        world.do("UPDATE messages SET until = %s WHERE id = %s", until, world.message("welcome", visit).id)
    bucket(world, 1, 1.0)
    assert claimed(world.tick()) == [world.message("welcome", "V1").id]


def test_in_overload_must_goes_first_and_then_clinics_take_turns(world):
    second = world.clinic("hill")
    crowd(world, 4)
    crowd(world, 2, second, first=100)
    # every text is one segment, due now, useful for a moment; six seconds' worth in a bucket of three
    world.do(
        "UPDATE messages SET segments = 1, priority = 2, until = %s WHERE step = 'welcome'",
        NOW + timedelta(seconds=1),
    )
    must = world.message("welcome", "V3").id
    world.do("UPDATE messages SET priority = 0, until = until + interval '0.1 s' WHERE id = %s", must)
    bucket(world, 2.5, 0.0001)
    went = claimed(world.tick())
    assert len(went) == 3
    assert must in went
    clinics = Counter(
        row.clinic_id
        for row in world.all("SELECT clinic_id FROM messages WHERE id = ANY (%s) AND priority = 2", went)
    )
    assert clinics == {world.home.clinic_id: 1, second.clinic_id: 1}


def test_what_can_no_longer_be_useful_is_skipped_with_a_reason_and_a_must_becomes_a_task(world):
    world.say("booked")
    world.tick(lease_seconds=0)
    late = world.message("welcome").until + timedelta(seconds=1)
    world.set(late)
    world.tick()
    assert world.states()["welcome"] == ("skipped", "window_passed")
    (task,) = world.all(
        "SELECT * FROM tasks WHERE kind = 'phone_instead' AND cause_id = %s", world.message("welcome").id
    )
    assert (task.cause, task.state, task.due) == ("message", "open", late)
    assert world.one(
        "SELECT what FROM message_log WHERE reason = 'window_passed' AND message_id = %s", task.cause_id
    )


def test_what_misses_its_window_for_want_of_rate_says_so(world):
    crowd(world, 2)
    bucket(world, -1, 0.0001)
    assert world.tick() == []
    world.set(world.message("welcome", "V0").until + timedelta(seconds=1))
    world.tick()
    assert {world.states(visit)["welcome"] for visit in ("V0", "V1")} == {("skipped", "overload")}


def test_a_late_text_that_is_no_must_makes_no_task(world):
    world.say("booked", start="2027-05-20T14:00:00")
    world.run()
    world.do(
        "UPDATE messages SET state = 'skipped', reason = 'x'"
        " WHERE state IN ('planned', 'waiting') AND step <> 'logistics'"
    )
    world.set(world.message("logistics").until + timedelta(minutes=1))
    world.tick()
    assert world.states()["logistics"] == ("skipped", "window_passed")
    assert "phone_instead" not in world.tasks()


@pytest.mark.parametrize("scope", ["clinic", "sender", "all"])
def test_a_hold_stops_the_claim_until_it_is_released(world, scope):
    target = {"clinic": world.home.clinic_id, "sender": world.home.sender_id, "all": 0}[scope]
    world.say("booked")
    hold(world.service, scope, target, "rehearsal")
    hold(world.service, scope, target, "again")
    assert world.tick() == []
    with world.service.db.transaction() as connection:
        assert release(connection, scope, target)
        assert not release(connection, scope, target)
    assert len(claimed(world.tick())) == 1


@pytest.mark.parametrize("scope", ["clinic", "sender", "all"])
def test_a_hold_takes_back_what_was_claimed_and_not_yet_sent(world, scope):
    target = {"clinic": world.home.clinic_id, "sender": world.home.sender_id, "all": 0}[scope]
    world.say("booked")
    (batch,) = world.tick()
    hold(world.service, scope, target, "stop")
    assert world.send(batch).attempted == 0
    assert world.message("welcome").state == "ready"
    assert world.provider.sent == []


def test_a_hold_of_one_clinic_leaves_the_other_on_the_same_sender_alone(world):
    other = world.clinic("hill")
    crowd(world, 1)
    crowd(world, 1, other, first=9)
    hold(world.service, "clinic", world.home.clinic_id, "x")
    assert claimed(world.tick()) == [world.message("welcome", "V9").id]


def test_a_hold_put_between_claim_and_fence_by_another_process_is_seen_at_the_fence(world):
    world.say("booked")
    (batch,) = world.tick()
    world.do("INSERT INTO holds (scope, reason) VALUES ('all', 'x')")  # the row alone: no claim is cleared
    sent = world.send(batch)
    assert (sent.attempted, sent.deferred) == (0, 1)
    assert world.states()["welcome"] == ("planned", "hold")


def test_an_open_circuit_keeps_the_queue(world):
    world.say("booked")
    with world.service.db.transaction() as connection:
        open_circuit(connection, world.home.sender_id, "provider code 20003")
    assert world.tick() == []
    assert world.message("welcome").state == "ready"
    with world.service.db.transaction() as connection:
        close_circuit(connection, world.home.sender_id)
    assert len(claimed(world.tick())) == 1


def test_senders_do_not_wait_for_each_other(world):
    other = world.clinic("hill", sender="two", address="+15005550007")
    crowd(world, 1)
    world.take(event("booked", "V5", "P5", phone=BEN), other)
    with world.service.db.transaction() as connection:
        open_circuit(connection, world.home.sender_id, "x")
    assert claimed(world.tick()) == [world.message("welcome", "V5").id]


def test_tasks_whose_time_has_come_are_opened_by_the_tick(world):
    world.say("booked")
    assert "safety_unanswered" in world.tasks("scheduled")
    world.set(at("2027-05-18 10:00"))
    world.tick()
    assert "safety_unanswered" in world.tasks("open")


def test_a_number_that_was_texted_by_another_sender_is_not_in_flight_on_this_one(world):
    other = world.clinic("hill", sender="two", address="+15005550007")
    world.say("booked")
    world.take(event("booked", "V2", "P2", phone=ANA), other)
    assert len(claimed(world.tick())) == 2
