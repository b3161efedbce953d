"""Events come in any order, twice, late and all at once; the state they leave is the same."""

import json
import random
import threading
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from integration.service.world import ANA, BEN, NOW, at, event

from sms_service.intake.problems import NotAnEventError

FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def fields(world):
    """Everything that events said, as it stands."""
    visits = {
        row.external_id: (row.fields, row.status, row.starts_at, row.pathway, row.test, row.patient)
        for row in world.all(
            "SELECT a.*, p.external_id AS patient FROM appointments a"
            " LEFT JOIN patients p ON p.id = a.patient_id"
        )
    }
    people = {}
    for row in world.all("SELECT * FROM patients"):
        state = json.loads(world.service.keys.box(row.data_key).open(row.state))
        people[row.external_id] = (
            state,
            bytes(row.phone_index or b""),
            row.consent,
            row.deceased,
            row.merged_away,
        )
    return visits, people


def test_a_new_event_is_applied_and_stored_sealed(world):
    taken = world.take(event("booked"))
    assert taken.outcome == "applied"
    (row,) = world.all("SELECT * FROM events")
    assert (row.id, row.outcome, row.clinic_id) == (taken.event_id, "applied", world.home.clinic_id)
    assert ANA.encode() not in bytes(row.raw)


def test_the_same_delivery_twice_is_a_duplicate_and_changes_nothing(world):
    body = event("booked")
    world.take(body)
    before = world.all("SELECT * FROM messages ORDER BY id")
    assert world.take(body).outcome == "duplicate"
    assert world.one("SELECT count(*) FROM events") == 1
    assert world.all("SELECT * FROM messages ORDER BY id") == before


def test_the_same_news_under_another_id_is_stale(world):
    body = event("booked")
    world.take(body)
    assert world.take(body | {"id": "again"}).outcome == "stale"
    assert world.one("SELECT version FROM appointments") == 1


def test_older_news_is_stale_and_moves_nothing(world):
    world.say("booked", time=NOW)
    assert world.say("booked", time=NOW - timedelta(days=1), start="2027-05-28T09:00:00") == "stale"
    assert world.one("SELECT starts_at FROM appointments") == at("2027-05-20 09:30")


@pytest.mark.parametrize(
    "said",
    [
        {"start": "2027-03-14T02:30:00"},  # the clocks jump over it
        {"start": "2027-05-20"},
        {"start": "2027-05-20T09:30:00", "timezone": "Mars/Phobos"},
        {"start": 7},
        {"type": {"code": "XRAY"}},
        {"status": "levitating"},
        {"given": "x" * 600},
    ],
)
def test_what_cannot_be_applied_is_quarantined_whole_and_kept(world, said):
    taken = world.take(event("booked", **said))
    assert taken.outcome == "quarantined"
    assert taken.problems
    assert world.one("SELECT outcome FROM events") == "quarantined"
    assert world.one("SELECT count(*) FROM appointments") == 0
    assert world.one("SELECT count(*) FROM patients") == 0


def test_a_quarantined_event_that_is_sent_again_once_mended_is_applied(world):
    """The advice is to add the type to the feed and send the event again: the same one, with its id."""
    body = event("booked", type={"code": "TPI-2"})
    assert world.take(body).outcome == "quarantined"
    assert world.take(body).outcome == "quarantined"
    world.do(
        """UPDATE feeds SET settings = jsonb_set(settings, '{types,TPI-2}', '"trigger_point_injection"')"""
    )
    assert world.take(body).outcome == "applied"
    assert world.take(body).outcome == "duplicate"
    assert [(row.outcome, row.problems) for row in world.all("SELECT * FROM events")] == [("applied", [])]
    assert len(world.run()) == 1


def test_an_ambiguous_time_takes_the_first_and_carries_a_warning(world):
    taken = world.take(event("booked", start="2027-11-07T01:30:00"))
    assert (taken.outcome, [p.code for p in taken.problems]) == ("applied", ["time_ambiguous"])
    assert world.one("SELECT starts_at FROM appointments") == at("2027-11-07 01:30")


