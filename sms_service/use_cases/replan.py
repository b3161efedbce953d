"""Bring a patient's messages, links and tasks in line with what their visits now call for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from sms_service.domain.appointment import STANDING, Appointment
from sms_service.domain.event import Status
from sms_service.domain.leaflet import expires
from sms_service.domain.pathway import Pathway
from sms_service.domain.people import Clinic, Patient
from sms_service.domain.plan import plan
from sms_service.domain.planned import Planned
from sms_service.domain.reasons import Reason
from sms_service.domain.registers import value
from sms_service.store.appointments import same_day, visits_of
from sms_service.store.blocks import is_suppressed
from sms_service.store.leaflets import keep_leaflet
from sms_service.store.messages import (
    PENDING,
    MessageRow,
    Wanted,
    already_of,
    insert_message,
    lock_messages,
    skip_message,
    update_message,
)
from sms_service.store.patients import PatientRow
from sms_service.store.tasks import sync_tasks
from sms_service.use_cases.service import Service

#: Why what is left pending ends when the visit does.
_OVER = {
    Status.COMPLETED: Reason.COMPLETED,
    Status.CANCELLED: Reason.CANCELLED,
    Status.NO_SHOW: Reason.NO_SHOW,
}


def replan(
    service: Service, connection: sa.Connection, clinic: Clinic, patient: PatientRow, now: datetime
) -> None:
    """Plan every visit of a locked patient again. Planning twice changes nothing.

    Visits are locked before messages and both in id order, as everywhere; only then is anything read, so a
    text whose fence commits first is seen as sent, and one that commits later sees this plan.
    """
    visits = visits_of(connection, patient.id)
    for visit, _ in visits:
        if visit.start is not None and not visit.test:
            keep_leaflet(
                connection,
                clinic_id=clinic.id,
                patient_id=patient.id,
                appointment_id=visit.id,
                box=patient.box,
                until=expires(visit.start.instant),
                new=visit.status in STANDING,
                now=now,
            )
    rows = lock_messages(connection, patient.id)
    everyone = [visit for visit, _ in visits]
    for visit, continues in visits:
        pathway = service.library.pathways.get(visit.pathway or "")
        rows, taken = _as_theirs(rows, patient.id, visit.id)
        own = [row for row in rows if row.appointment_id == visit.id and row.cause == "appointment"]
        if pathway is None:
            _end(connection, clinic, own, Reason.NO_PATHWAY, now)
            continue
        day = same_day(visit, everyone)
        story = frozenset({*(other.id for other in day), *([continues] if continues else [])})
        known = replace(visit, same_day=day)
        already = already_of(rows, patient.id, visit.id, story)
        about = _patient(connection, clinic, patient, rows, visit, pathway, now)
        planned = plan(known, pathway, clinic, about, already, now)
        _sync(connection, clinic, patient, visit, pathway, planned, own, taken, now)
        rows = lock_messages(connection, patient.id)


def _as_theirs(
    rows: Sequence[MessageRow], patient_id: int, visit_id: int
) -> tuple[list[MessageRow], dict[str, int]]:
    """A visit's texts as its present patient counts them, and per step the occasions somebody else used up.

    A visit that changed hands tells its story anew: what reached the former patient stays theirs.
    """
    theirs: list[MessageRow] = []
    taken: dict[str, int] = defaultdict(int)
    for row in rows:
        about = row.appointment_id == visit_id and row.cause == "appointment"
        if about and row.reached_sending and row.patient_id != patient_id:
            taken[row.step] = max(taken[row.step], row.occasion + 1)
        else:
            theirs.append(row)
    return [
        replace(row, occasion=max(row.occasion - taken[row.step], -1))
        if row.appointment_id == visit_id and row.step in taken
        else row
        for row in theirs
    ], taken


def _patient(
    connection: sa.Connection,
    clinic: Clinic,
    patient: PatientRow,
    rows: Sequence[MessageRow],
    visit: Appointment,
    pathway: Pathway,
    now: datetime,
) -> Patient:
    since = now - timedelta(days=pathway.short_welcome_days)
    zone = value(patient.fields, "zone")
    return Patient(
        id=patient.id,
        reachable=patient.phone_index is not None and not patient.unusable,
        language=patient.language,
        zone=zone if isinstance(zone, str) else None,
        consent=value(patient.fields, "consent") is True,
        opted_out=is_suppressed(connection, clinic.id, patient.phone_index),
        deceased=value(patient.fields, "deceased") is True,
        merged_away=value(patient.fields, "merged_into") is not None,
        returning=any(
            row.step == "aftercare" and row.appointment_id != visit.id and row.sent_at and row.sent_at > since
            for row in rows
        ),
    )


def _sync(
    connection: sa.Connection,
    clinic: Clinic,
    patient: PatientRow,
    visit: Appointment,
    pathway: Pathway,
    planned: Sequence[Planned],
    own: Sequence[MessageRow],
    taken: Mapping[str, int],
    now: datetime,
) -> None:
    """Write the plan: what reached sending stays as it is, everything pending becomes what is wanted."""
    held = {(row.step, row.occasion): row for row in own}
    for item in planned:
        row = held.pop((item.step, item.occasion), None)
        wanted = _wanted(pathway, item, item.occasion + taken.get(item.step, 0))
        if row is None:
            if item.reason is not Reason.ALREADY_SENT:
                insert_message(
                    connection,
                    clinic_id=clinic.id,
                    sender_id=clinic.sender_id,
                    patient_id=patient.id,
                    appointment_id=visit.id,
                    phone_index=patient.phone_index,
                    wanted=wanted,
                    now=now,
                )
        elif not row.reached_sending and (row.state in PENDING or row.state == "skipped"):
            update_message(
                connection, clinic.id, row, patient.id, clinic.sender_id, patient.phone_index, wanted, now
            )
    over = _OVER.get(visit.status or Status.PROPOSED, Reason.NOT_NEEDED)
    _end(connection, clinic, list(held.values()), over, now)
    wishes = {wish.kind.value: wish.due for item in planned for wish in item.tasks}
    sync_tasks(connection, clinic.id, patient.id, visit.id, wishes)


def _end(
    connection: sa.Connection, clinic: Clinic, rows: Sequence[MessageRow], reason: Reason, now: datetime
) -> None:
    for row in rows:
        if row.state in PENDING and not row.reached_sending:
            skip_message(connection, clinic.id, row.id, reason, now)


def _wanted(pathway: Pathway, item: Planned, occasion: int) -> Wanted:
    step = pathway.step(item.step)
    state = "planned" if item.goes else "waiting" if item.reason is Reason.NOT_YET else "skipped"
    return Wanted(
        step=item.step,
        occasion=occasion,
        pathway=pathway.id,
        merged=item.merged,
        priority=item.priority,
        counts=step.counts,
        anchor=step.anchor,
        told=item.told,
        state=state,
        reason=item.reason.value if item.reason else None,
        due=item.due,
        until=item.until,
    )
