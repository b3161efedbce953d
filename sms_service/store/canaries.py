"""What came through each queue last, only to show that it can: how old it was, and whose clock is wrong."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """One that came through. Seconds since the epoch by three clocks: broker's, scheduler's, worker's.

    `sent_at` and `arrived_at` are the broker's, so that the age does not depend on how the machines' clocks
    differ; `beat_clock` was read with `sent_at`, `worker_clock` with `arrived_at`.
    """

    queue: str
    sent_at: float
    beat_clock: float
    arrived_at: float
    worker_clock: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue by its last canary: seconds since it arrived, its age then, and the clocks less the database's."""

    silent_s: float
    age_s: float
    beat_ahead_s: float
    worker_ahead_s: float

    @property
    def delay_s(self) -> float:
        """How far behind the queue is, as far as anyone can tell."""
        return max(self.silent_s, self.age_s)


def record_canary(connection: sa.Connection, canary: Canary) -> None:
    """Note that it came through."""
    statement = """
        INSERT INTO canaries (queue, arrived_at, age_s, beat_ahead_s, worker_ahead_s)
        SELECT :queue, at, :age, :beat_ahead - ahead, :worker - extract(epoch FROM at)
        FROM (SELECT clock_timestamp() AS at) AS now, LATERAL (SELECT extract(epoch FROM at) - :broker) AS d (ahead)
        ON CONFLICT (queue) DO UPDATE SET arrived_at = excluded.arrived_at, age_s = excluded.age_s,
          beat_ahead_s = excluded.beat_ahead_s, worker_ahead_s = excluded.worker_ahead_s"""
    values = {
        "queue": canary.queue,
        "age": max(canary.arrived_at - canary.sent_at, 0.0),
        "beat_ahead": canary.beat_clock - canary.sent_at,
        "worker": canary.worker_clock,
        "broker": canary.arrived_at,
    }
    connection.execute(sa.text(statement), values)


def read_queues(connection: sa.Connection) -> dict[str, Queue]:
    """Each queue that a canary ever came through."""
    rows = connection.execute(
        sa.text(
            "SELECT queue, extract(epoch FROM clock_timestamp() - arrived_at)::float AS silent_s, age_s,"
            " beat_ahead_s, worker_ahead_s FROM canaries ORDER BY queue"
        )
    )
    return {
        row.queue: Queue(
            silent_s=row.silent_s,
            age_s=row.age_s,
            beat_ahead_s=row.beat_ahead_s,
            worker_ahead_s=row.worker_ahead_s,
        )
        for row in rows
    }
