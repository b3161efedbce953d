"""Who must not be texted: opt-outs per clinic, blocks per sender, holds and open circuits."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa


def suppress(
    connection: sa.Connection, clinic_id: int, phone_index: bytes, source: str, now: datetime
) -> None:
    """Opt a number out of a clinic's texts and end everything pending for it, claims included."""
    connection.execute(
        sa.text(
            "INSERT INTO suppressions (clinic_id, phone_index, since, source) VALUES (:clinic, :phone, :now, :source)"
            " ON CONFLICT (clinic_id, phone_index) DO UPDATE SET since = excluded.since, source = excluded.source,"
            " lifted_at = NULL WHERE suppressions.lifted_at IS NOT NULL"
        ),
        {"clinic": clinic_id, "phone": phone_index, "now": now, "source": source},
    )
    statement = """
        WITH locked AS (
          SELECT id FROM messages WHERE clinic_id = :clinic AND phone_index = :phone
          AND state IN ('planned', 'ready', 'claimed') AND step <> 'opt_out' ORDER BY id FOR UPDATE
        ), ended AS (
          UPDATE messages SET state = 'skipped', reason = 'opted_out', token = NULL, lease_until = NULL
          WHERE id IN (SELECT id FROM locked) RETURNING id
        )
        INSERT INTO message_log (clinic_id, message_id, at, what, reason)
        SELECT :clinic, id, :now, 'skipped', 'opted_out' FROM ended"""
    connection.execute(sa.text(statement), {"clinic": clinic_id, "phone": phone_index, "now": now})


def lift(connection: sa.Connection, clinic_id: int, phone_index: bytes, now: datetime) -> bool:
    """Opt a number in again; whether it had been out."""
    return (
        connection.execute(
            sa.text(
                "UPDATE suppressions SET lifted_at = :now WHERE clinic_id = :clinic AND phone_index = :phone"
                " AND lifted_at IS NULL RETURNING 1"
            ),
            {"clinic": clinic_id, "phone": phone_index, "now": now},
        ).first()
        is not None
    )


def is_suppressed(connection: sa.Connection, clinic_id: int, phone_index: bytes | None) -> bool:
    """Whether the number is opted out of the clinic's texts."""
    return bool(
        connection.execute(
            sa.text(
                "SELECT EXISTS (SELECT FROM suppressions WHERE clinic_id = :clinic AND phone_index = :phone"
                " AND lifted_at IS NULL)"
            ),
            {"clinic": clinic_id, "phone": phone_index},
        ).scalar_one()
    )


def block(connection: sa.Connection, sender_id: int, phone_index: bytes, kind: str, now: datetime) -> None:
    """Remember that this sender cannot or must not text this number, for every clinic on it."""
    connection.execute(
        sa.text(
            "INSERT INTO sender_blocks (sender_id, phone_index, kind, since) VALUES (:sender, :phone, :kind, :now)"
            " ON CONFLICT DO NOTHING"
        ),
        {"sender": sender_id, "phone": phone_index, "kind": kind, "now": now},
    )


def unblock(connection: sa.Connection, sender_id: int, phone_index: bytes) -> None:
    """The patient wrote START: the provider lets this sender text them again."""
    connection.execute(
        sa.text(
            "DELETE FROM sender_blocks WHERE sender_id = :sender AND phone_index = :phone AND kind = 'opted_out'"
        ),
        {"sender": sender_id, "phone": phone_index},
    )


def open_circuit(connection: sa.Connection, sender_id: int, reason: str) -> None:
    """Stop a sender whose set-up the provider refuses; the queue is kept."""
    connection.execute(
        sa.text(
            "UPDATE senders SET circuit_open_since = clock_timestamp(), circuit_reason = :reason"
            " WHERE id = :id AND circuit_open_since IS NULL"
        ),
        {"id": sender_id, "reason": reason},
    )


def close_circuit(connection: sa.Connection, sender_id: int) -> None:
    """Let a sender send again after its set-up was mended."""
    connection.execute(
        sa.text("UPDATE senders SET circuit_open_since = NULL, circuit_reason = NULL WHERE id = :id"),
        {"id": sender_id},
    )


def put_hold(connection: sa.Connection, scope: str, target: int, reason: str) -> None:
    """Stop sending for a clinic, a sender or everything; holding twice changes nothing."""
    connection.execute(
        sa.text(
            "INSERT INTO holds (scope, target, reason) VALUES (:scope, :target, :reason)"
            " ON CONFLICT (scope, target) WHERE released_at IS NULL DO NOTHING"
        ),
        {"scope": scope, "target": target, "reason": reason},
    )


def clear_claims(connection: sa.Connection, scope: str, target: int) -> None:
    """Take back what is claimed, waiting for every fence that is at work on it. The clinics are in scope."""
    connection.execute(
        sa.text(
            "WITH locked AS (SELECT id FROM messages WHERE state = 'claimed' AND (:scope = 'all'"
            " OR (:scope = 'clinic' AND clinic_id = :target) OR (:scope = 'sender' AND sender_id = :target))"
            " ORDER BY id FOR UPDATE)"
            " UPDATE messages SET state = 'ready', token = NULL, lease_until = NULL"
            " WHERE id IN (SELECT id FROM locked)"
        ),
        {"scope": scope, "target": target},
    )


def release(connection: sa.Connection, scope: str, target: int, reason: str | None = None) -> bool:
    """End a hold, with `reason` only one that was put for it; whether there was one."""
    return (
        connection.execute(
            sa.text(
                "UPDATE holds SET released_at = clock_timestamp() WHERE scope = :scope AND target = :target"
                " AND released_at IS NULL AND reason = coalesce(:reason, reason) RETURNING 1"
            ),
            {"scope": scope, "target": target, "reason": reason},
        ).first()
        is not None
    )
