"""One clinic never sees, moves or texts another's patients; nothing that names a patient lies open."""

import re
from dataclasses import replace

import psycopg
import pytest
import sqlalchemy as sa
from integration.service.conftest import PASSWORDS
from integration.service.world import ADDRESS, ANA, BEN, NOW, event, sid
from psycopg.rows import namedtuple_row

from sms_service.domain.outcome import OutcomeClass
from sms_service.store.migrate import applied, migrate, newest
from sms_service.store.roles import APP, ensure_database

EVERY_SERVER = True

TENANT_TABLES = [
    "clinics",
    "feeds",
    "patients",
    "appointments",
    "events",
    "consents",
    "suppressions",
    "messages",
    "message_log",
    "attempts",
    "receipts",
    "replies",
    "tasks",
    "leaflets",
]
CANARIES = ("Canaryname", "2605550123", "+12605550123", "canary-reply", "Injection Guide: ")


@pytest.fixture
def full(world):
    """A clinic with a row in every table, and a second clinic that must not see any of it."""
    world.other = world.clinic("hill")
    world.say("booked", given="Canaryname")
    world.say("booked", "V2", "P2", given="Canaryname")  # a shared phone: the name is in the text
    world.run()
    world.receipt(world.attempt().id, "delivered")
    world.reply("canary-reply")
    world.run()
    world.reply("STOP")
    world.run()
    return world


def app(world, clinics):
    """A transaction of the application with clinics in scope."""
    connection = world.service.db.engine.connect()
    connection.execute(
        sa.text("SELECT set_config('sms.clinics', :names, true)"), {"names": ",".join(map(str, clinics))}
    )
    return connection


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_a_row_is_seen_by_its_clinic_and_by_no_other(full, table):
    key = "id" if table == "clinics" else "clinic_id"
    with app(full, [full.home.clinic_id]) as connection:
        assert connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one() > 0
    with app(full, [full.other.clinic_id]) as connection:
        rows = connection.execute(sa.text(f"SELECT {key} FROM {table}")).scalars().all()
        assert set(rows) <= {full.other.clinic_id}
        changed = connection.execute(
            sa.text(f"SELECT count(*) FROM {table} WHERE {key} = :id"), {"id": full.home.clinic_id}
        )
        assert changed.scalar_one() == 0
    with app(full, []) as connection:
        assert connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one() == 0


def test_every_table_with_a_tenant_forces_row_security(full):
    rows = full.all(
        "SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS forced FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind = 'r'"
        " AND (c.relname = 'clinics' OR EXISTS (SELECT FROM pg_attribute a"
        " WHERE a.attrelid = c.oid AND a.attname = 'clinic_id'))"
    )
    assert {row.name for row in rows} == {*TENANT_TABLES, "api_keys", "differences", "sign_offs"}
    assert all(row.forced for row in rows)


def test_a_row_cannot_be_written_into_another_clinic(full):
    with (
        app(full, [full.other.clinic_id]) as connection,
        pytest.raises(sa.exc.ProgrammingError, match="row-level security"),
    ):
        connection.execute(
            sa.text(
                "INSERT INTO suppressions (clinic_id, phone_index, since, source)"
                " VALUES (:id, 'x', now(), 'staff')"
            ),
            {"id": full.home.clinic_id},
        )


def test_a_row_cannot_be_given_to_another_clinic(full):
    with (
        app(full, [full.home.clinic_id]) as connection,
        pytest.raises(sa.exc.ProgrammingError, match="row-level security"),
    ):
        connection.execute(sa.text("UPDATE suppressions SET clinic_id = :id"), {"id": full.other.clinic_id})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE messages SET reason = 'x'",
        "UPDATE patients SET consent = false",
        "UPDATE tasks SET state = 'done'",
    ],
)
def test_another_clinics_rows_cannot_be_changed(full, statement):
    with app(full, [full.other.clinic_id]) as connection:
        assert connection.execute(sa.text(statement)).rowcount == 0


def test_without_its_policy_a_table_would_show_nothing_and_without_security_everything(full):
    """The proof that these tests look at the policies: without one, what they assert is no longer so."""
    with psycopg.connect(full.admin_url) as admin:
        admin.execute("ALTER TABLE patients DISABLE ROW LEVEL SECURITY")
        admin.execute("SET LOCAL ROLE sms_app")
        admin.execute("SELECT set_config('sms.clinics', %s, true)", [str(full.other.clinic_id)])
        assert admin.execute("SELECT count(*) FROM patients").fetchone()[0] == 2
        admin.rollback()
        admin.execute("DROP POLICY tenant ON patients")
        admin.execute("SET LOCAL ROLE sms_app")
        admin.execute("SELECT set_config('sms.clinics', %s, true)", [str(full.home.clinic_id)])
        assert admin.execute("SELECT count(*) FROM patients").fetchone()[0] == 0
        admin.rollback()


