"""Which database this is, and what it does not know after it was restored."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag

from sms_service.domain.reasons import Reason
from sms_service.domain.registers import value
from sms_service.domain.request import Trace
from sms_service.store.keyring import KeyMissingError, KeyRing
from sms_service.store.messages import log
from sms_service.store.patients import load
from sms_service.store.tasks import add_task

_log = logging.getLogger("sms_service.deployment")


def differs(connection: sa.Connection) -> bool | None:
    """Whether system identifier or timeline differ from those of the last send; None while none are recorded."""
    row = connection.execute(
        sa.text("SELECT system_identifier IS NOT NULL AS known, is_restored() AS restored FROM deployment")
    ).one()
    return bool(row.restored) if row.known else None


def record(connection: sa.Connection) -> None:
    """Remember this database as the one that sends."""
    connection.execute(
        sa.text("UPDATE deployment SET (system_identifier, timeline) = (SELECT * FROM identity())")
    )


def record_first(connection: sa.Connection) -> None:
    """Remember this database as the one that sends, unless another is remembered already."""
    if differs(connection) is None:
        record(connection)


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


def leave_a_gap(connection: sa.Connection) -> None:
    """Skip the attempt ids that were given out after the snapshot: their receipts may still arrive."""
    connection.execute(sa.text("SELECT skip_attempt_ids()"))


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Waiting:
    """A text whose time has come, in the order in which it would leave."""

    due: datetime
    priority: int
    id: int
    clinic_id: int


def overdue(connection: sa.Connection, keys: KeyRing, now: datetime) -> dict[tuple[str, str], list[Waiting]]:
    """Texts that wait to be sent, or sent again, however long they have been due: by sender's address and number.

    A restored database may hold as waiting what left just after the copy was made, due long before.
    """
    rows = connection.execute(
        sa.text(
            "SELECT m.id, m.clinic_id, m.due, m.priority, s.address, p.data_key, p.state"
            " FROM messages m JOIN patients p ON p.id = m.patient_id JOIN senders s ON s.id = m.sender_id"
            " WHERE m.state IN ('planned', 'ready', 'claimed') AND m.due <= :now ORDER BY m.due, m.priority, m.id"
        ),
        {"now": now},
    )
    numbers: dict[tuple[str, str], list[Waiting]] = defaultdict(list)
    for row in rows:
        try:
            number = value(load(json.loads(keys.box(row.data_key).open(row.state))), "phone")
        except (InvalidTag, KeyMissingError, ValueError) as error:
            # its fence cannot read it either: it waits there, and a person is asked
            _log.error("message %s: its patient cannot be read: %s", row.id, type(error).__name__)
            continue
        if number:
            waiting = Waiting(due=row.due, priority=row.priority, id=row.id, clinic_id=row.clinic_id)
            numbers[row.address, str(number)].append(waiting)
    return numbers


def record_lost(
    connection: sa.Connection, keys: KeyRing, message_id: int, trace: Trace, now: datetime
) -> int | None:
    """Write the attempt that the restored database lost, and ask a person to look; its id.

    None when the message is no longer waiting.
    """
    row = connection.execute(
        sa.text(
            "SELECT m.clinic_id, m.sender_id, m.phone_index, m.patient_id, m.appointment_id, p.data_key"
            " FROM messages m JOIN patients p ON p.id = m.patient_id"
            " WHERE m.id = :id AND m.state IN ('planned', 'ready', 'claimed') FOR UPDATE OF m"
        ),
        {"id": message_id},
    ).first()
    if row is None:
        return None
    statement = """
        INSERT INTO attempts (clinic_id, message_id, sender_id, phone_index, state, body, body_hash, encoding,
          segments, language, variant, catalog_hash, committed_at)
        VALUES (:clinic, :message, :sender, :phone, 'open', :body, :hash, 'unknown', 0, 'und', 'restored', '', :at)
        RETURNING id"""
    values = {
        "clinic": row.clinic_id,
        "message": message_id,
        "sender": row.sender_id,
        "phone": row.phone_index,
        "body": keys.box(row.data_key).seal(trace.body),
        "hash": keys.body_hash(trace.body),
        "at": trace.created_at,
    }
    attempt_id: int = connection.execute(sa.text(statement), values).scalar_one()
    connection.execute(
        sa.text(
            "UPDATE messages SET state = 'sending', reason = NULL, sent_at = due, token = NULL, lease_until = NULL"
            " WHERE id = :id"
        ),
        {"id": message_id},
    )
    add_task(
        connection,
        clinic_id=row.clinic_id,
        kind="untraceable",
        cause="message",
        cause_id=message_id,
        due=now,
        patient_id=row.patient_id,
        appointment_id=row.appointment_id,
    )
    return attempt_id


def give_up(connection: sa.Connection, message_id: int, now: datetime) -> bool:
    """Leave a waiting text out that may have gone before the restore, and ask a person to look; whether it waited."""
    row = connection.execute(
        sa.text(
            "UPDATE messages SET state = 'skipped', reason = :reason, token = NULL, lease_until = NULL"
            " WHERE id = :id AND state IN ('planned', 'ready', 'claimed')"
            " RETURNING clinic_id, patient_id, appointment_id"
        ),
        {"id": message_id, "reason": Reason.UNTRACEABLE.value},
    ).first()
    if row is None:
        return False
    log(connection, row.clinic_id, message_id, now, "skipped", Reason.UNTRACEABLE.value, None)
    add_task(
        connection,
        clinic_id=row.clinic_id,
        kind="untraceable",
        cause="message",
        cause_id=message_id,
        due=now,
        patient_id=row.patient_id,
        appointment_id=row.appointment_id,
    )
    return True
