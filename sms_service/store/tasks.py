"""Work for people at the clinic, as rows: one per clinic, kind and cause."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa


def sync_tasks(
    connection: sa.Connection,
    clinic_id: int,
    patient_id: int,
    appointment_id: int,
    wishes: Mapping[str, datetime],
) -> None:
    """Make a visit's tasks those its plan asks for: new ones are scheduled, obsolete ones withdrawn.

    One that a person already finished stays finished; one already open keeps its first deadline.
    """
    connection.execute(
        sa.text(
            "UPDATE tasks SET state = 'withdrawn' WHERE cause = 'appointment' AND cause_id = :appointment"
            " AND state IN ('scheduled', 'open') AND kind <> ALL (:kinds)"
        ),
        {"appointment": appointment_id, "kinds": list(wishes)},
    )
    statement = """
        INSERT INTO tasks (clinic_id, kind, cause, cause_id, appointment_id, patient_id, due)
        VALUES (:clinic, :kind, 'appointment', :appointment, :appointment, :patient, :due)
        ON CONFLICT (clinic_id, kind, cause, cause_id) DO UPDATE
        SET patient_id = excluded.patient_id,
            due = CASE WHEN tasks.state = 'open' THEN tasks.due ELSE excluded.due END,
            state = CASE WHEN tasks.state = 'withdrawn' THEN 'scheduled' ELSE tasks.state END
        WHERE tasks.state <> 'done'"""
    values = [
        {"clinic": clinic_id, "kind": kind, "appointment": appointment_id, "patient": patient_id, "due": due}
        for kind, due in wishes.items()
    ]
    if values:
        connection.execute(sa.text(statement), values)


def add_task(
    connection: sa.Connection,
    *,
    clinic_id: int,
    kind: str,
    cause: str,
    cause_id: int,
    due: datetime,
    patient_id: int | None,
    appointment_id: int | None = None,
) -> None:
    """Ask a person to act from `due` on; asking again for the same cause changes nothing."""
    statement = """
        INSERT INTO tasks (clinic_id, kind, cause, cause_id, appointment_id, patient_id, due, state)
        VALUES (:clinic, :kind, :cause, :cause_id, :appointment, :patient, :due, 'open')
        ON CONFLICT DO NOTHING"""
    values = {
        "clinic": clinic_id,
        "kind": kind,
        "cause": cause,
        "cause_id": cause_id,
        "appointment": appointment_id,
        "patient": patient_id,
        "due": due,
    }
    connection.execute(sa.text(statement), values)
