"""Visits as rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from sms_service.domain.appointment import Appointment, SameDay
from sms_service.domain.event import Status
from sms_service.domain.ids import AppointmentId
from sms_service.domain.instants import wall
from sms_service.store.patients import dump, load

_COLUMNS = (
    "id, fields, version, booked_at, moved_at, ended_at, completed_at, confirmed, test, replaced,"
    " patient_id, continues_id, external_id, starts_at, status, pathway"
)


def lock_appointment(connection: sa.Connection, clinic_id: int, external_id: str) -> Appointment:
    """The visit's row, made when missing, locked until the transaction ends."""
    values = {"clinic": clinic_id, "external": external_id}
    connection.execute(
        sa.text(
            "INSERT INTO appointments (clinic_id, external_id, fields) VALUES (:clinic, :external, '{}')"
            " ON CONFLICT (clinic_id, external_id) DO NOTHING"
        ),
        values,
    )
    row = connection.execute(
        sa.text(
            f"SELECT {_COLUMNS} FROM appointments"
            " WHERE clinic_id = :clinic AND external_id = :external FOR NO KEY UPDATE"
        ),
        values,
    ).one()
    return appointment_of(row)


def id_of(connection: sa.Connection, clinic_id: int, external_id: str) -> int | None:
    """Our id of a clinic's visit, when it is known."""
    found: int | None = connection.execute(
        sa.text("SELECT id FROM appointments WHERE clinic_id = :clinic AND external_id = :external"),
        {"clinic": clinic_id, "external": external_id},
    ).scalar_one_or_none()
    return found


def patient_of(connection: sa.Connection, clinic_id: int, external_id: str) -> int | None:
    """Whose visit it is, as far as is known."""
    return connection.execute(
        sa.text("SELECT patient_id FROM appointments WHERE clinic_id = :clinic AND external_id = :external"),
        {"clinic": clinic_id, "external": external_id},
    ).scalar_one_or_none()


def appointment_of(row: Any) -> Appointment:  # noqa: ANN401 - a row of the columns above
    """The domain's value of a row."""
    return Appointment(
        id=AppointmentId(row.id),
        fields=load(row.fields),
        version=row.version,
        booked_at=row.booked_at,
        moved_at=row.moved_at,
        ended_at=row.ended_at,
        completed_at=row.completed_at,
        confirmed=row.confirmed,
        test=row.test,
        replaced=row.replaced,
    )


def save_appointment(connection: sa.Connection, appointment: Appointment, patient_id: int | None) -> None:
    """Write a folded visit back."""
    statement = """
        UPDATE appointments SET fields = cast(:fields AS jsonb), version = :version, status = :status,
          starts_at = :starts_at, pathway = :pathway, booked_at = :booked_at, moved_at = :moved_at,
          ended_at = :ended_at, completed_at = :completed_at, confirmed = :confirmed, test = :test,
          patient_id = coalesce(:patient, patient_id)
        WHERE id = :id"""
    values = {
        "id": appointment.id,
        "fields": dump(appointment.fields),
        "version": appointment.version,
        "status": appointment.status,
        "starts_at": appointment.start.instant if appointment.start else None,
        "pathway": appointment.pathway,
        "booked_at": appointment.booked_at,
        "moved_at": appointment.moved_at,
        "ended_at": appointment.ended_at,
        "completed_at": appointment.completed_at,
        "confirmed": appointment.confirmed,
        "test": appointment.test,
        "patient": patient_id,
    }
    connection.execute(sa.text(statement), values)


def visits_of(connection: sa.Connection, patient_id: int) -> list[tuple[Appointment, int | None]]:
    """Every visit of a patient, locked in id order, with the visit each one continues."""
    rows = connection.execute(
        sa.text(
            f"SELECT {_COLUMNS} FROM appointments WHERE patient_id = :patient ORDER BY id FOR NO KEY UPDATE"
        ),
        {"patient": patient_id},
    ).all()
    return [(appointment_of(row), row.continues_id) for row in rows]


def same_day(appointment: Appointment, visits: list[Appointment]) -> tuple[SameDay, ...]:
    """The patient's other visits on the same local day; a test is none."""
    if appointment.start is None:
        return ()
    start = appointment.start
    found = []
    for other in visits:
        if other.id == appointment.id or other.test:
            continue
        if other.start is None or other.status in {None, Status.PROPOSED}:
            continue
        if wall(other.start.instant, start.zone).local.date() == start.local.date():
            found.append(
                SameDay(
                    id=other.id,
                    start=other.start.instant,
                    status=Status(str(other.status)),
                    completed_at=other.completed_at,
                )
            )
    return tuple(found)


def replace_cancelled(
    connection: sa.Connection, patient_id: int, new: Appointment, now: datetime, settle: timedelta
) -> int | None:
    """Mark a visit of the same pathway, cancelled while its notice still settles, as replaced by `new`."""
    statement = """
        UPDATE appointments SET replaced = true
        WHERE id = (SELECT a.id FROM appointments a
                    WHERE a.patient_id = :patient AND a.id <> :new AND a.pathway = :pathway
                      AND a.status = 'cancelled' AND NOT a.test AND NOT a.replaced AND a.ended_at > :since
                      AND NOT EXISTS (SELECT FROM messages m WHERE m.appointment_id = a.id
                                      AND m.step = 'cancelled' AND m.sent_at IS NOT NULL)
                    ORDER BY a.ended_at DESC LIMIT 1)
        RETURNING id"""
    values = {"patient": patient_id, "new": new.id, "pathway": new.pathway, "since": now - settle}
    replaced: int | None = connection.execute(sa.text(statement), values).scalar_one_or_none()
    if replaced is not None:
        connection.execute(
            sa.text("UPDATE appointments SET continues_id = :old WHERE id = :new"),
            {"old": replaced, "new": new.id},
        )
    return replaced


def confirm(connection: sa.Connection, appointment_id: int, start: datetime) -> None:
    """Remember that the patient said they come to that start."""
    connection.execute(
        sa.text("UPDATE appointments SET confirmed = :start WHERE id = :id"),
        {"id": appointment_id, "start": start},
    )


def start_of(connection: sa.Connection, appointment_id: int) -> datetime | None:
    """The start of a visit as it stands now (UTC)."""
    start: datetime | None = connection.execute(
        sa.text("SELECT starts_at FROM appointments WHERE id = :id"), {"id": appointment_id}
    ).scalar_one()
    return start


def fields_json(appointment: Appointment) -> dict[str, Any]:
    """The plain values of the fields, for the API."""
    return {name: register.value for name, register in appointment.fields.items()}
