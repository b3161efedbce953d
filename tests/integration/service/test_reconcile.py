"""What nobody can vouch for is looked up before anything is sent again."""

from datetime import UTC, datetime, timedelta

import pytest
from integration.service.world import ADDRESS, ANA, BEN, NOW, FakeProvider, at, event, sid

from sms_service.domain.outcome import OutcomeClass
from sms_service.domain.request import Trace
from sms_service.provider.errors import ProviderUnavailable
from sms_service.use_cases import reconcile as reconcile_module

UNKNOWN = {"outcome": OutcomeClass.UNKNOWN, "http_status": 503}


def trace(number=1, body="", **said):
    values = {"sender": ADDRESS, "status": "delivered", "created_at": datetime.now(UTC)} | said
    return Trace(sid=sid(number), body=body, **values)


def unknown(world, *visits, **said):
    """Texts whose call ended in silence; their requests."""
    for number, visit in enumerate(visits or ("V1",), start=1):
        world.say("booked", visit, f"P{number}", **said)
    world.provider.always = UNKNOWN
    went = []
    while batches := world.tick():
        for batch in batches:
            world.send(batch)
    went, world.provider.sent = world.provider.sent, []
    world.provider.always = None
    return went


def test_an_unknown_text_is_not_looked_for_before_the_grace_is_over(world):
    unknown(world)
    assert world.reconcile(seconds=600) == {}
    assert world.provider.asked == []


def test_an_unknown_text_is_not_sent_again_by_any_number_of_ticks(world):
    unknown(world)
    assert world.tick() == []
    world.set(NOW + timedelta(days=1))
    assert world.message("welcome").state == "unknown"
    assert all(world.message("welcome").id not in batch.messages for batch in world.tick())


def test_a_text_that_the_provider_has_is_found_by_its_words(world):
    (request,) = unknown(world)
    world.provider.listed = [trace(1, "something else"), trace(2, request.body)]
    assert world.reconcile() == {"found": 1}
    assert (world.attempt().state, world.attempt().sid) == ("accepted", sid(2))
    assert world.message("welcome").state == "delivered"
    assert world.run() == []


def test_a_text_that_the_provider_has_but_has_not_sent_yet_is_found(world):
    (request,) = unknown(world)
    world.provider.listed = [trace(2, request.body, status="accepted")]
    assert world.reconcile() == {"found": 1}
    assert world.message("welcome").state == "sent"


def test_a_text_that_the_provider_could_not_deliver_has_the_consequence_of_its_code(world):
    (request,) = unknown(world)
    world.provider.listed = [trace(2, request.body, status="undelivered", code=30005)]
    world.reconcile()
    assert (world.message("welcome").state, world.message("welcome").reason) == (
        "undelivered",
        "number_unusable",
    )
    assert world.tasks() == ["number_unusable"]


def test_a_text_that_the_provider_never_had_is_sent_again_once(world):
    (first,) = unknown(world)
    assert world.reconcile() == {"sent_again": 1}
    (second,) = world.run()
    assert second.body == first.body
    assert second.attempt_id != first.attempt_id


def test_a_text_lost_twice_is_handed_to_a_person_and_not_sent_a_third_time(world):
    unknown(world)
    world.reconcile()
    world.provider.always = UNKNOWN
    world.run()
    assert world.reconcile() == {"handed_over": 1}
    assert world.tasks() == ["untraceable"]
    assert world.reconcile() == {}
    assert world.one("SELECT count(*) FROM attempts") == 2
    assert world.message("welcome").state == "unknown"


def test_what_was_handed_over_is_still_settled_by_a_late_receipt(world):
    (request,) = unknown(world)
    world.do("UPDATE senders SET obfuscated = true")
    assert world.reconcile() == {"handed_over": 1}
    assert world.receipt(request.attempt_id, "delivered") == "applied"
    assert world.message("welcome").state == "delivered"


def test_where_addresses_are_hidden_a_person_looks(world):
    (request,) = unknown(world)
    world.do("UPDATE senders SET obfuscated = true")
    world.provider.listed = [trace(2, request.body)]
    assert world.reconcile() == {"handed_over": 1}
    assert world.attempt().state == "unknown"
    assert world.tasks() == ["untraceable"]