def test_a_missing_phone_is_told_and_the_visit_is_kept_with_a_task(world):
    taken = world.take(event("booked", phone=None))
    assert taken.outcome == "applied"
    assert world.states()["welcome"] == ("skipped", "no_phone")
    assert "phone_instead" in world.tasks("open", "scheduled")
    world.say("patient", None, phone=ANA)
    assert len(world.run()) == 1


def test_no_consent_means_no_text_and_consent_that_comes_later_means_texts(world):
    world.say("booked", consent={"sms": False})
    assert world.run() == []
    assert world.states()["welcome"] == ("skipped", "no_consent")
    world.say("patient", None, consent={"sms": True})
    assert len(world.run()) == 1
    assert [row.granted for row in world.all("SELECT granted FROM consents ORDER BY id")] == [False, True]


def test_a_test_visit_gets_no_text_and_nothing_makes_it_real(world):
    world.say("booked", test=True)
    assert world.run() == []
    assert world.say("updated", location="L1") == "applied"
    assert world.run() == []
    assert world.states()["welcome"] == ("skipped", "test_event")


def test_a_cancellation_before_its_booking_leaves_a_tombstone(world):
    world.say("cancelled", "V1", None, time=NOW, reason="patient")
    assert world.one("SELECT patient_id FROM appointments") is None
    assert world.say("booked", "V1", "P1", time=NOW - timedelta(hours=1)) == "applied"
    assert world.one("SELECT status FROM appointments") == "cancelled"
    assert world.run_to(NOW + timedelta(days=20)) == []


def test_a_booking_after_a_cancellation_reinstates_the_visit(world):
    world.say("booked")
    world.run()
    world.say("cancelled", reason="clinic")
    world.set(NOW + timedelta(hours=2))
    assert len(world.run()) == 1
    world.say("booked", time=world.now)
    world.run_to(world.now + timedelta(minutes=30))
    assert world.attempt("moved").variant.startswith("common.moved.on_again")
    assert "take place after all" in world.provider.bodies[-1]


def test_an_event_of_a_visit_moved_to_another_patient_speaks_to_the_new_one(world):
    world.say("booked", "V1", "P1")
    world.take(event("updated", "V1", "P2", given="Ben", phone=BEN, consent={"sms": True}))
    assert {request.to for request in world.run()} == {BEN}
    assert (
        world.one("SELECT p.external_id FROM appointments a JOIN patients p ON p.id = a.patient_id") == "P2"
    )


def test_older_news_about_the_old_patient_does_not_take_the_visit_back(world):
    world.say("booked", "V1", "P1", time=NOW - timedelta(hours=2))
    world.take(event("updated", "V1", "P2", time=NOW, given="Ben", phone=BEN, consent={"sms": True}))
    late = event("updated", "V1", "P1", time=NOW - timedelta(hours=1), location="L7")
    assert world.take(late).outcome == "applied"  # it is the newest word on the place
    assert (
        world.one("SELECT p.external_id FROM appointments a JOIN patients p ON p.id = a.patient_id") == "P2"
    )
    assert {request.to for request in world.run()} == {BEN}


def test_a_patient_who_died_or_whose_record_was_merged_hears_nothing_more(world):
    for number, said in enumerate(({"deceased": True}, {"merged_into": "P9"})):
        world.say("booked", f"V{number}", f"P{number}", phone=f"+1260555020{number}")
        world.run()
        world.say("patient", None, f"P{number}", **said)
    assert world.run_to(NOW + timedelta(days=30)) == []
    assert world.states("V0")["safety"] == ("skipped", "deceased")
    assert world.states("V1")["safety"] == ("skipped", "merged_record")


def test_a_cancellation_because_of_a_death_is_silent(world):
    world.say("booked")
    world.run()
    world.say("cancelled", reason="deceased")
    assert world.run_to(NOW + timedelta(days=30)) == []


def test_two_visits_on_one_day_are_one_chain(world):
    world.say("booked", "V1", "P1", start="2027-05-20T13:00:00")
    world.say("booked", "V2", "P1", start="2027-05-20T15:00:00")
    sent = world.run_to(at("2027-05-20 15:30"))
    assert world.states("V2")["welcome"] == ("skipped", "one_chain")
    assert any("1:00" in request.body and "3:00" in request.body for request in sent)
    assert len({request.body for request in sent}) == len(sent)


