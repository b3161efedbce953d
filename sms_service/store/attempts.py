"""Attempts, their outcomes and their receipts as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from sms_service.domain.ids import AttemptId


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """An attempt with its message, both locked."""

    id: AttemptId
    clinic_id: int
    message_id: int
    sender_id: int
    phone_index: bytes
    state: str
    sid: str | None
    status: str | None
    body_hash: bytes
    committed_at: datetime
    message_state: str
    until: datetime
    patient_id: int | None
    appointment_id: int | None
    tries: int
    lost: int
    mark: str | None


def lock_patients_of(connection: sa.Connection, attempt_ids: Sequence[int]) -> None:
    """Lock whose texts these are, before their messages: an outcome that changes the patient queues with events."""
    statement = """
        SELECT id FROM patients WHERE id IN (SELECT m.patient_id FROM attempts t JOIN messages m ON m.id = t.message_id
          WHERE t.id = ANY (:ids)) ORDER BY id FOR NO KEY UPDATE"""
    connection.execute(sa.text(statement), {"ids": list(attempt_ids)})


def lock_attempts(connection: sa.Connection, attempt_ids: list[int]) -> dict[int, AttemptRow]:
    """The attempts with their messages: messages are locked first, in id order, as everywhere."""
    values = {"ids": attempt_ids}
    connection.execute(
        sa.text(
            "SELECT id FROM messages WHERE id IN (SELECT message_id FROM attempts WHERE id = ANY (:ids))"
            " ORDER BY id FOR UPDATE"
        ),
        values,
    )
    statement = """
        SELECT t.id, t.clinic_id, t.message_id, t.sender_id, t.phone_index, t.state, t.sid, t.status, t.body_hash,
          t.mark, t.committed_at, m.state AS message_state, m.until, m.patient_id, m.appointment_id,
          (SELECT count(*) FROM attempts x WHERE x.message_id = t.message_id) AS tries,
          (SELECT count(*) FROM attempts x WHERE x.message_id = t.message_id AND x.outcome = 'no_trace') AS lost
        FROM attempts t JOIN messages m ON m.id = t.message_id
        WHERE t.id = ANY (:ids) ORDER BY t.id FOR UPDATE OF t"""
    rows = connection.execute(sa.text(statement), values)
    return {
        row.id: AttemptRow(
            **{
                **row._mapping,  # noqa: SLF001 - SQLAlchemy's public name begins so
                "phone_index": bytes(row.phone_index),
                "body_hash": bytes(row.body_hash),
            }
        )
        for row in rows
    }


def set_attempt(
    connection: sa.Connection,
    attempt_id: int,
    *,
    state: str,
    outcome: str | None,
    sid: str | None,
    status: str | None,
    code: int | None,
) -> None:
    """Write where an attempt stands; a SID once known is never lost."""
    statement = """
        UPDATE attempts SET state = :state, outcome = coalesce(:outcome, outcome), sid = coalesce(:sid, sid),
          status = coalesce(:status, status), code = coalesce(:code, code), settled_at = clock_timestamp()
        WHERE id = :id"""
    values = {
        "id": attempt_id,
        "state": state,
        "outcome": outcome,
        "sid": sid,
        "status": status,
        "code": code,
    }
    connection.execute(sa.text(statement), values)


def set_message(
    connection: sa.Connection,
    message_id: int,
    state: str,
    reason: str | None = None,
    due: datetime | None = None,
) -> None:
    """Write the state that follows from a message's attempts."""
    connection.execute(
        sa.text(
            "UPDATE messages SET state = :state, reason = :reason, due = coalesce(:due, due),"
            " token = NULL, lease_until = NULL WHERE id = :id"
        ),
        {"id": message_id, "state": state, "reason": reason, "due": due},
    )


