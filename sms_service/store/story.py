"""What happened, for people and programs that ask: the story of a message, the texts of a visit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from sms_service.domain.reasons import explain
from sms_service.domain.signing import state_of
from sms_service.store.keyring import KeyRing
from sms_service.store.sign_offs import acts_on

#: Whoever reads a story may know the words, not open the patient's page.
_TOKEN = re.compile(r"(?<=/l/)[0-9A-Za-z]{16}(?![0-9A-Za-z])")

_MESSAGE = """
    SELECT m.id, a.external_id AS appointment, m.cause, m.step, m.merged, m.occasion, m.pathway, m.priority,
      m.state, coalesce(m.reason, CASE
        WHEN m.state = 'unknown' THEN 'unclear'
        WHEN m.state <> 'ready' THEN NULL
        WHEN EXISTS (SELECT FROM holds h WHERE h.released_at IS NULL AND (h.scope = 'all'
          OR (h.scope = 'clinic' AND h.target = m.clinic_id) OR (h.scope = 'sender' AND h.target = m.sender_id)))
          THEN 'hold'
        WHEN EXISTS (SELECT FROM senders s WHERE s.id = m.sender_id AND s.circuit_open_since IS NOT NULL)
          THEN 'circuit_open'
        ELSE 'its_turn' END) AS reason, m.due, m.until, m.sent_at, m.told, m.question, m.answer
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
            " t.segments, t.catalog_hash, t.committed_at, t.settled_at, t.body, p.data_key, m.sent_at, c.slug"
            " FROM attempts t JOIN messages m ON m.id = t.message_id JOIN patients p ON p.id = m.patient_id"
            " JOIN clinics c ON c.id = t.clinic_id"
            " WHERE t.message_id = :id ORDER BY t.id"
        ),
        values,
    )
    story["attempts"] = [_attempt(connection, line, keys) for line in attempts.all()]
    receipts = connection.execute(
        sa.text(
            "SELECT r.attempt_id, r.status, nullif(r.code, 0) AS code, r.received_at FROM receipts r"
            " JOIN attempts t ON t.id = r.attempt_id WHERE t.message_id = :id ORDER BY r.id"
        ),
        values,
    )
    story["receipts"] = [dict(line._mapping) for line in receipts]  # noqa: SLF001
    replies = connection.execute(
        sa.text(
            "SELECT id, intents, answer, received_at, source FROM replies WHERE message_id = :id ORDER BY id"
        ),
        values,
    )
    story["replies"] = [dict(line._mapping) for line in replies]  # noqa: SLF001
    return story


def _attempt(connection: sa.Connection, row: sa.Row[Any], keys: KeyRing) -> dict[str, Any]:
    """An attempt with its words, and how far these were signed when it was made: `draft` … `signed`."""
    shown = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name begins so
    shown["body"] = _TOKEN.sub("…", keys.box(shown.pop("data_key")).open(row.body))
    sent_at, clinic = shown.pop("sent_at"), shown.pop("slug")
    acts = [act for act in acts_on(connection, row.catalog_hash) if act.at <= sent_at]
    shown["words"] = state_of(row.language, acts, clinic, sent_at).word
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
