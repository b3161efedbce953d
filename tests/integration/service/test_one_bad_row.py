"""What cannot be written, settled or claimed waits by itself: the others are none of its business."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from integration.service.world import BEN, event, sid

from sms_service.domain.outcome import OutcomeClass

VISITS = ("V1", "V2", "V3")
DAMAGE = "UPDATE patients SET state = state || '\\x00'::bytea WHERE external_id = %s"
MEND = "UPDATE patients SET state = substr(state, 1, length(state) - 1) WHERE external_id = %s"


def three(world):
    """Three patients, each with a welcome due now."""
    for number, visit in enumerate(VISITS, start=1):
        world.say("booked", visit, f"P{number}", phone=f"+1260556000{number}")


def went(world, step="welcome"):
    return {
        row.external_id
        for row in world.all(
            "SELECT a.external_id FROM messages m JOIN appointments a ON a.id = m.appointment_id"
            " WHERE m.step = %s AND m.state = 'sent'",
            step,
        )
    }


def test_damaged_patient_data_does_not_keep_the_others_of_its_batch_from_going(world):
    three(world)
    world.do(DAMAGE, "P2")
    (batch,) = world.tick()
    sent = world.send(batch)
    assert (len(batch.messages), sent.attempted, sent.deferred, sent.skipped) == (3, 2, 1, 0)
    assert went(world) == {"V1", "V3"}


def test_what_cannot_be_written_waits_with_its_reason_and_a_person_is_asked_once(world):
    three(world)
    world.do(DAMAGE, "P2")
    world.run()
    text = world.message("welcome", "V2")
    assert (text.state, text.reason, text.due) == ("planned", "unwritable", world.now + timedelta(minutes=15))
    world.set(text.due)
    world.run()
    assert [
        (row.kind, row.state)
        for row in world.all("SELECT * FROM tasks WHERE cause = 'message' AND cause_id = %s", text.id)
    ] == [("phone_instead", "open")]


def test_a_text_goes_once_what_was_damaged_is_mended(world):
    three(world)
    world.do(DAMAGE, "P2")
    world.run()
    world.do(MEND, "P2")
    world.set(world.message("welcome", "V2").due)
    world.run()
    assert went(world) == set(VISITS)


def test_what_is_not_mended_within_its_window_ends_with_the_reason(world):
    three(world)
    world.do(DAMAGE, "P2")
    world.do("UPDATE messages SET until = %s WHERE step = 'welcome'", world.now + timedelta(minutes=10))
    world.run()
    assert world.states("V2")["welcome"] == ("skipped", "unwritable")
    assert "phone_instead" in world.tasks()


def test_a_row_whose_key_is_not_there_does_not_stop_the_others(world):
    three(world)
    key = world.one("SELECT data_key FROM patients WHERE external_id = 'P1'")
    world.do("UPDATE patients SET data_key = '\\x00'::bytea || substr(%s, 2) WHERE external_id = 'P1'", key)
    world.run()
    assert went(world) == {"V2", "V3"}
    assert world.states("V1")["welcome"] == ("planned", "unwritable")


def test_an_answer_whose_text_is_not_named_does_not_stop_the_others(world):
    three(world)
    world.run()
    world.reply("help", phone="+12605560001")
    world.do("UPDATE messages SET facts = '{}' WHERE cause = 'reply'")
    world.say("booked", "V9", "P9", phone=BEN)
    world.run()
    assert "V9" in went(world)
    assert world.one("SELECT reason FROM messages WHERE cause = 'reply'") == "unwritable"


def test_a_number_written_where_words_belong_in_a_clinics_file_is_taken_as_words(world):
    """YAML reads `emergency: 911` as a number."""
    other = world.clinic("hill", emergency=911, phone=5550100, addresses={"": 12})
    world.say("booked")
    world.take(event("booked", "V2", "P2", phone=BEN), other)
    world.run()
    assert went(world) == {"V1", "V2"}


@pytest.mark.parametrize(
    "damage",
    [
        '{"hours": {"opens": "9"}}',
        '{"hours": 9}',
        '{"work": {"days": null}}',
        '{"zone": "Nowhere/Land"}',
        '{"addresses": [1]}',
    ],
)
def test_a_clinic_with_damaged_settings_does_not_stop_another_clinic_on_its_sender(world, damage):
    other = world.clinic("hill")
    world.take(event("booked", "V2", "P2", phone=BEN), other)
    world.say("booked")
    world.do("UPDATE clinics SET settings = settings || %s::jsonb WHERE slug = 'hill'", damage)
    world.run()
    assert "V1" in went(world)
    assert world.states("V2")["welcome"][0] != "claimed"


def test_a_sid_that_two_answers_name_costs_the_third_nothing(world):
    three(world)
    taken = {"outcome": OutcomeClass.ACCEPTED, "status": "queued"}
    world.provider.answers = [taken | {"sid": sid(1)}, taken | {"sid": sid(1)}, taken | {"sid": sid(3)}]
    world.run()
    attempts = world.all("SELECT state, sid FROM attempts ORDER BY id")
    assert [tuple(row) for row in attempts] == [("accepted", sid(1)), ("unknown", None), ("accepted", sid(3))]
    assert sorted(row.state for row in world.all("SELECT state FROM messages WHERE step = 'welcome'")) == [
        "sent",
        "sent",
        "unknown",
    ]


def test_a_sid_of_an_earlier_text_leaves_the_new_one_to_be_looked_up(world):
    three(world)
    world.run()
    held = world.attempt("welcome", "V1").sid
    world.say("booked", "V9", "P9", phone=BEN)
    world.provider.always = {"outcome": OutcomeClass.ACCEPTED, "status": "queued", "sid": held}
    world.run()
    assert world.attempt("welcome", "V1").state == "accepted"
    assert world.attempt("welcome", "V9").state == "unknown"


def test_a_sender_whose_claim_fails_does_not_starve_the_next(world):
    """No claim can be made for an id beyond the range of an advisory lock's key."""
    world.do(
        "INSERT INTO senders (id, name, address, segments_per_second) OVERRIDING SYSTEM VALUE"
        " VALUES (-3000000000, 'broken', '+15005550001', 1)"
    )
    world.say("booked")
    (batch,) = world.tick()
    assert batch.sender_id == world.home.sender_id
    assert batch.messages == (world.message("welcome").id,)


def test_the_words_of_a_database_error_hold_no_value_of_the_row(world):
    with (
        pytest.raises(sa.exc.IntegrityError) as caught,
        world.service.db.transaction(world.scoped(world.home)) as connection,
    ):
        connection.execute(
            sa.text(
                "INSERT INTO patients (clinic_id, external_id, data_key, state, zone)"
                " VALUES (:clinic, 'Ana', '', NULL, '+12605550123')"
            ),
            {"clinic": world.home.clinic_id},
        )
    assert "Ana" not in str(caught.value.orig)
    with (
        pytest.raises(sa.exc.DBAPIError) as caught,
        world.service.db.transaction(world.scoped(world.home)) as connection,
    ):
        connection.execute(
            sa.text("UPDATE patients SET zone = :zone, state = NULL, language = 1 / :none"),
            {"zone": "+12605550123", "none": 0},
        )
    assert "+12605550123" not in str(caught.value)
