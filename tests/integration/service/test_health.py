"""What the service says of itself: ready or not in words, numbers for those who may, counts that are true."""

import logging
import time

import pytest
import sqlalchemy as sa
from integration.service.test_web import PUBLIC, settings
from integration.service.world import ANA, BEN
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from sms_service.domain.outcome import OutcomeClass
from sms_service.domain.reasons import Reason
from sms_service.store.blocks import open_circuit
from sms_service.store.canaries import Canary, record_canary
from sms_service.store.migrate import newest
from sms_service.store.pulse import fold_tallies, pulse
from sms_service.store.story import message_story
from sms_service.use_cases.assess import QUEUE_LATE_S, assess
from sms_service.use_cases.hold import hold
from sms_service.use_cases.watch import watch
from sms_service.web.app import create_app

QUEUES = tuple(QUEUE_LATE_S)


def door(world, host="127.0.0.1", **changed):
    """The web's door as a caller on this machine, or elsewhere."""
    app = create_app(world.service, settings(world).model_copy(update=changed))
    return TestClient(app, base_url=PUBLIC, client=(host, 50000))


def let_canaries_through(world, *queues, age=0.1, beat_ahead=0.0, worker_ahead=0.0):
    """As a scheduler and workers would whose clocks are ahead of the others' by so much."""
    now = time.time()
    for queue in queues or QUEUES:
        canary = Canary(
            queue=queue,
            sent_at=now - age,
            beat_clock=now - age + beat_ahead,
            arrived_at=now,
            worker_clock=now + worker_ahead,
        )
        with world.service.db.transaction() as connection:
            record_canary(connection, canary)


def state_of(world):
    with world.service.db.transaction() as connection:
        return pulse(connection)


def problems(world):
    return " | ".join(str(trouble) for trouble in assess(state_of(world)).problems)


def warnings(world):
    return " | ".join(str(trouble) for trouble in assess(state_of(world)).warnings)


# ---- ready or not


def test_ready_says_what_is_missing_and_then_nothing(world):
    web = door(world)
    answer = web.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)
    told = " | ".join(answer.json()["problems"])
    assert "no tick lately" in told
    for queue in QUEUES:
        assert f"queue {queue} yet" in told
    world.tick()
    let_canaries_through(world)
    answer = web.get("/readyz")
    assert (answer.status_code, answer.json()["problems"]) == (200, [])


def test_without_the_database_it_is_not_ready_and_says_why(world):
    web = door(world)
    gone = sa.create_engine("postgresql+psycopg://sms_app:app-secret@127.0.0.1:1/sms")
    was, world.service.db.engine = world.service.db.engine, gone
    try:
        answer = web.get("/readyz")
    finally:
        world.service.db.engine = was
    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert "the database does not answer" in answer.json()["problems"][0]


def test_on_an_older_schema_it_is_not_ready_and_names_the_command(world):
    world.do("UPDATE alembic_version SET version_num = '0003'")
    try:
        ready, metrics = door(world).get("/readyz"), door(world).get("/metrics")
    finally:
        world.do(f"UPDATE alembic_version SET version_num = '{newest()}'")
    assert ready.status_code == metrics.status_code == 503
    assert "sms-service migrate" in ready.json()["problems"][0]
    assert "sms-service migrate" in metrics.json()["detail"]


def test_an_old_tick_is_a_problem(world):
    world.tick()
    let_canaries_through(world)
    assert problems(world) == ""
    world.do("UPDATE heartbeats SET at = at - interval '31 seconds'")
    assert "no tick lately" in problems(world)


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_whose_canary_stays_away_is_named(world, queue):
    world.tick()
    let_canaries_through(world)
    late = QUEUE_LATE_S[queue] + 1
    world.do(
        "UPDATE canaries SET arrived_at = arrived_at - make_interval(secs => %s) WHERE queue = %s",
        late,
        queue,
    )
    assert f"nothing came through the queue {queue} for" in problems(world)
    assert problems(world).count("|") == 0


def test_a_queue_that_is_behind_is_named_though_its_canaries_come(world):
    world.tick()
    let_canaries_through(world)
    let_canaries_through(world, "send", age=90)
    assert "the queue send is 90 s behind: start more workers" in problems(world)


