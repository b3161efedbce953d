"""Since when a sender has something to send and nothing leaves, as rows (machine time)."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from sms_service.store.clock import patient_now

#: One watch at a time; whoever comes meanwhile has nothing to add.
_LOCK = 2
#: The longest text has ten segments: a claim waits until the bucket has paid for the one before.
_LONGEST = 10

_SIGHT = """
    SELECT s.id, s.name, d.sender IS NOT NULL AS waiting, t.told_at IS NOT NULL AS told, t.since IS NOT NULL AS watched,
      extract(epoch FROM clock_timestamp() - greatest(
        t.since, l.at,
        CASE WHEN s.bucket < -:longest
          THEN s.bucket_at + make_interval(secs => (-s.bucket - :longest) / s.segments_per_second) END
      ))::float - 2 * :longest / s.segments_per_second AS silent_s,
      coalesce(l.at > t.since, false) AS left_since
    FROM senders s LEFT JOIN at_the_door(:now) d ON d.sender = s.id LEFT JOIN stalls t ON t.sender_id = s.id
    LEFT JOIN (SELECT name, max(at) AS at FROM tallies WHERE kind = 'left' GROUP BY name) l ON l.name = s.id::text
    WHERE d.sender IS NOT NULL OR t.since IS NOT NULL"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One sender as the watch finds it.

    `silent_s`: how long nothing left although there was something to send, less what the sender's rate
    explains; may be negative. `told`: the alarm of this episode was given. `left_since`: something left
    since the episode began.
    """

    id: int
    name: str
    waiting: bool
    watched: bool
    told: bool
    silent_s: float
    left_since: bool


def take_watch(connection: sa.Connection) -> bool:
    """Whether this transaction has the watch; False while another one has it."""
    return bool(
        connection.execute(
            sa.text("SELECT pg_try_advisory_xact_lock(:lock, 0)"), {"lock": _LOCK}
        ).scalar_one()
    )


def look(connection: sa.Connection) -> list[Sight]:
    """Every sender that has something to send, or had at the last look."""
    rows = connection.execute(sa.text(_SIGHT), {"now": patient_now(connection), "longest": float(_LONGEST)})
    return [Sight(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name begins so


def begin(connection: sa.Connection, sender_id: int) -> None:
    """From now on it is watched."""
    connection.execute(
        sa.text(
            "INSERT INTO stalls (sender_id, since) VALUES (:id, clock_timestamp()) ON CONFLICT DO NOTHING"
        ),
        {"id": sender_id},
    )


def tell(connection: sa.Connection, sender_id: int) -> None:
    """The alarm is given."""
    connection.execute(
        sa.text("UPDATE stalls SET told_at = clock_timestamp() WHERE sender_id = :id"), {"id": sender_id}
    )


def end(connection: sa.Connection, sender_id: int) -> None:
    """Nothing waits, or something left: the next silence is another episode."""
    connection.execute(sa.text("DELETE FROM stalls WHERE sender_id = :id"), {"id": sender_id})
