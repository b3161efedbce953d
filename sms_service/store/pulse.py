"""The state of the whole machine in a few milliseconds, without any patient in it: counts, ages, holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from sms_service.store.canaries import Queue, read_queues
from sms_service.store.clock import patient_now
from sms_service.store.differences import open_differences

_SENDERS = """
    SELECT s.id, s.name, s.live, s.circuit_reason,
      extract(epoch FROM clock_timestamp() - s.circuit_open_since)::float AS circuit_open_s,
      extract(epoch FROM :now - d.oldest)::float AS oldest_due_s,
      CASE WHEN t.told_at IS NOT NULL THEN extract(epoch FROM clock_timestamp() - t.since)::float END AS stalled_s
    FROM senders s LEFT JOIN at_the_door(:now) d ON d.sender = s.id LEFT JOIN stalls t ON t.sender_id = s.id
    ORDER BY s.id"""
#: One statement is one snapshot: a text on its way from one count to another is never in neither.
_ONE_ROW = """
    SELECT (SELECT jsonb_agg(jsonb_build_array(kind, name, n)) FROM (
        SELECT kind, name, sum(n)::bigint AS n FROM tallies GROUP BY kind, name) AS added WHERE n <> 0) AS tallies,
      (SELECT extract(epoch FROM clock_timestamp() - at)::float FROM heartbeats WHERE name = 'tick') AS tick_age_s,
      next_due() AS next_due, next_task_due() AS next_task, planned_and_due(:now) AS planned_and_due,
      extract(epoch FROM clock_timestamp() - oldest_unknown())::float AS oldest_unknown_s"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderPulse:
    """One sender. Ages in seconds; None where there is nothing to have an age.

    `oldest_due_s` is patient time, of texts that neither a hold nor the circuit keeps back. `stalled_s` is
    set once texts were due for too long and none left.
    """

    id: int
    name: str
    live: bool
    circuit_reason: str | None
    circuit_open_s: float | None
    oldest_due_s: float | None
    stalled_s: float | None
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A stop of sending: its scope (`all`, `sender`, `clinic`), its target's name, and why."""

    scope: str
    target: str
    reason: str
    age_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """Counts since the database was made, and the state of this moment. Ages in seconds of machine time.

    `due_now` counts at most ten thousand of those that no tick has seen yet.
    """

    patient_now: datetime
    messages: Mapping[str, int]
    reasons: Mapping[str, int]
    outcomes: Mapping[str, int]
    due_now: int
    next_due: datetime | None
    next_task: datetime | None
    awaiting_receipt: int
    oldest_unknown_s: float | None
    tick_age_s: float | None
    queues: Mapping[str, Queue]
    senders: tuple[SenderPulse, ...]
    holds: tuple[Hold, ...]
    differences: Mapping[str, int]
    """Between the provider's list and our ledger, not resolved, by kind."""

    @property
    def oldest_due_s(self) -> float | None:
        """Age of the oldest text that is due and that nothing holds back (patient time)."""
        return max((s.oldest_due_s for s in self.senders if s.oldest_due_s is not None), default=None)


def pulse(connection: sa.Connection) -> Pulse:
    """Read the state of everything."""
    now = patient_now(connection)
    one = connection.execute(sa.text(_ONE_ROW), {"now": now}).one()
    counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for kind, name, n in one.tallies or ():
        counts[kind][name] = n
    left = counts["left"]
    senders = connection.execute(sa.text(_SENDERS), {"now": now})
    return Pulse(
        patient_now=now,
        messages=counts["message"],
        reasons=counts["reason"],
        outcomes=counts["outcome"],
        due_now=counts["message"].get("ready", 0) + one.planned_and_due,
        next_due=one.next_due,
        next_task=one.next_task,
        awaiting_receipt=counts["attempt"].get("awaiting", 0),
        oldest_unknown_s=one.oldest_unknown_s,
        tick_age_s=one.tick_age_s,
        queues=read_queues(connection),
        senders=tuple(
            SenderPulse(**row._mapping, attempts=left.get(str(row.id), 0))  # noqa: SLF001 - SQLAlchemy's public name
            for row in senders
        ),
        holds=tuple(_holds(connection)),
        differences=open_differences(connection),
    )


def fold_tallies(connection: sa.Connection, *, beyond: int = 500) -> int:
    """Add the kept counts up into a row each, once there are more rows than `beyond`; how many were folded."""
    statement = """
        WITH taken AS (
          DELETE FROM tallies WHERE (SELECT count(*) FROM tallies) > :beyond RETURNING kind, name, n, at
        ), kept AS (
          INSERT INTO tallies (kind, name, n, at)
          SELECT kind, name, sum(n), max(at) FROM taken GROUP BY kind, name HAVING sum(n) <> 0 OR kind = 'left'
        )
        SELECT count(*) FROM taken"""
    return int(connection.execute(sa.text(statement), {"beyond": beyond}).scalar_one())


def count_lost_claims(connection: sa.Connection) -> int:
    """How many claims ever ran out before a worker took them to its fence."""
    statement = "SELECT coalesce(sum(n), 0) FROM tallies WHERE kind = 'reason' AND name = 'lease_ran_out'"
    return int(connection.execute(sa.text(statement)).scalar_one())


def _holds(connection: sa.Connection) -> list[Hold]:
    """The holds in force. A clinic is named by its number: this transaction has none in scope."""
    rows = connection.execute(
        sa.text(
            "SELECT h.scope, coalesce(s.name, h.target::text) AS target, h.reason,"
            " extract(epoch FROM clock_timestamp() - h.held_at)::float AS age_s"
            " FROM holds h LEFT JOIN senders s ON h.scope = 'sender' AND s.id = h.target"
            " WHERE h.released_at IS NULL ORDER BY h.id"
        )
    )
    return [Hold(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name begins so