def test_an_open_circuit_is_a_problem_that_names_its_cure(world):
    world.tick()
    let_canaries_through(world)
    with world.service.db.transaction() as connection:
        open_circuit(connection, world.home.sender_id, "provider code 20003")
    assert "sms-service release --sender one" in problems(world)
    assert "20003" in problems(world)


def test_a_hold_is_a_warning_and_its_reason_is_for_those_who_may_see_numbers(world):
    world.tick()
    let_canaries_through(world)
    hold(world.service, "all", 0, "told by Canaryname")
    web, stranger = door(world), door(world, host="203.0.113.9")
    assert web.get("/readyz").status_code == 200
    assert "everything is on hold" in stranger.get("/readyz").json()["warnings"][0]
    assert "Canaryname" not in stranger.get("/readyz").text
    assert web.get("/readyz").json()["holds"][0]["reason"] == "told by Canaryname"


def test_differences_in_the_ledger_are_a_warning_and_a_number(world):
    assert "ledger" not in warnings(world)
    world.do("INSERT INTO differences (kind, sid, theirs) VALUES ('unknown_here', 'SMelsewhere', 'sent')")
    assert "unknown_here 1" in warnings(world)
    assert "sms-service reconcile" in warnings(world)
    assert 'sms_ledger_differences{kind="unknown_here"} 1.0' in door(world).get("/metrics").text


def test_an_unknown_attempt_long_after_its_grace_is_a_warning(world):
    world.say()
    world.provider.always = {"outcome": OutcomeClass.UNKNOWN}
    world.run()
    assert warnings(world) == ""
    world.do("UPDATE attempts SET committed_at = committed_at - interval '901 seconds'")
    assert "an attempt is unknown for 90" in warnings(world)


# ---- clocks


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        ({"beat_ahead": 5.0}, "the clock of the scheduler's machine is 5 s ahead of"),
        ({"worker_ahead": -7.0}, "the clock of the send worker's machine is 7 s behind"),
    ],
)
def test_clocks_that_differ_are_told_and_keep_nothing_from_its_work(world, ahead, told):
    world.tick()
    let_canaries_through(world)
    assert warnings(world) == ""
    let_canaries_through(world, "send", **ahead)
    assert told in warnings(world)
    assert problems(world) == ""
    # the age is by the broker's clock at both ends, whatever the others say
    assert state_of(world).queues["send"].age_s == pytest.approx(0.1, abs=0.05)


# ---- who may see numbers


@pytest.mark.parametrize(
    ("host", "token", "headers", "allowed"),
    [
        ("127.0.0.1", "", {}, True),
        ("::1", "", {}, True),
        ("127.0.0.1", "", {"X-Forwarded-For": "203.0.113.9"}, False),
        ("203.0.113.9", "", {}, False),
        ("203.0.113.9", "secret-token", {"Authorization": "Bearer secret-token"}, True),
        ("203.0.113.9", "secret-token", {"Authorization": "Bearer other"}, False),
        ("127.0.0.1", "secret-token", {}, False),
    ],
)
def test_numbers_are_for_this_machine_or_for_who_brings_the_token(world, host, token, headers, allowed):
    web = door(world, host=host, metrics_token=token)
    assert web.get("/metrics", headers=headers).status_code == (200 if allowed else 401)
    said = web.get("/readyz", headers=headers).json()
    assert {"ready", "problems", "warnings"} <= set(said)
    assert ("messages" in said) is allowed


# ---- counts


def counted(world):
    """What the kept counts should be, counted."""
    found = {}
    for kind, query in {
        "message": "SELECT state AS name, count(*) AS n FROM messages GROUP BY 1",
        "attempt": "SELECT 'awaiting' AS name, count(*) AS n FROM attempts"
        " WHERE coalesce(outcome, '') NOT IN ('handed_over', 'delivery_unknown')"
        " AND (state IN ('open', 'unknown') OR (state = 'accepted'"
        " AND coalesce(status, '') IN ('accepted', 'queued', 'sending')))",
    }.items():
        found |= {(kind, row.name): row.n for row in world.all(query) if row.n}
    return found