def test_a_scope_ends_with_its_transaction(full):
    with full.service.db.transaction([full.home.clinic_id]) as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM patients")).scalar_one() == 2
    with full.service.db.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM patients")).scalar_one() == 0


# ---- roles


def test_the_application_is_no_superuser_owns_nothing_and_cannot_pass_by_row_security(world):
    (role,) = world.all("SELECT * FROM pg_roles WHERE rolname = %s", APP)
    powers = ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolreplication")
    assert [power for power in powers if getattr(role, power)] == []
    assert world.one("SELECT count(*) FROM pg_class WHERE relowner = %s::regrole", APP) == 0
    assert world.one("SELECT count(*) FROM pg_auth_members WHERE member = %s::regrole", APP) == 0


def test_no_role_of_ours_passes_by_row_security(world):
    rows = world.all(
        "SELECT rolname, rolsuper OR rolbypassrls AS passes FROM pg_roles WHERE rolname LIKE 'sms%%'"
    )
    assert {row.rolname for row in rows} == {"sms_app", "sms_owner", "sms_router"}
    assert not any(row.passes for row in rows)


def test_the_router_cannot_log_in(world):
    assert world.one("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'sms_router'") is False


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM api_keys",
        "UPDATE api_keys SET revoked_at = NULL",
        "INSERT INTO clinics (slug, sender_id, settings) VALUES ('x', 1, '{}')",
        "DELETE FROM patients",
        "DELETE FROM messages",
        "TRUNCATE events",
        "UPDATE consents SET granted = true",
        "DELETE FROM consents",
        "UPDATE receipts SET status = 'x'",
        "UPDATE message_log SET what = 'x'",
        "ALTER TABLE patients DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON patients",
        "CREATE TABLE mine (id int)",
        "SET ROLE sms_owner",
        "SET ROLE sms_router",
        "SET SESSION AUTHORIZATION sms_owner",
    ],
)
def test_the_application_may_not(world, statement):
    with world.service.db.engine.connect() as connection, pytest.raises(sa.exc.ProgrammingError) as refused:
        connection.execute(sa.text(statement))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


def test_switching_row_security_off_gives_the_application_an_error_and_no_row(world):
    world.say("booked")
    with world.service.db.engine.connect() as connection:
        connection.execute(sa.text("SET LOCAL row_security = off"))
        with pytest.raises(sa.exc.DBAPIError, match="row-level security"):
            connection.execute(sa.text("SELECT * FROM patients"))


def test_even_the_owner_sees_no_patient(full):
    with full.owner.connect() as connection:
        for table in ("patients", "messages", "attempts", "replies", "events"):
            assert connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one() == 0


def test_functions_that_cross_clinics_return_ids_only_and_are_the_applications_alone(world):
    rows = world.all(
        "SELECT p.proname AS name, p.prosecdef AS definer, pg_get_function_result(p.oid) AS result,"
        " r.rolname AS owner,"
        " has_function_privilege('public', p.oid, 'EXECUTE') AS anyone, p.proconfig::text AS config"
        " FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner WHERE p.pronamespace = 'public'::regnamespace"
    )
    crossing = [row for row in rows if row.definer]
    assert {row.name for row in crossing} >= {
        "claim_due",
        "route_receipt",
        "route_inbound",
        "authenticate_key",
    }
    for row in crossing:
        assert row.owner == "sms_router"
        assert not row.anyone
        assert "search_path" in row.config
        assert "bytea" not in row.result
        assert "json" not in row.result


# ---- the application's own acts


def test_an_event_of_one_clinic_never_touches_anothers_visit_of_the_same_id(world):
    other = world.clinic("hill")
    world.say("booked", "V1", "P1")
    world.say("booked", "V1", "P1", phone=BEN, clinic=other)
    world.say("cancelled", "V1", clinic=other, reason="clinic")
    rows = world.all("SELECT clinic_id, status FROM appointments ORDER BY clinic_id")
    assert [(row.clinic_id, row.status) for row in rows] == [
        (world.home.clinic_id, "booked"),
        (other.clinic_id, "cancelled"),
    ]
    assert {request.to for request in world.run()} == {ANA}


def test_a_batch_with_the_wrong_clinics_in_scope_sends_nothing(world):
    other = world.clinic("hill")
    world.say("booked")
    (batch,) = world.tick()
    assert world.send(replace(batch, clinics=(other.clinic_id,))).attempted == 0
    assert world.provider.sent == []


def test_an_opt_out_to_one_clinic_says_nothing_about_another_sender(world):
    other = world.clinic("hill", sender="two", address="+15005550007")
    world.say("booked")
    world.say("booked", "V2", "P2", clinic=other)
    world.reply("STOP")
    assert world.one("SELECT count(*) FROM suppressions WHERE clinic_id = %s", other.clinic_id) == 0


