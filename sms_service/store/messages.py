"""Messages as rows: what a plan asked for, what already reached sending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from sms_service.domain.ids import AppointmentId, MessageId
from sms_service.domain.pathway import Tells
from sms_service.domain.told import Already

#: States a plan may still change.
PENDING = frozenset({"waiting", "planned", "ready", "claimed"})
#: The provider may have it.
OUT = frozenset({"sending", "unknown", "sent", "delivered"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """A message as stored, as far as planning needs it."""

    id: MessageId
    patient_id: int | None
    appointment_id: AppointmentId | None
    cause: str
    step: str
    occasion: int
    pathway: str | None
    merged: tuple[str, ...]
    priority: int
    counts: bool
    told: datetime | None
    state: str
    reason: str | None
    due: datetime | None
    until: datetime | None
    sent_at: datetime | None
    tells: str | None
    answer: int | None
    phone_index: bytes | None
    starts_at: datetime | None

    @property
    def reached_sending(self) -> bool:
        """Whether an attempt was ever committed for it."""
        return self.sent_at is not None


_COLUMNS = (
    "m.id, m.patient_id, m.appointment_id, m.cause, m.step, m.occasion, m.pathway, m.merged, m.priority, m.counts, m.told,"
    " m.state, m.reason, m.due, m.until, m.sent_at, m.tells, m.answer, m.phone_index, m.told AS starts_at"
)


def lock_messages(connection: sa.Connection, patient_id: int) -> list[MessageRow]:
    """Every message of a patient, locked in id order as the fence locks them."""
    rows = connection.execute(
        sa.text(
            f"SELECT {_COLUMNS} FROM messages m WHERE m.patient_id = :patient OR m.appointment_id IN"
            " (SELECT id FROM appointments WHERE patient_id = :patient) ORDER BY m.id FOR UPDATE"
        ),
        {"patient": patient_id},
    )
    return [
        MessageRow(
            **{
                **row._mapping,  # noqa: SLF001 - SQLAlchemy's public name begins so
                "merged": tuple(row.merged),
                "phone_index": bytes(row.phone_index) if row.phone_index else None,
            }
        )
        for row in rows
    ]


def already_of(
    rows: Sequence[MessageRow], patient_id: int, own: AppointmentId, chain: frozenset[int]
) -> list[Already]:
    """What happened so far, seen from one visit; `chain` are the visits whose story it continues.

    What somebody else was told, while the visit was still theirs, is not what this patient knows.
    """
    happened = []
    for row in rows:
        mine = row.appointment_id == own
        pending = row.sent_at is None
        if (
            row.patient_id != patient_id
            or row.cause != "appointment"
            or (pending and (mine or row.state not in PENDING or row.due is None))
        ):
            continue
        happened.append(
            Already(
                step=row.step,
                at=row.sent_at or row.due or datetime.max,  # noqa: DTZ901 - never reached: pending rows have a due
                occasion=row.occasion,
                merged=row.merged,
                pathway=row.pathway or "",
                start=row.starts_at,
                tells=Tells(row.tells) if row.tells else None,
                counts=row.counts,
                answered=row.answer is not None,
                undelivered=row.sent_at is not None and row.state not in OUT,
                own=mine,
                same_chain=mine or row.appointment_id in chain,
                pending=pending,
            )
        )
    return happened


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A message row as a plan wants it."""

    step: str
    occasion: int
    pathway: str
    merged: tuple[str, ...]
    priority: int
    counts: bool
    anchor: str
    told: datetime | None
    state: str
    reason: str | None
    due: datetime | None
    until: datetime | None


def insert_message(
    connection: sa.Connection,
    *,
    clinic_id: int,
    sender_id: int,
    patient_id: int,
    appointment_id: int,
    phone_index: bytes | None,
    wanted: Wanted,
    now: datetime,
) -> None:
    """Add a planned or left-out message, and say so in its log."""
    statement = """
        INSERT INTO messages (clinic_id, sender_id, patient_id, appointment_id, cause, cause_id, step, occasion,
          pathway, merged, priority, counts, anchor, phone_index, told, state, reason, due, until)
        VALUES (:clinic, :sender, :patient, :appointment, 'appointment', :appointment, :step, :occasion, :pathway,
          :merged, :priority, :counts, :anchor, :phone, :told, :state, :reason, :due, :until)
        RETURNING id"""
    values = _values(wanted) | {
        "clinic": clinic_id,
        "sender": sender_id,
        "patient": patient_id,
        "appointment": appointment_id,
        "phone": phone_index,
    }
    message_id = connection.execute(sa.text(statement), values).scalar_one()
    log(connection, clinic_id, message_id, now, wanted.state, wanted.reason, wanted.due)


def update_message(
    connection: sa.Connection,
    clinic_id: int,
    row: MessageRow,
    patient_id: int,
    sender_id: int,
    phone_index: bytes | None,
    wanted: Wanted,
    now: datetime,
) -> None:
    """Make a pending message what the plan now wants; its claim, if any, is cleared so that the fence sees it."""
    statement = """
        UPDATE messages SET pathway = :pathway, merged = :merged, priority = :priority, counts = :counts,
          anchor = :anchor, phone_index = :phone, patient_id = :patient, sender_id = :sender, told = :told, state = :state, reason = :reason, due = :due,
          until = :until, token = NULL, lease_until = NULL
        WHERE id = :id"""
    connection.execute(
        sa.text(statement),
        _values(wanted) | {"id": row.id, "patient": patient_id, "sender": sender_id, "phone": phone_index},
    )
    settled = "planned" if row.state in {"ready", "claimed"} else row.state
    if (settled, row.due, row.reason) != (wanted.state, wanted.due, wanted.reason):
        log(connection, clinic_id, row.id, now, wanted.state, wanted.reason, wanted.due)


def skip_message(
    connection: sa.Connection, clinic_id: int, message_id: int, reason: str, now: datetime
) -> None:
    """End a pending message with the reason."""
    connection.execute(
        sa.text(
            "UPDATE messages SET state = 'skipped', reason = :reason, token = NULL, lease_until = NULL"
            " WHERE id = :id AND state IN ('waiting', 'planned', 'ready', 'claimed')"
        ),
        {"id": message_id, "reason": reason},
    )
    log(connection, clinic_id, message_id, now, "skipped", reason, None)


def log(
    connection: sa.Connection,
    clinic_id: int,
    message_id: int,
    at: datetime,
    what: str,
    reason: str | None,
    due: datetime | None,
) -> None:
    """Add a line to a message's story."""
    statement = """
        INSERT INTO message_log (clinic_id, message_id, at, what, reason, due)
        VALUES (:clinic, :message, :at, :what, :reason, :due)"""
    values = {
        "clinic": clinic_id,
        "message": message_id,
        "at": at,
        "what": what,
        "reason": reason,
        "due": due,
    }
    connection.execute(sa.text(statement), values)


def _values(wanted: Wanted) -> dict[str, object]:
    return {
        "step": wanted.step,
        "occasion": wanted.occasion,
        "pathway": wanted.pathway,
        "merged": list(wanted.merged),
        "priority": wanted.priority,
        "counts": wanted.counts,
        "anchor": wanted.anchor,
        "told": wanted.told,
        "state": wanted.state,
        "reason": wanted.reason,
        "due": wanted.due,
        "until": wanted.until,
    }
