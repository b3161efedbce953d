"""A database put back from a snapshot believes that texts it already sent are still due."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from integration.service.world import ADDRESS, ANA, BEN, NOW, sid

from sms_service.domain.outcome import OutcomeClass
from sms_service.domain.request import Listed, Trace
from sms_service.provider.errors import ProviderUnavailable
from sms_service.store.blocks import release
from sms_service.store.migrate import migrate
from sms_service.use_cases.guard_restore import RESTORED, guard_restore, reconcile_since
from sms_service.use_cases.hold import hold

LONG_AGO = NOW - timedelta(days=400)


def trace(number=1, body="as it was", **said):
    values = {"sender": ADDRESS, "status": "sent", "created_at": datetime.now(UTC), "to": ANA} | said
    return Trace(sid=sid(number), body=body, **values)


def restore(world):
    """Its identity is not that of the last send any more."""
    assert guard_restore(world.service) is False  # the first time it is noted
    world.do("UPDATE deployment SET system_identifier = '1', timeline = 1")


def learn(world):
    counts = asyncio.run(reconcile_since(world.service, world.provider, LONG_AGO, world.now))
    return {name: count for name, count in counts.items() if count}


def held(world):
    return [row.reason for row in world.all("SELECT reason FROM holds WHERE released_at IS NULL")]


def let_go(world):
    with world.service.db.transaction() as connection:
        assert release(connection, "all", 0)


def due(world, *visits):
    """Texts that wait and are overdue."""
    for number, visit in enumerate(visits or ("V1",), start=1):
        world.say("booked", visit, f"P{number}", given=f"N{number}")
    world.set(NOW + timedelta(minutes=5))


# ---- the guard


def test_a_database_that_stayed_the_same_is_not_held(world):
    assert [guard_restore(world.service) for _ in range(3)] == [False, False, False]
    assert held(world) == []


@pytest.mark.parametrize(
    "column", ["system_identifier = system_identifier || '1'", "timeline = timeline + 1"]
)
def test_another_identity_holds_everything(world, column):
    guard_restore(world.service)
    world.do(f"UPDATE deployment SET {column}")
    world.say("booked")
    assert guard_restore(world.service) is True
    assert held(world) == [RESTORED]
    assert world.tick() == []


def test_a_claim_that_the_snapshot_held_is_taken_back(world):
    world.say("booked")
    (batch,) = world.tick()
    restore(world)
    guard_restore(world.service)
    assert world.message("welcome").state == "ready"
    assert world.send(batch).attempted == 0


def test_a_batch_that_is_delivered_before_the_first_tick_after_a_restore_sends_nothing(world):
    """Its token is in the snapshot, and the broker was not restored."""
    world.say("booked")
    (batch,) = world.tick()
    restore(world)
    assert world.send(batch).attempted == 0
    assert world.provider.sent == []
    assert world.message("welcome").state == "claimed"


def test_nothing_is_claimed_before_the_guard_noticed(world):
    world.say("booked")
    restore(world)
    assert world.tick() == []


@pytest.mark.parametrize("held_already", [False, True])
def test_while_it_is_held_nothing_is_left_out_for_its_window_and_nobody_is_asked_to_phone(
    world, held_already
):
    """Many of these texts did go: what a patient has must not look as if it had come too late."""
    world.say("booked")
    must = world.message("welcome")
    restore(world)
    if held_already:
        hold(world.service, "all", 0, "incident")
    guard_restore(world.service)
    world.set(must.until + timedelta(minutes=1))
    assert world.tick() == []
    assert world.message("welcome").state == "planned"
    assert world.all("SELECT kind FROM tasks WHERE cause = 'message'") == []
    learn(world)
    world.do("UPDATE holds SET released_at = clock_timestamp()")
    world.tick()
    assert world.states()["welcome"] == ("skipped", "window_passed")
    assert world.one("SELECT count(*) FROM tasks WHERE cause = 'message'") > 0


def test_a_schema_knows_its_database_once_it_is_made_and_keeps_to_it_when_it_is_made_again(world):
    """A snapshot from before the first tick has to be noticed as well."""
    migrate(world.owner_url)
    here = world.all("SELECT system_identifier, timeline FROM deployment")
    assert here == world.all(
        "SELECT system_identifier::text,"
        " ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int FROM pg_control_system()"
    )
    world.do("UPDATE deployment SET system_identifier = '1'")
    migrate(world.owner_url)
    assert world.one("SELECT system_identifier FROM deployment") == "1"
    assert guard_restore(world.service) is True


def test_the_guard_asks_again_and_holds_again_when_somebody_releases_too_early(world):
    restore(world)
    guard_restore(world.service)
    let_go(world)
    assert guard_restore(world.service) is True
    assert held(world) == [RESTORED]


def test_a_hold_for_another_reason_does_not_hide_that_it_was_restored(world):
    hold(world.service, "all", 0, "incident")
    restore(world)
    guard_restore(world.service)
    let_go(world)
    guard_restore(world.service)
    assert held(world) == [RESTORED]


def test_learning_what_was_sent_releases_it_and_the_guard_is_content(world):
    restore(world)
    guard_restore(world.service)
    learn(world)
    assert held(world) == []
    assert guard_restore(world.service) is False


def test_learning_what_was_sent_does_not_release_a_hold_for_another_reason(world):
    hold(world.service, "all", 0, "incident")
    restore(world)
    guard_restore(world.service)
    learn(world)
    assert held(world) == ["incident"]


def test_a_provider_that_cannot_be_asked_leaves_it_held(world):
    restore(world)
    due(world)
    guard_restore(world.service)
    stop = trace(2, "STOP", sender=ANA, to=ADDRESS, direction="inbound")

    class Away:
        async def page(self, place=None):
            if place is None:
                return Listed(traces=(trace(1), stop), next_place="2")
            raise ProviderUnavailable("ConnectionError")

    with pytest.raises(ProviderUnavailable):
        asyncio.run(reconcile_since(world.service, Away(), LONG_AGO, world.now))
    assert held(world) == [RESTORED]
    assert world.message("welcome").sent_at is None
    assert world.one("SELECT count(*) FROM replies") == 0


def test_a_list_without_an_end_is_a_fault_and_leaves_it_held(world):
    restore(world)
    guard_restore(world.service)

    class Endless:
        async def page(self, place=None):  # noqa: ARG002 - the shape is given
            return Listed(traces=(trace(1),), next_place="again")

    with pytest.raises(ProviderUnavailable, match="without an end"):
        asyncio.run(reconcile_since(world.service, Endless(), LONG_AGO, world.now))
    assert held(world) == [RESTORED]


# ---- what is learnt


def test_a_text_that_was_sent_in_the_lost_time_is_not_sent_again(world):
    due(world)
    world.provider.listed = [trace()]
    assert learn(world) == {"already_sent": 1}
    assert world.message("welcome").state == "sent"
    assert world.run() == []


def test_a_text_that_was_not_sent_in_the_lost_time_goes(world):
    due(world)
    assert learn(world) == {}
    assert [request.to for request in world.run()] == [ANA]


def test_a_retry_that_was_sent_in_the_lost_time_is_not_sent_again(world):
    world.say("booked")
    world.provider.always = {"outcome": OutcomeClass.SOFT, "code": 30003}
    world.run()
    world.provider.always = None
    assert world.message("welcome").sent_at is not None
    world.set(world.message("welcome").due)
    world.provider.listed = [trace(body=world.provider.sent[0].body)]
    assert learn(world) == {"already_sent": 1}
    assert world.run() == []


def test_a_text_that_the_snapshot_held_open_takes_its_own_trace_first(world):
    """The answer to HELP was never sent: it must not take the welcome's place in the provider's list."""
    world.say("booked")
    (batch,) = world.tick()
    (request,), _ = world.fence(batch)
    world.reply("help")
    world.set(world.now + timedelta(minutes=1))
    world.provider.listed = [trace(9, request.body)]
    assert learn(world) == {"found": 1}
    assert (world.attempt().id, world.attempt().sid) == (request.attempt_id, sid(9))
    assert len(world.run()) == 1
    assert world.one("SELECT state FROM messages WHERE cause = 'reply'") == "sent"


def test_what_another_sender_sent_to_the_number_is_not_taken_for_ours(world):
    due(world)
    world.provider.listed = [trace(sender="+19998887777")]
    assert learn(world) == {}
    assert len(world.run()) == 1


def test_what_is_bound_already_is_not_taken_again(world):
    due(world, "V1", "V2")
    (first,) = world.tick()
    world.send(first)
    bound = world.one("SELECT sid FROM attempts")
    world.provider.listed = [Trace(**{**_fields(trace()), "sid": bound})]
    assert learn(world) == {}
    assert len(world.run()) == 1


def _fields(one):
    return {name: getattr(one, name) for name in ("sender", "body", "status", "created_at", "code", "to")}


def test_what_the_provider_could_not_deliver_does_not_count_as_sent(world):
    due(world)
    world.provider.listed = [trace(status="undelivered", code=30005)]
    learn(world)
    assert world.states()["welcome"] == ("undelivered", "number_unusable")


def test_a_person_is_asked_to_look_at_each_text_that_is_taken_for_sent(world):
    due(world, "V1", "V2", "V3")
    world.provider.listed = [trace(1), trace(2)]
    assert learn(world) == {"already_sent": 2}
    taken = {row.id for row in world.all("SELECT id FROM messages WHERE state = 'sent'")}
    assert {
        row.cause_id
        for row in world.all("SELECT cause_id FROM tasks WHERE kind = 'untraceable' AND state = 'open'")
    } == taken
    assert len(taken) == 2


def test_each_clinic_on_a_sender_learns_of_its_own(world):
    other = world.clinic("hill")
    world.say("booked")
    world.run()
    bound = world.attempt().sid
    world.say("booked", "V7", "P7", clinic=other)
    world.set(NOW + timedelta(minutes=5))
    world.provider.listed = [Trace(**{**_fields(trace()), "sid": bound})]
    assert learn(world) == {}
    assert len(world.run()) == 1


def test_a_patient_who_cannot_be_read_does_not_keep_the_others_from_being_learnt(world):
    world.say("booked", "V1", "P1")
    world.say("booked", "V2", "P2", phone=BEN)
    world.do("UPDATE patients SET state = state || '\\x00'::bytea WHERE external_id = 'P1'")
    restore(world)
    guard_restore(world.service)
    world.set(NOW + timedelta(minutes=5))
    world.provider.listed = [trace(to=BEN), trace(2, "STOP", sender=ANA, to=ADDRESS, direction="inbound")]
    assert learn(world) == {"already_sent": 1, "unreadable": 1}
    assert held(world) == []
    assert world.message("welcome", "V2").state == "sent"
    assert world.run() == []


def test_ids_of_attempts_that_were_lost_are_not_given_out_again(world):
    due(world)
    world.run()
    before = world.attempt().id
    learn(world)
    world.say("booked", "V2", "P2", phone=BEN)
    world.run()
    assert world.attempt("welcome", "V2").id > before + 1_000_000


def test_a_receipt_that_names_a_lost_attempt_reaches_the_text_it_was_taken_for(world):
    due(world)
    world.provider.listed = [trace(9)]
    learn(world)
    lost = world.attempt().id - 500_000
    assert world.receipt(lost, "delivered", of=sid(9), to=ANA) == "applied"
    assert world.message("welcome").state == "delivered"


def test_a_receipt_that_names_a_lost_attempt_and_comes_early_counts_once_it_is_learnt(world):
    due(world)
    assert world.receipt(999_999_999, "delivered", of=sid(9), to=ANA) == "orphan"
    world.provider.listed = [trace(9)]
    learn(world)
    assert world.message("welcome").state == "delivered"


@pytest.mark.parametrize("words_are_hidden", [True, False])
def test_where_numbers_are_hidden_nothing_overdue_goes_and_a_person_is_asked_about_each(
    world, words_are_hidden
):
    world.say("booked", "V9", "P9", phone=BEN)
    (welcome,) = world.run()
    world.do("UPDATE messages SET step = 'earlier' WHERE sent_at IS NOT NULL")
    due(world, "V1", "V2")
    world.provider.listed = [
        trace(991, "" if words_are_hidden else welcome.body, to="+1260555XXXX"),
        trace(992, "3", sender="+1260555XXXX", to=ADDRESS, direction="inbound"),
    ]
    assert learn(world) == {"handed_over": 2, "replies_hidden": 1}
    welcomes = world.all("SELECT state, reason FROM messages WHERE step = 'welcome' AND due <= %s", world.now)
    assert set(welcomes) == {("skipped", "untraceable")}
    assert world.one("SELECT count(*) FROM tasks WHERE kind = 'untraceable' AND state = 'open'") == 2
    assert world.run() == []


def test_hidden_numbers_of_another_sender_keep_nothing_from_going(world):
    due(world)
    world.provider.listed = [trace(body="", to="+1260555XXXX", sender="+19998887777")]
    assert learn(world) == {}
    assert len(world.run()) == 1


def test_the_list_is_asked_for_once_and_no_number_by_itself(world):
    due(world, "V1", "V2", "V3")
    world.provider.listed = [trace()]
    learn(world)
    assert world.provider.asked == []