# ---- what lies in the database


def test_nothing_that_names_a_patient_lies_open_in_any_table(full):
    full.provider.always = {"outcome": OutcomeClass.UNKNOWN}
    full.say("booked", "V9", "P9", given="Canaryname", phone="+12605550999")
    full.run()
    for table in full.tables:
        for row in full.all(f"SELECT t::text AS line FROM {table} t"):
            held = row.line + "".join(bytes.fromhex(part).decode("latin-1") for part in _hex(row.line))
            for canary in CANARIES:
                assert canary not in held, f"{table} holds {canary}"


def _hex(line):
    """Whatever PostgreSQL shows as bytes."""
    return [part if len(part) % 2 == 0 else part[:-1] for part in re.findall(r"\\\\?x([0-9a-f]+)", line)]


def test_an_api_key_is_kept_as_a_hash_only(world):
    text = "".join(row.line for row in world.all("SELECT t::text AS line FROM api_keys t"))
    assert world.home.key not in text
    assert world.home.key[10:] not in text


def test_the_same_text_sealed_twice_looks_different(full):
    bodies = [bytes(row.body) for row in full.all("SELECT body FROM attempts")]
    assert len(set(bodies)) == len(bodies)


# ---- the schema


def test_migrating_again_changes_nothing(world):
    assert migrate(world.owner_url) == newest()
    with world.service.db.transaction() as connection:
        assert applied(connection) == newest()


def test_making_the_roles_again_is_harmless(server, world):
    ensure_database(server.url(), "sms", PASSWORDS)
    world.say("booked")
    assert len(world.run()) == 1


def test_the_database_is_closed_to_everybody_else(server, world):
    world.do(
        "DO $$ BEGIN CREATE ROLE stranger LOGIN PASSWORD 'x';"
        " EXCEPTION WHEN duplicate_object THEN NULL; END $$"
    )
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(server.url_for("stranger", "x", "sms"), row_factory=namedtuple_row)


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE messages SET state = 'planned', due = NULL", "messages_check"),
        ("UPDATE messages SET state = 'claimed'", "messages_check"),
        ("UPDATE messages SET state = 'sent', sent_at = NULL", "messages_check"),
        ("UPDATE messages SET state = 'skipped', reason = NULL", "messages_check"),
        ("UPDATE messages SET state = 'flying'", "messages_state_check"),
        ("UPDATE messages SET due = until + interval '1 s' WHERE state = 'planned'", "messages_check"),
        ("UPDATE attempts SET state = 'accepted', sid = NULL", "attempts_check"),
        ("UPDATE attempts SET state = 'dead', outcome = NULL", "attempts_check"),
        ("UPDATE senders SET circuit_open_since = now()", "senders_check"),
        ("UPDATE events SET outcome = 'quarantined'", "events_check"),
        ("INSERT INTO holds (scope, target, reason) VALUES ('all', 7, 'x')", "holds_check"),
    ],
)
def test_the_schema_refuses_a_state_that_cannot_be(world, statement, constraint):
    world.say("booked")
    (batch,) = world.tick()
    world.fence(batch)
    with pytest.raises(psycopg.errors.CheckViolation, match=constraint):
        world.do(statement)


@pytest.mark.parametrize(
    "statement",
    [
        """INSERT INTO messages OVERRIDING SYSTEM VALUE
           SELECT (jsonb_populate_record(NULL::messages, to_jsonb(m) || '{"id": 999999}')).*
           FROM messages m LIMIT 1""",
        """INSERT INTO tasks (clinic_id, kind, cause, cause_id, due)
           SELECT clinic_id, kind, cause, cause_id, due FROM tasks LIMIT 1""",
        """INSERT INTO events (clinic_id, feed_id, delivery_id, learned_at, raw, hash, outcome)
           SELECT clinic_id, feed_id, delivery_id, learned_at, raw, hash, outcome FROM events LIMIT 1""",
    ],
)
def test_the_schema_refuses_the_same_thing_twice(world, statement):
    world.say("booked")
    with pytest.raises(psycopg.errors.UniqueViolation):
        world.do(statement)


def test_a_row_of_one_clinic_cannot_refer_to_a_patient_of_another(world):
    other = world.clinic("hill")
    world.say("booked")
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        world.do("UPDATE tasks SET clinic_id = %s", other.clinic_id)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        world.do("UPDATE messages SET clinic_id = %s", other.clinic_id)


def test_one_sid_belongs_to_one_attempt(world):
    world.say("booked")
    world.say("booked", "V2", "P2", phone=BEN)
    world.run()
    assert world.provider.sent[0].sender == ADDRESS
    assert world.now == NOW
    with pytest.raises(psycopg.errors.UniqueViolation):
        world.do("UPDATE attempts SET sid = %s", sid(1))
    assert event("booked")["id"]