def kept(world, *kinds):
    rows = world.all("SELECT kind, name, sum(n) AS n FROM tallies GROUP BY 1, 2")
    return {(row.kind, row.name): int(row.n) for row in rows if row.kind in kinds and row.n}


def test_the_kept_counts_are_what_counting_finds_through_a_whole_life(world):
    def agree():
        assert kept(world, "message", "attempt") == counted(world)

    world.say("booked", "V1", "P1")
    world.say("booked", "V2", "P2", phone=BEN)
    agree()
    world.provider.answers = [{"outcome": OutcomeClass.UNKNOWN}]
    world.run()
    agree()
    attempt = world.one("SELECT id FROM attempts WHERE state = 'accepted'")
    world.receipt(attempt, "delivered")
    agree()
    world.reconcile()
    agree()
    world.say("cancelled", "V2", "P2")
    agree()
    world.do("DELETE FROM message_log")
    world.do("DELETE FROM messages WHERE id = (SELECT max(id) FROM messages WHERE state = 'skipped')")
    agree()
    with world.service.db.transaction() as connection:
        assert fold_tallies(connection, beyond=5) > 5
        assert fold_tallies(connection, beyond=500) == 0
    agree()
    world.say("booked", "V3", "P3", phone="+12605550125")
    agree()
    assert state_of(world).messages == {
        name: n for (kind, name), n in counted(world).items() if kind == "message"
    }


def test_outcomes_and_reasons_are_counted_each_time(world):
    world.say("booked", "V1", "P1")
    retry = {"outcome": OutcomeClass.RETRY}
    world.provider.answers = [retry, retry]
    for _ in range(2):
        world.run()
        world.do("UPDATE messages SET due = %s WHERE state = 'planned' AND reason = 'retry_later'", world.now)
    world.run()
    state = state_of(world)
    assert state.outcomes == {"retry": 2, "accepted": 1}
    assert state.reasons["retry_later"] == 2
    assert state.senders[0].attempts == 3
    planned_out = world.all("SELECT reason, count(*) AS n FROM messages WHERE reason IS NOT NULL GROUP BY 1")
    assert {row.reason: row.n for row in planned_out}.items() <= state.reasons.items()


def test_one_statement_over_many_rows_counts_each_once(world):
    world.say("booked", "V1", "P1")
    world.say("booked", "V2", "P2", phone=BEN)
    before = kept(world, "reason").get(("reason", "hold"), 0)
    changed = world.one(
        "WITH c AS (UPDATE messages SET reason = 'hold' WHERE state = 'planned' RETURNING 1)"
        " SELECT count(*) FROM c"
    )
    world.do("UPDATE messages SET reason = 'hold' WHERE state = 'planned'")  # nothing new
    assert kept(world, "reason")["reason", "hold"] == before + changed
    assert changed > 5


def test_the_state_is_read_without_going_through_the_messages(world):
    world.say("booked", "V1", "P1")
    world.run()
    hold(world.service, "clinic", world.home.clinic_id, "many wait")
    world.do(
        "INSERT INTO messages (clinic_id, sender_id, cause, cause_id, step, priority, phone_index, state,"
        " due, until, sent_at) SELECT %s, %s, 'task', g, 'welcome', 1, decode(md5(g::text), 'hex'),"
        " (ARRAY['sent', 'planned', 'ready'])[1 + g %% 3], %s + make_interval(mins => g), 'infinity', now()"
        " FROM generate_series(1, 20000) g",
        world.home.clinic_id,
        world.home.sender_id,
        world.now,
    )
    for table in ("messages", "tallies"):
        world.do(f"ANALYZE {table}")
    with world.service.db.transaction() as connection:
        before = rows_read(connection)  # what this connection did earlier is not written down yet
        watched = pulse(connection)
        after = rows_read(connection)
    assert watched.messages["ready"] > 6000
    assert watched.oldest_due_s is None, "the clinic is on hold"
    in_sequence, by_index = (late - early for late, early in zip(after, before, strict=True))
    assert in_sequence == 0
    assert by_index < 50