def test_those_handed_over_do_not_keep_others_from_their_turn(world, monkeypatch):
    monkeypatch.setattr(reconcile_module, "_NUMBERS", 1)
    unknown(world, "V1", "V2")
    world.do("UPDATE senders SET obfuscated = true")
    world.reconcile()
    world.do("UPDATE senders SET obfuscated = false")
    world.say("booked", "V9", "P9", phone=BEN)
    world.provider.always = UNKNOWN
    world.run()
    assert world.reconcile() == {"sent_again": 1}


def test_a_redacted_trace_is_found_by_sender_and_time(world):
    unknown(world)
    world.provider.listed = [trace(2, "")]
    assert world.reconcile() == {"found": 1}


def test_a_trace_from_before_the_attempt_is_not_it(world):
    (request,) = unknown(world)
    old = datetime.now(UTC) - timedelta(hours=1)
    world.provider.listed = [trace(2, request.body, created_at=old)]
    assert world.reconcile() == {"sent_again": 1}


def test_a_trace_of_another_sender_is_not_it(world):
    (request,) = unknown(world)
    world.provider.listed = [trace(2, request.body, sender="+15005550999")]
    assert world.reconcile() == {"sent_again": 1}


def test_a_sid_that_is_bound_already_is_not_taken_again(world):
    """The same words went to the same number before; that text is accounted for."""
    (request,) = unknown(world)
    world.say("booked", "V2", "P2", given="Ben")
    world.run()
    bound = world.attempt("welcome", "V2").sid
    world.provider.listed = [trace(2, request.body, status="sent")]
    world.do("UPDATE attempts SET sid = %s WHERE sid = %s", sid(2), bound)
    assert world.reconcile() == {"sent_again": 1}


def test_a_sid_bound_by_another_clinic_on_the_sender_is_not_taken_again(world):
    other = world.clinic("hill")
    world.say("booked", "V7", "P7", clinic=other)
    world.run()
    unknown(world)
    world.provider.listed = [trace(7, "")]  # redacted, so that the words do not tell the clinics apart
    world.do("UPDATE attempts SET sid = %s WHERE sid IS NOT NULL", sid(7))
    assert world.reconcile() == {"sent_again": 1}
    assert world.message("welcome", "V7").state == "sent"


def test_each_of_several_unknown_texts_finds_its_own_trace(world):
    requests = unknown(world, "V1", "V2", "V3")
    world.provider.listed = [
        trace(number, request.body) for number, request in enumerate(reversed(requests), start=1)
    ]
    world.provider.listed.append(trace(9, "", created_at=datetime.now(UTC) - timedelta(seconds=1)))
    assert world.reconcile() == {"found": 3}
    assert {world.attempt("welcome", visit).sid for visit in ("V1", "V2", "V3")} == {sid(1), sid(2), sid(3)}


def test_with_fewer_redacted_traces_than_unknown_texts_the_rest_wait_for_a_person(world):
    """Which of them arrived cannot be told: sending one again could double it."""
    unknown(world, "V1", "V2", "V3")
    world.provider.listed = [trace(1, "")]
    assert world.reconcile() == {"found": 1, "handed_over": 2}
    assert world.run() == []


def test_with_one_trace_of_two_different_texts_the_other_is_sent_again(world):
    world.say("booked", "V1", "P1")
    world.say("booked", "V2", "P2", given="Ben")  # each text begins with its name
    requests = unknown(world, "V1")
    assert requests[0].body != requests[1].body
    world.provider.listed = [trace(1, requests[0].body)]
    assert world.reconcile() == {"found": 1, "sent_again": 1}


def test_with_one_trace_of_two_equal_texts_the_other_waits_for_a_person(world):
    first, second = unknown(world, "V1", "V2")
    assert first.body == second.body
    world.provider.listed = [trace(1, first.body)]
    assert world.reconcile() == {"found": 1, "handed_over": 1}


def test_a_number_that_changed_meanwhile_cannot_be_looked_up_and_goes_to_a_person(world):
    unknown(world)
    world.say("patient", None, phone=BEN)
    world.reconcile()
    assert world.provider.asked == []
    assert world.tasks() == ["untraceable"]


