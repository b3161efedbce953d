"""While an index key rotates, what was known of a number under its old hash stays known."""

from datetime import UTC, datetime

import pytest
from integration.service.world import ADDRESS, ANA, BEN, INDEX, MASTER, at, sid

from sms_service.domain.outcome import OutcomeClass
from sms_service.domain.request import Trace
from sms_service.store.keyring import KeyRing
from sms_service.use_cases.service import Service

NEWER = bytes(range(64, 96))


@pytest.fixture
def rotate(world):
    """Put a newer index key in front of the old one; taken back after the test."""
    old = world.service

    def change():
        world.service = Service(db=old.db, keys=KeyRing([MASTER], [NEWER, INDEX]), library=old.library)

    yield change
    world.service = old


def welcomed(world, **said):
    world.say("booked", **said)
    world.run()


def test_stop_after_the_rotation_finds_the_patient(world, rotate):
    welcomed(world)
    rotate()
    assert world.reply("STOP") == "opt_out"
    assert len(world.run()) == 1  # its confirmation
    assert world.run_to(at("2027-05-20 09:00")) == []


def test_an_opt_out_from_before_the_rotation_holds_after_the_next_event(world, rotate):
    welcomed(world)
    world.reply("STOP")
    world.run()
    rotate()
    world.say("rescheduled", start="2027-05-21T09:30:00", phone=ANA)
    assert world.run_to(at("2027-05-21 09:00")) == []
    assert world.states()["safety"] == ("skipped", "opted_out")


def test_an_opt_out_from_before_the_rotation_holds_for_another_patient_with_that_number(world, rotate):
    welcomed(world)
    world.reply("STOP")
    world.run()
    rotate()
    world.say("booked", "V2", "P2", given="Ben")
    assert world.run_to(at("2027-05-20 09:00")) == []


def test_an_opt_out_from_before_the_rotation_holds_when_a_patient_takes_that_number(world, rotate):
    welcomed(world)
    world.say("booked", "V2", "P2", given="Ben", phone=BEN)
    world.run()
    world.reply("STOP")
    world.run()
    rotate()
    world.say("patient", None, "P2", phone=ANA)
    assert world.run_to(at("2027-05-20 09:00")) == []


def test_start_after_the_rotation_opts_in_for_good(world, rotate):
    """Neither the opt-out nor the block under the old hash comes back with a later event."""
    welcomed(world)
    world.reply("STOP", provider_confirmed=True)
    rotate()
    world.say("patient", None, language="es")
    world.reply("START")
    world.say("patient", None, language="en")
    assert {request.to for request in world.run_to(at("2027-05-18 12:00"))} == {ANA}
    assert world.message("safety").state == "sent"


def test_a_block_of_the_provider_holds_after_the_rotation(world, rotate):
    welcomed(world)
    world.do(
        "INSERT INTO sender_blocks (sender_id, phone_index, kind, since) VALUES (%s, %s, 'route', now())",
        world.home.sender_id,
        world.index(),
    )
    rotate()
    world.say("patient", None, language="es")
    assert world.run_to(at("2027-05-18 12:00")) == []
    assert world.states()["safety"] == ("skipped", "sender_blocked")


@pytest.mark.parametrize("person", ["P1", "P2"])
def test_a_rehearsal_number_stays_allowed_after_the_rotation(world, rotate, person):
    world.say("booked")
    world.do("UPDATE senders SET allow_numbers = %s", [world.index()])
    rotate()
    world.say("booked", "V2", person, given="Ben", start="2027-05-27T09:30:00")
    world.say("booked", "V3", "P3", phone=BEN)
    assert {request.to for request in world.run()} == {ANA}


def test_a_text_whose_answer_was_lost_is_found_by_its_words_after_the_rotation(world, rotate):
    world.say("booked")
    world.provider.always = {"outcome": OutcomeClass.UNKNOWN}
    (request,) = world.run()
    world.provider.listed = [
        Trace(sid=sid(7), sender=ADDRESS, body=request.body, status="sent", created_at=datetime.now(UTC))
    ]
    rotate()
    world.say("patient", None, language="es")  # stores the number under its new hash
    assert world.reconcile() == {"found": 1}
    assert world.attempt().sid == sid(7)


def test_a_text_that_is_to_be_tried_again_goes_after_the_rotation(world, rotate):
    world.say("booked")
    world.provider.answers = [{"outcome": OutcomeClass.SOFT, "code": 30003, "sid": None}]
    world.run()
    assert world.message("welcome").state == "planned"
    rotate()
    world.say("patient", None, language="es")
    world.run_to(world.message("welcome").due)
    assert world.message("welcome").state == "sent"


def test_a_receipt_of_before_the_rotation_is_its_attempts(world, rotate):
    world.say("booked")
    (batch,) = world.tick()
    (request,), _ = world.fence(batch)
    rotate()
    assert world.receipt(request.attempt_id, "delivered", to=ANA) == "applied"
