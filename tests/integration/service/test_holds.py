"""Once `hold` has returned nothing begins to leave, whoever was at work meanwhile."""

import threading

import pytest
from integration.service.test_fence import waiting

from sms_service.use_cases import hold as hold_module
from sms_service.use_cases import send as send_module
from sms_service.use_cases.hold import hold


@pytest.fixture
def paused(monkeypatch):
    """A fence that stops after it read its facts, until it is told to go on."""
    reached, go = threading.Event(), threading.Event()

    def reach(point):
        if point == send_module.FENCE_LOCKED:
            reached.set()
            assert go.wait(10)

    monkeypatch.setattr(send_module, "reach", reach)
    return reached, go


def test_a_hold_waits_for_a_fence_that_read_its_facts_before(world, paused):
    """The text counts as sent before the hold returns, and never after."""
    reached, go = paused
    world.say("booked")
    (batch,) = world.tick()
    seen = []

    def put():
        hold(world.service, "all", 0, "incident")
        seen.append(world.one("SELECT count(*) FROM attempts"))

    fenced = threading.Thread(target=lambda: world.fence(batch))
    holding = threading.Thread(target=put)
    fenced.start()
    assert reached.wait(10)
    holding.start()
    waiting(world)
    assert seen == []
    go.set()
    fenced.join()
    holding.join()
    assert seen == [1]
    assert world.tick() == []


def test_a_fence_that_starts_while_the_hold_is_being_put_sends_nothing(world, monkeypatch):
    world.say("booked")
    (batch,) = world.tick()
    sent = []
    clear = hold_module.clear_claims

    def between(*about):
        sent.append(world.send(batch))
        clear(*about)

    monkeypatch.setattr(hold_module, "clear_claims", between)
    hold(world.service, "all", 0, "incident")
    assert (sent[0].attempted, sent[0].deferred) == (0, 1)
    assert world.provider.sent == []


def test_a_claim_that_commits_after_the_hold_is_stopped_at_the_fence(world, monkeypatch):
    world.say("booked")
    claims = []
    clear = hold_module.clear_claims

    def between(*about):
        clear(*about)
        with world.service.db.transaction() as _:  # a tick that had looked for holds before there was one
            world.do("UPDATE holds SET released_at = now()")
            claims.extend(world.tick())
            world.do("UPDATE holds SET released_at = NULL")

    monkeypatch.setattr(hold_module, "clear_claims", between)
    hold(world.service, "clinic", world.home.clinic_id, "incident")
    (batch,) = claims
    assert world.send(batch).attempted == 0
    assert world.states()["welcome"] == ("planned", "hold")