def never_sent(connection: sa.Connection, message_id: int) -> None:
    """Forget the moment of sending of a text whose every attempt certainly reached nobody: plans may change it."""
    connection.execute(
        sa.text(
            "UPDATE messages SET sent_at = NULL, tells = NULL, question = NULL, asked_on_page = false WHERE id = :id AND NOT EXISTS"
            " (SELECT FROM attempts WHERE message_id = :id AND (state <> 'dead' OR sid IS NOT NULL"
            " OR outcome NOT IN ('not_posted', 'retry', 'halt', 'wait')))"
        ),
        {"id": message_id},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """An attempt the provider took, as it is written."""

    attempt_id: int
    message_id: int
    sid: str
    status: str
    message_state: str


def write_accepted(connection: sa.Connection, taken: Sequence[Accepted]) -> None:
    """Write a batch's accepted attempts, and what their messages became: two statements for all of them."""
    if not taken:
        return
    connection.execute(
        sa.text(
            "UPDATE attempts t SET state = 'accepted', outcome = 'accepted', sid = n.sid, status = n.status,"
            " settled_at = clock_timestamp()"
            " FROM unnest(cast(:ids AS bigint[]), cast(:sids AS text[]), cast(:statuses AS text[]))"
            " AS n (id, sid, status) WHERE t.id = n.id"
        ),
        {
            "ids": [one.attempt_id for one in taken],
            "sids": [one.sid for one in taken],
            "statuses": [one.status for one in taken],
        },
    )
    connection.execute(
        sa.text(
            "UPDATE messages m SET state = n.state, reason = NULL"
            " FROM unnest(cast(:ids AS bigint[]), cast(:states AS text[])) AS n (id, state) WHERE m.id = n.id"
        ),
        {"ids": [one.message_id for one in taken], "states": [one.message_state for one in taken]},
    )


def orphaned(connection: sa.Connection, sids: Sequence[str]) -> set[str]:
    """Which of the SIDs have receipts that came before anyone knew them."""
    rows = connection.execute(
        sa.text("SELECT DISTINCT sid FROM orphan_receipts WHERE sid = ANY (:sids)"), {"sids": list(sids)}
    )
    return {row.sid for row in rows}


def add_receipt(
    connection: sa.Connection, clinic_id: int, attempt_id: int, sid: str, status: str, code: int | None
) -> bool:
    """Record a receipt; False when the very same one was recorded before."""
    statement = """
        INSERT INTO receipts (clinic_id, attempt_id, sid, status, code)
        VALUES (:clinic, :attempt, :sid, :status, :code) ON CONFLICT DO NOTHING RETURNING id"""
    values = {"clinic": clinic_id, "attempt": attempt_id, "sid": sid, "status": status, "code": code or 0}
    return connection.execute(sa.text(statement), values).scalar_one_or_none() is not None


def add_orphan(
    connection: sa.Connection, sid: str, status: str, code: int | None, attempt_id: int | None
) -> None:
    """Keep a receipt that belongs to no attempt we know, to be matched when its SID is bound."""
    connection.execute(
        sa.text(
            "INSERT INTO orphan_receipts (sid, status, code, attempt_id) VALUES (:sid, :status, :code, :attempt)"
            " ON CONFLICT DO NOTHING"
        ),
        {"sid": sid, "status": status, "code": code or 0, "attempt": attempt_id},
    )


def take_orphans(connection: sa.Connection, sid: str) -> list[tuple[str, int]]:
    """The receipts that waited for this SID, removed from the waiting ones."""
    rows = connection.execute(
        sa.text("DELETE FROM orphan_receipts WHERE sid = :sid RETURNING status, code"), {"sid": sid}
    )
    return [(row.status, row.code) for row in rows]


def bound(connection: sa.Connection, sids: list[str]) -> set[str]:
    """Which of the provider's SIDs already belong to an attempt, of whatever clinic on the sender."""
    statement = """
        SELECT sid FROM unnest(cast(:sids AS text[])) AS listed (sid)
        WHERE EXISTS (SELECT FROM route_receipt(NULL, sid))"""
    rows = connection.execute(sa.text(statement), {"sids": sids})
    return {row.sid for row in rows}


def route(connection: sa.Connection, attempt_id: int | None, sid: str) -> tuple[int, int] | None:
    """(clinic, attempt) of a receipt; None when it belongs to nobody here."""
    row = connection.execute(
        sa.text("SELECT clinic, attempt FROM route_receipt(:attempt, :sid)"),
        {"attempt": attempt_id, "sid": sid},
    ).first()
    return (row.clinic, row.attempt) if row else None
