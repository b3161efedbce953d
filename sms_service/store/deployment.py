"""Which database this is, and what it does not know after it was restored."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime

import sqlalchemy as sa

from sms_service.domain.registers import value
from sms_service.domain.request import Trace
from sms_service.store.keyring import KeyRing
from sms_service.store.patients import load

_IDENTITY = "(SELECT system_identifier::text FROM pg_control_system()), (SELECT timeline_id FROM pg_control_checkpoint())"


def differs(connection: sa.Connection) -> bool | None:
    """Whether system identifier or timeline differ from those of the last send; None before the first."""
    row = connection.execute(
        sa.text(f"SELECT system_identifier, timeline, {_IDENTITY} FROM deployment")
    ).one()
    return None if row[0] is None else (row[0], row[1]) != (row[2], row[3])


def record(connection: sa.Connection) -> None:
    """Remember this database as the one that sends."""
    connection.execute(sa.text(f"UPDATE deployment SET (system_identifier, timeline) = ({_IDENTITY})"))


def zone_rules_changed(connection: sa.Connection, rules: str) -> bool:
    """Whether the plans were made with another edition of the zone rules."""
    return bool(
        connection.execute(
            sa.text("SELECT tzdata IS DISTINCT FROM :rules FROM deployment"), {"rules": rules}
        ).scalar_one()
    )


def record_zone_rules(connection: sa.Connection, rules: str) -> None:
    """Remember the edition that every plan now follows."""
    connection.execute(sa.text("UPDATE deployment SET tzdata = :rules"), {"rules": rules})


def clinics(connection: sa.Connection) -> list[int]:
    """The ids of all clinics."""
    return list(connection.execute(sa.text("SELECT clinic_ids()")).scalars())


def overdue(connection: sa.Connection, keys: KeyRing, since: datetime, now: datetime) -> dict[str, list[int]]:
    """Texts that were due since then and never reached sending here: number to message ids, in their order."""
    rows = connection.execute(
        sa.text(
            "SELECT m.id, p.data_key, p.state FROM messages m JOIN patients p ON p.id = m.patient_id"
            " WHERE m.sent_at IS NULL AND m.state IN ('planned', 'ready', 'claimed') AND m.due BETWEEN :since AND :now"
            " ORDER BY m.due, m.priority, m.id"
        ),
        {"since": since, "now": now},
    )
    numbers: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        number = value(load(json.loads(keys.box(row.data_key).open(row.state))), "phone")
        if number:
            numbers[str(number)].append(row.id)
    return numbers


def record_sent(connection: sa.Connection, keys: KeyRing, message_id: int, trace: Trace) -> None:
    """Write the attempt that the restored database lost."""
    row = connection.execute(
        sa.text(
            "SELECT m.clinic_id, m.sender_id, m.phone_index, m.due, p.data_key FROM messages m"
            " JOIN patients p ON p.id = m.patient_id WHERE m.id = :id AND m.sent_at IS NULL FOR UPDATE OF m"
        ),
        {"id": message_id},
    ).first()
    if row is None:
        return
    statement = """
        INSERT INTO attempts (clinic_id, message_id, sender_id, phone_index, state, outcome, sid, status, body,
          body_hash, encoding, segments, language, variant, catalog_hash, committed_at, settled_at)
        VALUES (:clinic, :message, :sender, :phone, 'accepted', 'restored', :sid, :status, :body,
          :hash, 'unknown', 0, 'und', 'restored', '', :at, clock_timestamp())"""
    values = {
        "clinic": row.clinic_id,
        "message": message_id,
        "sender": row.sender_id,
        "phone": row.phone_index,
        "sid": trace.sid,
        "status": trace.status,
        "body": keys.box(row.data_key).seal(trace.body),
        "hash": keys.body_hash(trace.body),
        "at": trace.created_at,
    }
    connection.execute(sa.text(statement), values)
    connection.execute(
        sa.text(
            "UPDATE messages SET state = 'sent', reason = NULL, sent_at = due, token = NULL, lease_until = NULL"
            " WHERE id = :id"
        ),
        {"id": message_id},
    )
