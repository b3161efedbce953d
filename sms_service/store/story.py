"""What happened, for people and programs that ask: the story of a message, the texts of a visit, counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from sms_service.domain.reasons import explain
from sms_service.store.clock import patient_now
from sms_service.store.keyring import KeyRing

_MESSAGE = """
    SELECT m.id, a.external_id AS appointment, m.cause, m.step, m.merged, m.occasion, m.pathway, m.priority,
      m.state, m.reason, m.due, m.until, m.sent_at, m.told, m.question, m.answer
    FROM messages m LEFT JOIN appointments a ON a.id = m.appointment_id"""


def _message(row: sa.Row[Any]) -> dict[str, Any]:
    shown = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name begins so
    shown["explanation"] = explain(row.reason)
    return shown


def message_story(connection: sa.Connection, keys: KeyRing, message_id: int) -> dict[str, Any] | None:
    """One message with its log, attempts, receipts and replies; None when it is not in scope."""
    row = connection.execute(sa.text(f"{_MESSAGE} WHERE m.id = :id"), {"id": message_id}).first()
    if row is None:
        return None
    story = _message(row)
    values = {"id": message_id}
    log = connection.execute(
        sa.text("SELECT at, what, reason, due FROM message_log WHERE message_id = :id ORDER BY id"), values
    )
    story["log"] = [dict(line._mapping) | {"explanation": explain(line.reason)} for line in log]  # noqa: SLF001
    attempts = connection.execute(
        sa.text(
            "SELECT t.id, t.state, t.outcome, t.sid, t.status, t.code, t.language, t.variant, t.encoding,"
            " t.segments, t.catalog_hash, t.committed_at, t.settled_at, t.body, p.data_key"
            " FROM attempts t JOIN messages m ON m.id = t.message_id JOIN patients p ON p.id = m.patient_id"
            " WHERE t.message_id = :id ORDER BY t.id"
        ),
        values,
    )
    story["attempts"] = [_attempt(line, keys) for line in attempts]
    receipts = connection.execute(
        sa.text(
            "SELECT r.attempt_id, r.status, nullif(r.code, 0) AS code, r.received_at FROM receipts r"
            " JOIN attempts t ON t.id = r.attempt_id WHERE t.message_id = :id ORDER BY r.id"
        ),
        values,
    )
    story["receipts"] = [dict(line._mapping) for line in receipts]  # noqa: SLF001
    replies = connection.execute(
        sa.text("SELECT id, intents, answer, received_at FROM replies WHERE message_id = :id ORDER BY id"),
        values,
    )
    story["replies"] = [dict(line._mapping) for line in replies]  # noqa: SLF001
    return story


def _attempt(row: sa.Row[Any], keys: KeyRing) -> dict[str, Any]:
    shown = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name begins so
    shown["body"] = keys.box(shown.pop("data_key")).open(row.body)
    return shown


def list_messages(
    connection: sa.Connection, *, appointment: str | None, state: str | None, after: int, limit: int
) -> list[dict[str, Any]]:
    """Messages in scope by id, from after one on; filtered by visit and state."""
    rows = connection.execute(
        sa.text(
            f"{_MESSAGE} WHERE m.id > :after AND (cast(:state AS text) IS NULL OR m.state = :state)"
            " AND (cast(:appointment AS text) IS NULL OR a.external_id = :appointment) ORDER BY m.id LIMIT :limit"
        ),
        {"after": after, "state": state, "appointment": appointment, "limit": limit},
    )
    return [_message(row) for row in rows]


def visit_story(connection: sa.Connection, external_id: str) -> dict[str, Any] | None:
    """One visit with its texts and tasks; None when it is not in scope."""
    row = connection.execute(
        sa.text(
            "SELECT id, external_id, version, status, starts_at, pathway, confirmed, completed_at, fields, test"
            " FROM appointments WHERE external_id = :id"
        ),
        {"id": external_id},
    ).first()
    if row is None:
        return None
    fields: Mapping[str, Sequence[Any]] = row.fields
    tasks = connection.execute(
        sa.text("SELECT kind, state, due FROM tasks WHERE appointment_id = :id ORDER BY id"), {"id": row.id}
    )
    return {
        "id": row.external_id,
        "version": row.version,
        "status": row.status,
        "start": fields.get("start", [None])[0],
        "timezone": fields.get("timezone", [None])[0],
        "start_utc": row.starts_at,
        "pathway": row.pathway,
        "confirmed": row.confirmed is not None and row.confirmed == row.starts_at,
        "completed_at": row.completed_at,
        "test": row.test,
        "messages": list_messages(connection, appointment=external_id, state=None, after=0, limit=1000),
        "tasks": [dict(line._mapping) for line in tasks],  # noqa: SLF001
    }


def pulse(connection: sa.Connection) -> dict[str, Any]:
    """The state of the whole machine without any patient in it: counts per state, ages in seconds."""
    now = patient_now(connection)
    rows = connection.execute(
        sa.text("SELECT state, messages, due_now, next_due FROM pulse(:now)"), {"now": now}
    ).all()
    states = {row.state: row.messages for row in rows}
    planned = next((row for row in rows if row.state == "planned"), None)
    tick_age = connection.execute(
        sa.text(
            "SELECT extract(epoch FROM clock_timestamp() - at)::float FROM heartbeats WHERE name = 'tick'"
        )
    ).scalar_one_or_none()
    return {
        "patient_now": now,
        "messages": states,
        "due_now": sum(row.due_now for row in rows if row.state in {"planned", "ready"}),
        "next_due": planned.next_due if planned else None,
        "next_task": connection.execute(sa.text("SELECT next_task_due()")).scalar_one(),
        "awaiting_receipt": connection.execute(sa.text("SELECT awaiting_receipt()")).scalar_one(),
        "tick_age_s": tick_age,
        "open_circuits": list(
            connection.execute(
                sa.text("SELECT name FROM senders WHERE circuit_open_since IS NOT NULL")
            ).scalars()
        ),
        "holds": connection.execute(
            sa.text("SELECT count(*) FROM holds WHERE released_at IS NULL")
        ).scalar_one(),
    }
