"""An event marked as a test says nothing true of anybody."""

import itertools

import pytest
from integration.service.world import ANA, BEN, NOW, at, event

from sms_service.domain.registers import value
from sms_service.store.patients import lock_patient


def known(world, person="P1"):
    """What is stored of a patient."""
    with world.service.db.transaction(world.scoped(world.home)) as connection:
        row = lock_patient(connection, world.service.keys, world.home.clinic_id, person)
    return {name: value(row.fields, name) for name in ("given", "phone", "language", "consent", "deceased")}


@pytest.mark.parametrize(
    "said",
    [
        {"phone": BEN},
        {"given": "Testy"},
        {"consent": {"sms": False}},
        {"deceased": True},
        {"language": "es"},
    ],
)
def test_a_test_event_changes_nothing_of_a_real_patient(world, said):
    world.say("booked")
    before = known(world)
    world.say("booked", "VT", "P1", test=True, **said)
    world.say("patient", None, "P1", test=True, **said)
    assert known(world) == before
    assert {request.to for request in world.run_to(at("2027-05-18 12:00"))} == {ANA}


def test_a_test_event_gives_no_consent(world):
    world.say("booked", consent={"sms": False})
    world.say("booked", "VT", "P1", test=True, consent={"sms": True})
    assert world.run_to(at("2027-05-20 09:00")) == []


def test_what_only_test_events_said_is_not_believed_once_the_patient_is_real(world):
    world.say("booked", "VT", "P1", test=True, phone=BEN)
    body = event("booked")
    del body["data"]["patient"]["consent"], body["data"]["patient"]["phone"]
    world.take(body)
    assert world.run_to(at("2027-05-20 09:00")) == []
    assert world.states()["welcome"] == ("skipped", "no_phone")


def test_a_test_event_leaves_no_line_in_the_ledger_of_consent(world):
    world.say("booked", "VT", "P1", test=True)
    assert world.all("SELECT * FROM consents") == []


@pytest.mark.parametrize("start", ["2027-05-20T08:00:00", "2027-05-20T14:00:00"])
def test_a_test_visit_on_the_day_of_a_real_one_leaves_its_texts_alone(world, start):
    world.say("booked", "VT", "P1", start=start, test=True)
    world.say("booked")
    world.say("booked", "VU", "P1", start=start, test=True)
    assert {state for state, _ in world.states("VT").values()} == {"skipped"}
    went = world.run_to(at("2027-05-18 12:00"))
    assert world.message("safety").state == "sent"
    assert "9:30" in "".join(request.body for request in went)
    assert not any("8:00" in request.body or "2:00" in request.body for request in went)


def test_a_test_visit_does_not_take_the_place_of_a_cancelled_one(world):
    """The patient is told that the visit is off: a test is no new time."""
    world.say("booked")
    world.run()
    world.say("cancelled", reason="clinic")
    world.say("booked", "VT", "P1", test=True)
    world.run_to(at("2027-05-03 12:00"))
    assert world.message("cancelled").state == "sent"


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_test_events_change_nobody_in_whatever_order_they_come(world, order):
    said = [
        event("booked", time=NOW),
        event("booked", "VT", "P1", time=at("2027-05-03 11:00"), phone=BEN, given="Testy", test=True),
        event("patient", None, "P1", time=at("2027-05-03 09:00"), language="es", test=True),
    ]
    for number in order:
        world.take(said[number])
    assert known(world) == {
        "given": "Ana",
        "phone": ANA,
        "language": "en",
        "consent": True,
        "deceased": None,
    }
    assert [request.to for request in world.run()] == [ANA]
