"""Take in one event: store it, fold it, plan what it calls for - in one transaction, once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from sms_service.domain.appointment import Appointment
from sms_service.domain.event import Event, Status
from sms_service.domain.fold import Effect, fold
from sms_service.domain.people import Clinic
from sms_service.domain.planned import TaskKind
from sms_service.domain.registers import value
from sms_service.intake.canonical import Read, read_event
from sms_service.intake.problems import Problem
from sms_service.intake.profile import profile_of
from sms_service.store.appointments import (
    id_of,
    lock_appointment,
    patient_of,
    replace_cancelled,
    save_appointment,
)
from sms_service.store.clock import patient_now
from sms_service.store.database import again_on_deadlock
from sms_service.store.inbox import add_consent, close_event, open_event
from sms_service.store.patients import (
    PatientRow,
    ensure_patient,
    fold_patient,
    lock_patient,
    lock_patient_by_id,
)
from sms_service.store.tasks import add_task
from sms_service.store.tenants import Caller, load_clinic, load_feed
from sms_service.use_cases.replan import replan
from sms_service.use_cases.service import Service

#: A new booking this soon after a cancellation of the same pathway is a move.
SETTLES = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of an event. `outcome` is applied, stale, quarantined or duplicate."""

    outcome: str
    event_id: int | None = None
    problems: tuple[Problem, ...] = ()


@again_on_deadlock
def book(service: Service, caller: Caller, body: Mapping[str, Any]) -> Taken:
    """Store and apply an event of the caller's feed. Raises NotAnEventError for a body that is none."""
    with service.db.transaction([caller.clinic_id]) as connection:
        now = patient_now(connection)
        clinic = load_clinic(connection, caller.clinic_id)
        settings, data_key = load_feed(connection, caller.feed_id)
        read = read_event(body, profile_of(settings, clinic.zone), now)
        raw = service.keys.box(data_key).seal(json.dumps(body, ensure_ascii=False, sort_keys=True))
        event_id = open_event(
            connection,
            caller,
            delivery_id=f"{read.event.source} {read.event.id}",
            digest=read.event.stamp.hash,
            raw=raw,
            now=now,
            problems=[problem.code for problem in read.problems],
            quarantined=read.quarantined,
        )
        if event_id is None:
            return Taken(outcome="duplicate")
        if read.quarantined:
            _ask_about(connection, clinic, read.event, event_id, now)
            return Taken(outcome="quarantined", event_id=event_id, problems=read.problems)
        applied = _apply(service, connection, clinic, read, event_id, now)
        return Taken(outcome="applied" if applied else "stale", event_id=event_id, problems=read.problems)


def _ask_about(connection: sa.Connection, clinic: Clinic, event: Event, event_id: int, now: datetime) -> None:
    """News of a known visit that cannot be applied may be a move or a cancellation: a person has to look."""
    known = id_of(connection, clinic.id, event.appointment_id) if event.appointment_id else None
    if known is not None:
        add_task(
            connection,
            clinic_id=clinic.id,
            kind=TaskKind.READ_EVENT,
            cause="event",
            cause_id=event_id,
            due=now,
            patient_id=patient_of(connection, clinic.id, event.appointment_id or ""),
            appointment_id=known,
        )


def _apply(
    service: Service, connection: sa.Connection, clinic: Clinic, read: Read, event_id: int, now: datetime
) -> bool:
    """Fold into patient and visit. The patient is locked first: all that concerns one person queues."""
    event = read.event
    patient, concerned = _lock_people(service, connection, clinic, event)
    changed = False
    # a test event says nothing true of anybody, not even of one nobody spoke of yet: a real event may follow
    if patient is not None and event.patient_id is not None and not event.test:
        before = patient
        patient, changed = fold_patient(connection, service.keys, patient, event)
        concerned[patient.id] = patient
        _note_consent(connection, clinic, before, patient, event)
    visit: Appointment | None = None
    if event.appointment_id is not None:
        change = fold(lock_appointment(connection, clinic.id, event.appointment_id), event, now)
        visit = change.appointment
        if not change.stale:
            changed = True
            until_now = patient_of(connection, clinic.id, event.appointment_id)
            owner = _owner(service, connection, clinic, visit, patient)
            for person in (owner, _other(service, connection, until_now, concerned)):
                if person is not None:
                    concerned.setdefault(person.id, person)
            save_appointment(connection, visit, owner.id if owner else None)
            booked = Effect.BOOKED in change.effects and visit.status is Status.BOOKED
            if owner is not None and booked and not visit.test:
                replace_cancelled(connection, owner.id, visit, now, SETTLES)
    close_event(connection, event_id, visit.id if visit else None, "applied" if changed else "stale")
    if changed:
        for person in concerned.values():
            replan(service, connection, clinic, person, now)
    return changed


def _lock_people(
    service: Service, connection: sa.Connection, clinic: Clinic, event: Event
) -> tuple[PatientRow | None, dict[int, PatientRow]]:
    """The patient the event is about (None while only a tombstone's number is known), and whose visit it is.

    Locked in id order, so that visits changing hands do not block each other.
    """
    known = patient_of(connection, clinic.id, event.appointment_id) if event.appointment_id else None
    about = known
    if event.patient_id is not None:
        about = ensure_patient(connection, service.keys, clinic.id, event.patient_id)
    ids = sorted({found for found in (known, about) if found is not None})
    locked = {found: lock_patient_by_id(connection, service.keys, found) for found in ids}
    return (locked[about] if about is not None else None), locked


def _owner(
    service: Service,
    connection: sa.Connection,
    clinic: Clinic,
    visit: Appointment,
    patient: PatientRow | None,
) -> PatientRow | None:
    """Whose visit it is by the newest word on it, which need not be this event's."""
    said = value(visit.fields, "patient_id")
    if said is None or (patient is not None and patient.external_id == said):
        return patient
    return lock_patient(connection, service.keys, clinic.id, str(said))


def _other(
    service: Service, connection: sa.Connection, patient_id: int | None, known: Mapping[int, PatientRow]
) -> PatientRow | None:
    """Whose visit it was until now, if that is somebody else: their other visits may need texts again."""
    if patient_id is None or patient_id in known:
        return None
    return lock_patient_by_id(connection, service.keys, patient_id)


def _note_consent(
    connection: sa.Connection, clinic: Clinic, before: PatientRow, after: PatientRow, event: Event
) -> None:
    granted = value(after.fields, "consent")
    if granted is not None and granted != value(before.fields, "consent"):
        said_at = value(after.fields, "consent_at")
        add_consent(
            connection,
            clinic_id=clinic.id,
            patient_id=after.id,
            phone_index=after.phone_index,
            granted=granted is True,
            said_at=str(said_at) if said_at else event.at.isoformat(),
            source="event",
        )
