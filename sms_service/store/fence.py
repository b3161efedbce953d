"""What the fence reads and writes: claimed rows with every fact their text and its guards need."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

# Asked in the same breath: a snapshot that was put back holds tokens of batches that the broker may still deliver.
_LOCK = """
    SELECT id FROM messages WHERE id = ANY (:ids) AND state = 'claimed' AND token = :token
      AND NOT (SELECT is_restored()) ORDER BY id FOR UPDATE"""

_FACTS = """
    SELECT m.id, m.clinic_id, m.sender_id, m.patient_id, m.appointment_id, m.cause, m.step, m.occasion, m.pathway,
      m.merged, m.anchor, m.counts, m.priority, m.told, m.due, m.until, m.segments, m.phone_index, m.facts,
      c.settings, c.slug AS clinic, p.data_key, p.state AS patient_state, p.zone, p.consent, p.deceased, p.merged_away,
      p.phone_index AS present_index, p.unusable_at IS NOT NULL AS unusable,
      a.status, a.fields AS visit, a.starts_at, a.confirmed, a.test, l.token AS leaflet,
      s.address AS sender, s.live, s.circuit_open_since IS NOT NULL AS circuit_open,
      (s.allow_numbers IS NULL OR m.phone_index = ANY (s.allow_numbers)) AS number_allowed,
      EXISTS (SELECT FROM suppressions x WHERE x.clinic_id = m.clinic_id AND x.phone_index = m.phone_index
              AND x.lifted_at IS NULL) AS opted_out,
      EXISTS (SELECT FROM sender_blocks b WHERE b.sender_id = m.sender_id AND b.phone_index = m.phone_index)
        AS sender_blocked,
      EXISTS (SELECT FROM holds h WHERE h.released_at IS NULL AND (h.scope = 'all'
              OR (h.scope = 'clinic' AND h.target = m.clinic_id)
              OR (h.scope = 'sender' AND h.target = m.sender_id))) AS on_hold,
      EXISTS (SELECT FROM patients o WHERE o.clinic_id = m.clinic_id AND o.phone_index = m.phone_index
              AND o.id <> m.patient_id) AS shares_phone,
      EXISTS (SELECT FROM messages w WHERE w.patient_id = m.patient_id AND w.sent_at > :now - interval '183 days'
              AND w.appointment_id <> m.appointment_id AND w.step = 'aftercare') AS returning_patient,
      (SELECT count(*) FROM messages n WHERE n.appointment_id = m.appointment_id
       AND n.state IN ('waiting', 'planned', 'ready', 'claimed')) AS pending,
      (SELECT t.tells = 'cancelled' FROM messages t WHERE t.appointment_id = m.appointment_id
       AND t.patient_id = m.patient_id AND t.tells IS NOT NULL
       AND t.state IN ('sending', 'unknown', 'sent', 'delivered') ORDER BY t.sent_at DESC LIMIT 1) AS told_cancelled,
      ARRAY(SELECT r.sent_at FROM messages r WHERE r.patient_id = m.patient_id AND r.counts AND r.id <> m.id
            AND r.sent_at > :now - interval '168 hours'
            AND r.state IN ('sending', 'unknown', 'sent', 'delivered')) AS recent,
      ARRAY(SELECT d.fields->'start'->>0 FROM appointments d WHERE d.patient_id = m.patient_id
            AND d.status IN ('booked', 'arrived') AND NOT d.test AND d.fields->'start'->>0 IS NOT NULL
            AND left(d.fields->'start'->>0, 10) = left(a.fields->'start'->>0, 10)
            ORDER BY d.starts_at) AS day_starts
    FROM messages m
    JOIN clinics c ON c.id = m.clinic_id
    JOIN senders s ON s.id = m.sender_id
    LEFT JOIN patients p ON p.id = m.patient_id
    LEFT JOIN appointments a ON a.id = m.appointment_id
    LEFT JOIN leaflets l ON l.appointment_id = m.appointment_id AND l.patient_id = m.patient_id
    WHERE m.id = ANY (:ids) ORDER BY m.id"""


def lock_claimed(connection: sa.Connection, ids: Sequence[int], token: UUID) -> list[int]:
    """Lock the rows that are still ours, in id order.

    A batch delivered twice finds none, nor does any while another database sent last: its lease ends.
    """
    rows = connection.execute(sa.text(_LOCK), {"ids": list(ids), "token": token})
    return [row.id for row in rows]


def read_facts(connection: sa.Connection, ids: Sequence[int], now: datetime) -> Sequence[sa.Row[Any]]:
    """Every fact of the locked rows, read after the lock so that nothing committed before is missed."""
    return connection.execute(sa.text(_FACTS), {"ids": list(ids), "now": now}).all()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAttempt:
    """One attempt about to be committed, and what its message becomes.

    `mark` is random and comes back with every receipt: a restored database may give the same id to another text.
    """

    message_id: int
    clinic_id: int
    sender_id: int
    phone_index: bytes
    body: bytes = field(repr=False)
    body_hash: bytes = field(repr=False)
    encoding: str
    segments: int
    language: str
    variant: str
    catalog_hash: str
    tells: str | None
    question: str | None
    asked_on_page: bool = False
    mark: str = field(default_factory=lambda: secrets.token_hex(8))


def write_attempts(
    connection: sa.Connection, attempts: Sequence[NewAttempt], now: datetime
) -> dict[int, int]:
    """Insert the attempts and move their messages to *sending*; message id to attempt id."""
    if not attempts:
        return {}
    columns: Mapping[str, str] = {
        "message_id": "bigint",
        "clinic_id": "bigint",
        "sender_id": "bigint",
        "phone_index": "bytea",
        "body": "bytea",
        "body_hash": "bytea",
        "encoding": "text",
        "segments": "smallint",
        "language": "text",
        "variant": "text",
        "catalog_hash": "text",
        "mark": "text",
    }
    names = ", ".join(columns)
    arrays = ", ".join(f"cast(:{name} AS {kind}[])" for name, kind in columns.items())
    values: dict[str, Any] = {name: [getattr(attempt, name) for attempt in attempts] for name in columns}
    rows = connection.execute(
        sa.text(f"INSERT INTO attempts ({names}) SELECT * FROM unnest({arrays}) RETURNING id, message_id"),
        values,
    )
    made = {row.message_id: row.id for row in rows}
    connection.execute(
        sa.text(
            "UPDATE messages m SET state = 'sending', reason = NULL, token = NULL, lease_until = NULL,"
            " sent_at = :now, segments = n.segments, tells = n.tells, question = n.question,"
            " asked_on_page = n.asked_on_page"
            " FROM unnest(cast(:ids AS bigint[]), cast(:segments AS smallint[]), cast(:tells AS text[]),"
            " cast(:questions AS text[]), cast(:asked AS boolean[]))"
            " AS n (id, segments, tells, question, asked_on_page) WHERE m.id = n.id"
        ),
        {
            "now": now,
            "ids": values["message_id"],
            "segments": values["segments"],
            "tells": [attempt.tells for attempt in attempts],
            "questions": [attempt.question for attempt in attempts],
            "asked": [attempt.asked_on_page for attempt in attempts],
        },
    )
    return made


def defer(
    connection: sa.Connection, clinic_id: int, message_id: int, until: datetime, reason: str, now: datetime
) -> None:
    """Put a claimed message back until later."""
    connection.execute(
        sa.text(
            "UPDATE messages SET state = 'planned', due = :due, reason = :reason, token = NULL, lease_until = NULL"
            " WHERE id = :id"
        ),
        {"id": message_id, "due": until, "reason": reason},
    )
    connection.execute(
        sa.text(
            "INSERT INTO message_log (clinic_id, message_id, at, what, reason, due)"
            " VALUES (:clinic, :id, :now, 'deferred', :reason, :due)"
        ),
        {"clinic": clinic_id, "id": message_id, "now": now, "reason": reason, "due": until},
    )


def correct_bucket(connection: sa.Connection, sender_id: int, segments: int) -> None:
    """Debit what the texts cost beyond the estimate of their claim (or give the rest back)."""
    if segments:
        connection.execute(
            sa.text("UPDATE senders SET bucket = bucket - :segments WHERE id = :id"),
            {"id": sender_id, "segments": segments},
        )
