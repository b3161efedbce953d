"""The database under examination: reached, migrated, closed to whoever is not in scope; clock and state."""

from __future__ import annotations

import time
from collections.abc import Iterator

import sqlalchemy as sa

from sms_service.store.clock import is_stepped
from sms_service.store.migrate import applied, newest
from sms_service.store.pulse import pulse
from sms_service.use_cases.assess import SKEW_S, assess
from sms_service.use_cases.doctor import Finding, error, ok, warning

#: Above it, hours and windows are judged wrongly.
_SKEW_WRONG_S = 30.0

_ROLE = """
    SELECT rolname, rolsuper, rolbypassrls,
      pg_has_role(oid, 'sms_router', 'MEMBER') AND NOT rolsuper AS routes,
      EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public' AND tableowner = rolname) AS owns
    FROM pg_roles WHERE rolname = current_user"""
#: Every table that says whose its rows are, and the tenants' own.
_OPEN_TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
      AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
      AND (c.relname = 'clinics' OR EXISTS (
        SELECT FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attname = 'clinic_id' AND NOT a.attisdropped))
    ORDER BY c.relname"""


def examine_schema(connection: sa.Connection) -> Iterator[Finding]:
    """Whether the schema is the one that this code needs. Where it is not, nothing else can be asked."""
    has, needs = applied(connection), newest()
    if has == needs:
        yield ok("migrations", f"the schema is at the newest revision, {needs}")
    else:
        yield error(
            "migrations",
            f"the schema is at revision {has or 'none'}, and this version needs {needs}",
            "run `sms-service migrate`, or start the version that belongs to the schema",
        )


def examine_roles(connection: sa.Connection) -> Iterator[Finding]:
    """Whether row security binds the role that the processes log in as."""
    role = connection.execute(sa.text(_ROLE)).one()
    too_much = [
        words
        for has, words in (
            (role.rolsuper, "is a superuser"),
            (role.rolbypassrls, "passes by row security"),
            (role.routes, "may act as sms_router"),
            (role.owns, "owns tables"),
        )
        if has
    ]
    if too_much:
        yield error(
            "roles",
            f"the role {role.rolname} in DATABASE_URL {' and '.join(too_much)}",
            "log in as sms_app; `sms-service migrate` with DATABASE_ADMIN_URL makes the roles right",
        )
    else:
        yield ok("roles", f"the role {role.rolname} is bound by row security")
    tables = list(connection.execute(sa.text(_OPEN_TABLES)).scalars())
    if tables:
        yield error(
            "row security",
            f"row security is not forced on {', '.join(tables)}",
            "as sms_owner, ALTER TABLE … ENABLE and FORCE ROW LEVEL SECURITY; find out who changed it",
        )
    elif connection.execute(sa.text("SELECT EXISTS (SELECT FROM clinics)")).scalar_one():
        yield error(
            "row security",
            "a clinic is seen by a transaction that has none in scope",
            "look for a policy that was added to the table clinics",
        )
    else:
        yield ok("row security", "it is forced on every tenant's table, and nothing is seen without a scope")


def examine_clock(connection: sa.Connection) -> Iterator[Finding]:
    """Whether this machine and the database agree on the time, and whether patients' time is the real one."""
    before = time.time()
    database: float = connection.execute(
        sa.text("SELECT extract(epoch FROM clock_timestamp())::float")
    ).scalar_one()
    ahead = (before + time.time()) / 2 - database
    way = "ahead of" if ahead > 0 else "behind"
    says = f"this machine's clock is {abs(ahead):.1f} s {way} the database's"
    cure = "let both follow a time server"
    if abs(ahead) > _SKEW_WRONG_S:
        yield error("clocks", says, cure)
    elif abs(ahead) > SKEW_S:
        yield warning("clocks", says, cure)
    else:
        yield ok("clocks", says)
    if is_stepped(connection):
        yield warning(
            "patient time",
            "patients' time is stepped by hand, as demo and tests do",
            "use another database for patients",
        )


def examine_state(connection: sa.Connection, grace_seconds: float) -> Iterator[Finding]:
    """What the running service says of itself: tick, queues, circuits, holds, what is due or unknown."""
    found = assess(pulse(connection), grace_seconds=grace_seconds)
    for trouble in found.problems:
        yield error(trouble.about, trouble.wrong, trouble.cure)
    for trouble in found.warnings:
        yield warning(trouble.about, trouble.wrong, trouble.cure)
    if not found.problems:
        yield ok("running", "scheduler and workers do their work, no circuit is open, and texts leave")
