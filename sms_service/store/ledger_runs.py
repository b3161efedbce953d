"""The marks of the comparison with the provider's list: which period, how far, when; so that none is skipped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One comparison of a period (machine time, ends excluded) and how far it has come."""

    id: int
    since: datetime
    until: datetime
    listed: bool
    place: str | None
    after_attempt: int
    counts: Mapping[str, int]


_COLUMNS = "id, since, until, listed, place, after_attempt, counts"


def open_run(connection: sa.Connection) -> Run | None:
    """The run that has not ended; there is at most one."""
    row = connection.execute(sa.text(f"SELECT {_COLUMNS} FROM ledger_runs WHERE ended_at IS NULL")).first()
    return Run(**row._mapping) if row else None  # noqa: SLF001 - SQLAlchemy's public name begins so


def begin_nightly(connection: sa.Connection, hour: int, back: timedelta, grace: timedelta) -> None:
    """Begin a run if none began since the last `hour` (UTC, by the database's clock); else nothing changes.

    It reaches `back` behind the end of the last nightly one, since the provider says some things late.
    """
    statement = """
        INSERT INTO ledger_runs (since, until, nightly)
        SELECT coalesce(max(until), now) - :back, now - cast(:grace AS interval), true
        FROM (SELECT clock_timestamp() AS now) AS clock LEFT JOIN ledger_runs ON nightly
        GROUP BY now
        HAVING coalesce(max(began_at), '-infinity') < date_trunc('day', now - make_interval(hours => :hour), 'UTC')
          + make_interval(hours => :hour)
        ON CONFLICT DO NOTHING"""
    connection.execute(sa.text(statement), {"hour": hour, "back": back, "grace": grace})


def begin(connection: sa.Connection, since: datetime | None, back: timedelta, grace: timedelta) -> None:
    """Begin a run now, from `since` or where a nightly one would begin. Nothing changes while another is open.

    It counts as a nightly one when it reaches back as far as that.
    """
    statement = """
        INSERT INTO ledger_runs (since, until, nightly)
        SELECT coalesce(:since, usual), greatest(now - cast(:grace AS interval), :since + interval '1 second'),
          coalesce(:since <= usual, true)
        FROM (SELECT now, coalesce((SELECT max(until) FROM ledger_runs WHERE nightly), now) - :back AS usual
              FROM (SELECT clock_timestamp() AS now) AS clock) AS period
        ON CONFLICT DO NOTHING"""
    connection.execute(sa.text(statement), {"since": since, "back": back, "grace": grace})


def move(
    connection: sa.Connection,
    run: Run,
    counts: Mapping[str, int],
    *,
    listed: bool = False,
    place: str | None = None,
    after_attempt: int = 0,
    ended: bool = False,
) -> bool:
    """Note how far the run has come. False when somebody else moved it meanwhile: then nothing changes."""
    added = {name: run.counts.get(name, 0) + counts.get(name, 0) for name in {*run.counts, *counts}}
    statement = """
        UPDATE ledger_runs SET listed = :listed, place = :place, after_attempt = :after, counts = :counts,
          ended_at = CASE WHEN :ended THEN clock_timestamp() END
        WHERE id = :id AND ended_at IS NULL AND listed = :was_listed AND place IS NOT DISTINCT FROM :was_place
          AND after_attempt = :was_after RETURNING 1"""
    values = {
        "id": run.id,
        "listed": listed,
        "place": place,
        "after": after_attempt,
        "counts": json.dumps(added),
        "ended": ended,
        "was_listed": run.listed,
        "was_place": run.place,
        "was_after": run.after_attempt,
    }
    return connection.execute(sa.text(statement), values).first() is not None