def test_what_is_sent_again_is_asked_of_decide_once_more(world):
    unknown(world)
    world.say("cancelled", reason="patient")
    world.reconcile()
    world.run_to(NOW + timedelta(minutes=11))
    assert world.states()["welcome"] == ("skipped", "cancelled")
    assert len([request for request in world.provider.sent if "welcome" in request.body]) == 0


def test_what_is_found_missing_after_its_window_is_not_sent(world):
    unknown(world)
    world.set(at("2027-05-20 08:00"))
    assert world.reconcile() == {"sent_again": 1}
    world.tick()
    assert world.states()["welcome"] == ("skipped", "window_passed")


def test_a_provider_that_cannot_be_asked_leaves_everything_as_it_is(world):
    unknown(world)

    class Away(FakeProvider):
        async def traces(self, to, since):  # noqa: ARG002 - the shape is given
            raise ProviderUnavailable("away")

    world.provider = Away()
    with pytest.raises(ProviderUnavailable):
        world.reconcile()
    assert world.attempt().state == "unknown"


def test_one_number_that_cannot_be_looked_up_does_not_stop_the_others(world):
    world.say("booked", "V1", "P1")
    world.say("booked", "V2", "P2", phone=BEN)
    world.provider.always = UNKNOWN
    world.run()
    world.provider.always = None

    class Broken(FakeProvider):
        async def traces(self, to, since):  # noqa: ARG002 - the shape is given
            if to == ANA:
                raise ProviderUnavailable("a row that cannot be read")
            return []

    world.provider = Broken()
    with pytest.raises(ProviderUnavailable):
        world.reconcile()
    assert world.attempt("welcome", "V1").state == "unknown"
    assert world.message("welcome", "V2").state == "planned"


def test_a_receipt_during_the_grace_settles_it_and_nothing_is_looked_up(world):
    (request,) = unknown(world)
    world.receipt(request.attempt_id, "sent")
    assert world.reconcile() == {}
    assert world.provider.asked == []


def test_a_receipt_that_comes_while_the_list_is_read_wins(world):
    (request,) = unknown(world)

    class Slow(FakeProvider):
        async def traces(self, to, since):  # noqa: ARG002 - the shape is given
            world.receipt(request.attempt_id, "delivered")
            return []

    world.provider = Slow()
    assert world.reconcile() == {}
    assert world.message("welcome").state == "delivered"


def test_a_late_acceptance_before_the_second_attempt_takes_its_place(world):
    """Written off without a trace, and then the receipt comes: the patient has it, it does not go again."""
    (request,) = unknown(world)
    world.reconcile()
    assert world.message("welcome").state == "planned"
    world.receipt(request.attempt_id, "delivered")
    assert world.message("welcome").state == "delivered"
    assert world.run() == []


def test_a_late_acceptance_takes_the_second_attempt_out_of_a_workers_hands(world):
    (request,) = unknown(world)
    world.reconcile()
    (batch,) = world.tick()
    world.receipt(request.attempt_id, "sent")
    assert world.send(batch).attempted == 0
    assert world.message("welcome").state == "sent"


def test_a_late_acceptance_after_the_second_attempt_raises_a_task_and_nothing_more(world):
    (request,) = unknown(world)
    world.reconcile()
    world.run()
    world.receipt(request.attempt_id, "delivered", of="SMghost")
    assert world.tasks() == ["untraceable"]
    assert world.one("SELECT outcome FROM attempts WHERE id = %s", request.attempt_id) == "late"
    assert world.message("welcome").state == "sent"
    assert world.run() == []
    assert world.one("SELECT count(*) FROM attempts WHERE state <> 'dead'") == 1


def test_a_late_failure_of_what_was_written_off_changes_nothing(world):
    (request,) = unknown(world)
    world.reconcile()
    world.receipt(request.attempt_id, "failed", 30008)
    assert world.tasks() == []
    assert len(world.run()) == 1


def test_texts_of_several_clinics_to_one_number_are_each_settled(world):
    other = world.clinic("hill")
    world.say("booked", "V1", "P1")
    world.take(event("booked", "V2", "P2"), other)
    world.provider.always = UNKNOWN
    world.run()
    requests, world.provider = world.provider.sent, FakeProvider()
    world.provider.listed = [trace(number, request.body) for number, request in enumerate(requests, start=1)]
    assert world.reconcile() == {"found": 2}
