"""Receipts of texts that nobody knows yet, or never will: none is lost, none moves the wrong text."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from integration.service.world import ADDRESS, ANA, BEN, FakeProvider, sid

from sms_service.domain.outcome import OutcomeClass
from sms_service.domain.request import Trace
from sms_service.store.differences import open_differences
from sms_service.use_cases.receive import receive
from sms_service.use_cases.reconcile import reconcile
from sms_service.use_cases.sweep_orphans import sweep_orphans

UNKNOWN = {"outcome": OutcomeClass.UNKNOWN, "http_status": 503}


def unknown(world):
    """One text whose call ended in silence; its request."""
    world.say("booked")
    world.provider.always = UNKNOWN
    world.run()
    (request,), world.provider.always = world.provider.sent, None
    return request


def age(world, hours):
    world.do("UPDATE orphan_receipts SET received_at = received_at - make_interval(hours => %s)", hours)


def opened(world):
    with world.service.db.transaction() as connection:
        return open_differences(connection)


def test_every_attempt_carries_a_mark_of_its_own_to_the_provider(world):
    world.say("booked", "V1", "P1")
    world.say("booked", "V2", "P2", phone=BEN)
    marks = {request.mark for request in world.run()}
    assert len(marks) == 2
    assert marks == {row.mark for row in world.all("SELECT mark FROM attempts")}


def test_an_early_receipt_with_the_mark_binds_the_text(world):
    request = unknown(world)
    assert (
        receive(world.service, request.attempt_id, "SMearly", "delivered", None, ANA, request.mark)
        == "applied"
    )
    assert (world.attempt().sid, world.message("welcome").state) == ("SMearly", "delivered")


def test_a_receipt_of_a_lost_attempt_never_moves_the_one_that_got_its_id(world):
    """The same patient, the same id, no SID bound yet: only the mark tells the two apart."""
    request = unknown(world)
    lost = "0" * 16
    assert receive(world.service, request.attempt_id, "SMlost", "delivered", None, ANA, lost) == "orphan"
    assert (world.attempt().state, world.attempt().sid) == ("unknown", None)
    assert world.message("welcome").state == "unknown"


def test_a_receipt_of_a_lost_attempt_never_moves_one_whose_sid_is_bound(world):
    world.say("booked")
    world.run()
    attempt = world.attempt()
    assert receive(world.service, attempt.id, "SMlost", "undelivered", 30005, ANA) == "orphan"
    assert (world.attempt().sid, world.message("welcome").state) == (attempt.sid, "sent")


def test_a_receipt_reaches_the_text_that_has_its_sid_whatever_id_it_names(world):
    """The id in its URL was given out again to somebody else's text."""
    world.say("booked", "V1", "P1")
    world.say("booked", "V2", "P2", phone=BEN)
    world.run()
    right, other = world.attempt("welcome", "V1"), world.attempt("welcome", "V2")
    assert receive(world.service, other.id, right.sid, "delivered", None, ANA, "0" * 16) == "applied"
    assert world.message("welcome", "V1").state == "delivered"
    assert world.message("welcome", "V2").state == "sent"


def test_an_orphan_is_taken_in_when_its_sid_is_bound_without_anybody_looking(world):
    request = unknown(world)
    receive(world.service, None, sid(77), "delivered", None)
    now = datetime.now(UTC)
    world.provider = FakeProvider()
    world.provider.listed = [
        Trace(sid=sid(77), sender=ADDRESS, body=request.body, status="sent", created_at=now)
    ]
    assert asyncio.run(reconcile(world.service, world.provider, grace_seconds=0)) == {"found": 1}
    assert world.message("welcome").state == "delivered"
    assert world.one("SELECT count(*) FROM orphan_receipts") == 0


def test_an_orphan_that_came_while_its_sid_was_being_bound_is_taken_in_by_housekeeping(world):
    world.say("booked")
    world.run()
    world.do("INSERT INTO orphan_receipts (sid, status) VALUES (%s, 'sent'), (%s, 'delivered')",
             *[world.attempt().sid] * 2)  # fmt: skip
    assert sweep_orphans(world.service) == {"taken_in": 2}
    assert world.message("welcome").state == "delivered"
    assert world.one("SELECT count(*) FROM orphan_receipts") == 0
    assert sweep_orphans(world.service) == {}


def test_an_orphan_that_nobody_claims_waits_and_then_becomes_a_difference(world):
    receive(world.service, 999_999, "SMnobody", "sent", None, ANA)
    receive(world.service, 999_999, "SMnobody", "undelivered", 30005, ANA)
    age(world, 71)
    assert sweep_orphans(world.service) == {}
    age(world, 2)
    assert sweep_orphans(world.service) == {"given_up": 1}
    (row,) = world.all("SELECT * FROM differences")
    assert (row.kind, row.sid, row.theirs) == ("orphan_receipt", "SMnobody", "undelivered 30005")
    assert opened(world) == {"orphan_receipt": 1}
    assert world.one("SELECT count(*) FROM orphan_receipts") == 0


@pytest.mark.parametrize("patience", [timedelta(hours=72)])
def test_one_receipt_that_still_comes_keeps_the_others_of_its_text_waiting(world, patience):
    receive(world.service, None, "SMnobody", "sent", None)
    age(world, 100)
    receive(world.service, None, "SMnobody", "delivered", None)
    assert sweep_orphans(world.service, patience=patience) == {}


def test_a_difference_of_orphans_is_closed_when_their_text_is_known_after_all(world):
    receive(world.service, None, "SMlate", "delivered", None)
    age(world, 100)
    sweep_orphans(world.service)
    world.say("booked")
    world.run()
    world.do("UPDATE attempts SET sid = 'SMlate'")
    assert sweep_orphans(world.service) == {"matched": 1}
    assert opened(world) == {}