def rows_read(connection):
    """How many messages this connection read in sequence, and by an index."""
    statement = "SELECT seq_tup_read, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'messages'"
    return tuple(connection.execute(sa.text(statement)).one())


# ---- due, and nothing leaves


def alarms(caplog):
    return [r for r in caplog.records if r.name == "sms_service.watch"]


def wait_for_it(world, seconds=200):
    """Let machine time pass for the watch, and for what it compares with."""
    world.do("UPDATE stalls SET since = since - make_interval(secs => %s)", seconds)
    world.do("UPDATE tallies SET at = at - make_interval(secs => %s)", seconds)


@pytest.fixture
def due(world, caplog):
    """A world with a text that is due; its watch has begun."""
    caplog.set_level(logging.INFO, "sms_service.watch")
    world.say()
    assert watch(world.service) == []
    return world


def test_texts_that_are_due_while_none_leaves_are_one_alarm_and_one_end(due, caplog):
    wait_for_it(due)
    assert watch(due.service) == ["one"]
    assert watch(due.service) == ["one"]
    assert [r.levelname for r in alarms(caplog)] == ["ERROR"]
    assert "sender one" in alarms(caplog)[0].getMessage()
    assert state_of(due).senders[0].stalled_s > 120
    due.run()
    assert watch(due.service) == []
    assert watch(due.service) == []
    assert [r.levelname for r in alarms(caplog)] == ["ERROR", "WARNING"]
    assert state_of(due).senders[0].stalled_s is None


def test_a_short_wait_is_no_alarm(due, caplog):
    wait_for_it(due, 60)
    assert watch(due.service) == []
    assert alarms(caplog) == []


def test_the_alarm_is_in_readyz_and_in_the_metrics_with_its_likely_cause(due):
    wait_for_it(due)
    let_canaries_through(due)
    web = door(due)
    told = " | ".join(web.get("/readyz").json()["problems"])
    assert "texts are due and none has left" in told
    assert "there is no tick, so nothing is claimed" in told
    due.tick()
    due.do("UPDATE canaries SET arrived_at = arrived_at - interval '61 seconds' WHERE queue = 'send'")
    assert "no send worker takes tasks" in " | ".join(web.get("/readyz").json()["problems"])
    let_canaries_through(due)
    assert "look at the send workers' logs" in " | ".join(web.get("/readyz").json()["problems"])
    assert sample(web, "sms_stalled_seconds", sender="one") > 120
    assert sample(web, "sms_ready") == 0


def test_claims_that_never_reach_the_fence_are_no_departure(due):
    due.tick()
    wait_for_it(due)
    assert watch(due.service) == ["one"]


@pytest.mark.parametrize("scope", ["all", "sender", "clinic"])
def test_what_is_held_back_is_no_alarm(due, caplog, scope):
    target = {"all": 0, "sender": due.home.sender_id, "clinic": due.home.clinic_id}[scope]
    hold(due.service, scope, target, "test")
    wait_for_it(due)
    assert watch(due.service) == []
    assert alarms(caplog) == []


def test_a_hold_of_one_clinic_does_not_hide_the_texts_of_another(due):
    other = due.clinic("hillside")
    due.say("booked", "V2", "P2", phone=BEN, clinic=other)
    hold(due.service, "clinic", due.home.clinic_id, "test")
    wait_for_it(due)
    assert watch(due.service) == ["one"]


def test_the_time_of_a_hold_does_not_count_once_it_is_released(due):
    hold(due.service, "all", 0, "test")
    watch(due.service)
    wait_for_it(due)
    due.do("UPDATE holds SET released_at = clock_timestamp()")
    assert watch(due.service) == []
    assert watch(due.service) == []
    wait_for_it(due)
    assert watch(due.service) == ["one"]


def test_an_open_circuit_has_its_own_alarm(due, caplog):
    with due.service.db.transaction() as connection:
        open_circuit(connection, due.home.sender_id, "provider code 20003")
    wait_for_it(due)
    assert watch(due.service) == []
    assert alarms(caplog) == []