def test_a_visit_booked_again_while_its_cancellation_settles_is_a_move(world):
    world.say("booked", "V1", "P1")
    world.run()
    world.say("cancelled", "V1", "P1", reason="patient")
    world.set(NOW + timedelta(minutes=3))
    world.say("booked", "V2", "P1", start="2027-05-25T10:00:00", time=world.now)
    world.run_to(NOW + timedelta(minutes=30))
    assert world.states("V1")["cancelled"] == ("skipped", "rebooked")
    assert world.one("SELECT count(*) FROM messages WHERE step = 'cancelled' AND sent_at IS NOT NULL") == 0


def test_planning_twice_changes_nothing(world):
    world.say("booked")
    before = world.all("SELECT id, step, state, due, until, reason FROM messages ORDER BY id")
    logged = world.one("SELECT count(*) FROM message_log")
    assert world.say("patient", None, given="Anna") == "applied"
    assert world.all("SELECT id, step, state, due, until, reason FROM messages ORDER BY id") == before
    assert world.one("SELECT count(*) FROM message_log") == logged


def test_a_move_never_repeats_what_the_patient_was_told(world):
    world.say("booked")
    world.run_to(at("2027-05-18 10:05"))
    for day in ("25", "26", "25"):
        world.say("rescheduled", start=f"2027-05-{day}T11:00:00", time=world.now)
        world.run_to(world.now + timedelta(minutes=15))
    sent = world.run_to(at("2027-06-01 10:00"))
    assert sent
    steps = world.all("SELECT step, count(*) AS times FROM messages WHERE sent_at IS NOT NULL GROUP BY step")
    repeated = {row.step for row in steps if row.times > 1}
    assert repeated <= {"moved", "confirm", "safety"}


# ---- order and repetition


def news():
    """What one clinic's systems said, in the order it happened; three people, two visits."""
    said = [
        event("booked", "V1", "P1", time=NOW),
        event("updated", "V1", "P1", time=NOW + timedelta(seconds=1), location="L1"),
        event("rescheduled", "V1", "P1", time=NOW + timedelta(seconds=2), start="2027-05-21T10:00:00"),
        event("patient", None, "P1", time=NOW + timedelta(seconds=3), phone=BEN, language="es"),
        event(
            "updated",
            "V1",
            "P2",
            time=NOW + timedelta(seconds=4),
            given="Ben",
            phone=ANA,
            consent={"sms": True},
        ),
        event("cancelled", "V1", None, time=NOW + timedelta(seconds=5), reason="clinic"),
        event("booked", "V2", "P1", time=NOW + timedelta(seconds=6)),
        event("booked", "V2", "P1", time=NOW + timedelta(seconds=6), location="L5"),  # the same instant
    ]
    return [body | {"id": f"n{number}"} for number, body in enumerate(said)]


@FEW
@given(order=st.permutations(range(8)), again=st.lists(st.integers(0, 7), max_size=4))
def test_the_same_events_in_any_order_and_number_end_in_the_same_state(world, order, again):
    told = news()
    world.begin()
    for body in told:
        world.take(body)
    expected = fields(world)
    world.begin()
    for number in [*order, *again]:
        assert world.take(told[number]).outcome in {"applied", "stale", "duplicate"}
    assert fields(world) == expected