def test_a_rate_that_is_used_up_is_no_silence(due):
    due.do("UPDATE senders SET segments_per_second = 0.1")
    wait_for_it(due, 300)
    assert watch(due.service) == [], "ten segments take a hundred seconds"
    wait_for_it(due, 100)
    assert watch(due.service) == ["one"]


def test_a_bucket_in_debt_is_waited_for(due):
    due.do("UPDATE senders SET segments_per_second = 10, bucket = -10000, bucket_at = clock_timestamp()")
    wait_for_it(due)
    assert watch(due.service) == []
    due.do("UPDATE senders SET bucket = -5")
    assert watch(due.service) == ["one"]


def test_texts_that_go_on_leaving_are_no_alarm_though_more_wait(due):
    due.say("booked", "V2", "P2", phone=BEN)
    wait_for_it(due)
    batch = due.tick()[0]
    due.send(batch)
    due.say("booked", "V3", "P3", phone="+12605550125")
    assert watch(due.service) == []


# ---- why, for each of the faults that keeps a text back


def why(world):
    with world.service.db.transaction([world.home.clinic_id]) as connection:
        return message_story(connection, world.service.keys, world.message("welcome").id)


def test_a_text_that_waits_for_a_hold_a_circuit_or_its_turn_says_so(world):
    world.say()
    world.do("UPDATE senders SET bucket = -1000000, bucket_at = clock_timestamp()")
    world.tick()
    assert why(world)["explanation"] == Reason.ITS_TURN.explanation
    with world.service.db.transaction() as connection:
        open_circuit(connection, world.home.sender_id, "provider code 20003")
    assert why(world)["explanation"] == Reason.CIRCUIT_OPEN.explanation
    hold(world.service, "clinic", world.home.clinic_id, "test")
    assert why(world)["explanation"] == Reason.HOLD.explanation


def test_a_claim_whose_lease_ran_out_is_in_the_log_and_in_the_counts(world):
    world.say()
    world.tick()
    world.do(
        "UPDATE messages SET lease_until = clock_timestamp() - interval '1 second' WHERE state = 'claimed'"
    )
    world.tick()
    told = [line["explanation"] for line in why(world)["log"] if line["what"] == "freed"]
    assert told == [Reason.LEASE_RAN_OUT.explanation]
    assert state_of(world).reasons["lease_ran_out"] == 1
    hold(world.service, "all", 0, "test")  # takes claims back as well, and is no lost lease
    assert state_of(world).reasons["lease_ran_out"] == 1


def test_a_text_whose_outcome_is_unclear_says_what_happens_next(world):
    world.say()
    world.provider.always = {"outcome": OutcomeClass.UNKNOWN}
    world.run()
    assert why(world)["explanation"] == Reason.UNCLEAR.explanation


# ---- metrics


def sample(web, name, **labels):
    for family in text_string_to_metric_families(web.get("/metrics").text):
        for one in family.samples:
            if one.name == name and one.labels == labels:
                return one.value
    raise AssertionError(f"no {name} {labels}")


def test_the_metrics_say_what_the_tables_say_and_name_no_patient(world):
    world.say("booked", "V1", "P1")
    world.run()
    world.tick()
    let_canaries_through(world, age=2.0)
    web = door(world)
    assert sample(web, "sms_messages", state="sent") == 1
    assert sample(web, "sms_outcomes_total", outcome="accepted") == 1
    assert sample(web, "sms_attempts_total", sender="one") == 1
    assert sample(web, "sms_awaiting_receipt") == 1
    assert sample(web, "sms_ready") == 1
    assert sample(web, "sms_queue_delay_seconds", queue="send") >= 2
    assert 0 <= sample(web, "sms_tick_age_seconds") < 30
    text = web.get("/metrics").text
    labels = {
        label for family in text_string_to_metric_families(text) for s in family.samples for label in s.labels
    }
    assert labels == {"state", "reason", "outcome", "sender", "queue"}
    assert ANA not in text


def test_the_age_of_what_is_due_is_patient_time(world):
    world.say()
    world.tick()
    due = world.message("welcome").due
    world.set(due + (world.now - world.now.replace(hour=world.now.hour - 1)))
    assert sample(door(world), "sms_oldest_due_seconds", sender="one") == 3600