def post_all(world, bodies, threads=6):
    """Post from several connections at once; what each came to."""
    start, outcomes, errors = threading.Barrier(threads), [], []

    def post(share):
        start.wait()
        for body in share:
            try:
                outcomes.append(world.take(body).outcome)
            except Exception as error:  # noqa: BLE001 - the finding
                errors.append(error)

    workers = [threading.Thread(target=post, args=[bodies[number::threads]]) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return outcomes, errors


def test_many_events_of_one_patient_at_once_end_as_if_they_had_come_one_by_one(world):
    told = news()
    for body in told:
        world.take(body)
    expected = fields(world)
    world.begin()
    crowd = [body for body in told for _ in range(4)]
    random.Random(7).shuffle(crowd)
    outcomes, errors = post_all(world, crowd)
    assert errors == []
    assert outcomes.count("duplicate") == len(crowd) - len(told)
    assert fields(world) == expected


def test_many_visits_of_one_patient_at_once_lose_none_and_plan_each_once(world):
    bodies = [
        event("booked", f"V{number}", "P1", start=f"2027-05-{10 + number}T14:00:00") for number in range(12)
    ]
    _, errors = post_all(world, bodies)
    assert errors == []
    assert world.one("SELECT count(*) FROM appointments WHERE patient_id IS NOT NULL") == 12
    assert world.one("SELECT count(*) FROM messages WHERE step = 'welcome'") == 12


def test_visits_that_change_hands_among_patients_at_once_do_not_block_each_other_for_ever(world):
    bodies = []
    for number in range(48):
        person = f"P{number % 3}"
        bodies.append(
            event(
                "updated",
                f"V{number % 4}",
                person,
                start="2027-05-20T14:00:00",
                status="booked",
                type={"code": "TPI"},
                given="X",
                phone=f"+1260555030{number % 3}",
                consent={"sms": True},
            )
        )
    outcomes, errors = post_all(world, bodies)
    assert errors == []
    assert len(outcomes) == 48
    owners = world.all(
        "SELECT a.external_id, p.external_id AS owner, a.fields->'patient_id'->>0 AS said"
        " FROM appointments a JOIN patients p ON p.id = a.patient_id"
    )
    assert [row for row in owners if row.owner != row.said] == []


def test_the_same_delivery_many_times_at_once_is_taken_once(world):
    body = event("booked")
    outcomes, errors = post_all(world, [body] * 12)
    assert errors == []
    assert sorted(outcomes) == ["applied", *["duplicate"] * 11]
    assert world.one("SELECT count(*) FROM messages WHERE step = 'welcome'") == 1


# ---- whatever a stranger's system may write


NASTY = [
    None,
    "",
    " ",
    0,
    -1,
    True,
    1.5,
    10**30,
    "x" * 5000,
    "\x00",
    "\ud800",
    "é" * 100,
    [],
    {},
    {"x": [1]},
    "2027-13-45",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "9999-12-31T23:59:00",
    "0001-01-01T00:30:00",
    "Mars/Phobos",
    "yesterday",
    "../../etc",
    "NaN",
]
PLACES = [
    ("id",),
    ("source",),
    ("type",),
    ("time",),
    ("data", "test"),
    ("data", "version"),
    ("data", "version", "at"),
    ("data", "appointment", "id"),
    ("data", "appointment", "status"),
    ("data", "appointment", "start"),
    ("data", "appointment", "timezone"),
    ("data", "appointment", "type"),
    ("data", "appointment", "type", "code"),
    ("data", "appointment", "type", "codings"),
    ("data", "appointment", "location"),
    ("data", "appointment", "reason"),
    ("data", "appointment", "procedure"),
    ("data", "appointment", "procedure", "done"),
    ("data", "appointment", "procedure", "injectate"),
    ("data", "patient", "id"),
    ("data", "patient", "given"),
    ("data", "patient", "phone"),
    ("data", "patient", "language"),
    ("data", "patient", "zone"),
    ("data", "patient", "deceased"),
    ("data", "patient", "merged_into"),
    ("data", "patient", "consent"),
    ("data", "patient", "consent", "sms"),
    ("data", "patient", "consent", "at"),
    ("data", "patient"),
    ("data",),
]


@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_no_value_in_any_field_breaks_the_taking_in(world, place):
    """Each is taken, quarantined or refused as no event; never a fault that is repeated for ever."""
    for number, value in enumerate(NASTY):
        body = event("booked", f"N{number}", f"N{number}")
        spot = body
        for name in place[:-1]:
            spot = spot.setdefault(name, {})
        spot[place[-1]] = value
        try:
            assert world.take(body).outcome in {"applied", "stale", "quarantined", "duplicate"}
        except NotAnEventError:
            continue
        except Exception as error:
            raise AssertionError(f"{'.'.join(place)} = {value!r:.40}: {error!r:.200}") from error
