"""Which texts, at which instants, within which windows - and why is each other step left out?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sms_service.domain.appointment import Appointment
from sms_service.domain.caps import cap
from sms_service.domain.case import Case, gather
from sms_service.domain.event import CancelReason, Status
from sms_service.domain.pathway import Pathway
from sms_service.domain.people import Clinic, Patient
from sms_service.domain.plan_after import after
from sms_service.domain.plan_before import before
from sms_service.domain.plan_notices import cancelled, no_show
from sms_service.domain.planned import Planned, TaskKind, Wish, left_out
from sms_service.domain.reasons import Reason
from sms_service.domain.told import Already, chain, next_occasion, told

#: Silences after which a person should phone the patient instead.
_PHONE = frozenset({Reason.OPTED_OUT, Reason.NO_CONSENT, Reason.NO_PHONE})


def plan(
    appointment: Appointment,
    pathway: Pathway,
    clinic: Clinic,
    patient: Patient,
    already: Sequence[Already],
    now: datetime,
) -> list[Planned]:
    """Plan every text of a visit that has not reached *sending* yet.

    The result depends on the arguments alone, so planning again changes nothing unless a fact did. Steps
    that await their anchor (a completion, a move) appear once it happens. Source: the pathway's file, and
    the clinical timeline it follows.
    """
    silent = silence(appointment, patient)
    if silent is not None:
        return _without(appointment, pathway, already, silent, now)
    start = appointment.start
    if start is None:
        return _without(appointment, pathway, already, Reason.TIME_UNKNOWN, now)
    case = gather(appointment, pathway, clinic, patient, already, now, start)
    return cap(case, _by_status(case))


def _by_status(case: Case) -> list[Planned]:
    if (
        case.appointment.status in {Status.BOOKED, Status.ARRIVED, Status.COMPLETED}
        and case.appointment.led_by_another
    ):
        return case.leave(Reason.ONE_CHAIN, [*case.before_visit, *case.after_visit])
    match case.appointment.status:
        case Status.COMPLETED:
            return after(case)
        case Status.CANCELLED:
            return cancelled(case)
        case Status.NO_SHOW:
            return no_show(case)
        case _:
            return before(case)


def silence(appointment: Appointment, patient: Patient) -> Reason | None:
    """Why nothing at all may be sent about this visit, if so."""
    if appointment.test:
        return Reason.TEST_EVENT
    if patient.deceased or appointment.cancel_reason is CancelReason.DECEASED:
        return Reason.DECEASED
    if patient.merged_away:
        return Reason.MERGED
    if appointment.status in {None, Status.PROPOSED}:
        return Reason.NOT_CONFIRMED_BY_CLINIC
    if appointment.status is Status.CANCELLED and appointment.cancel_reason is CancelReason.ENTERED_IN_ERROR:
        return Reason.ENTERED_IN_ERROR
    if not patient.reachable:
        return Reason.NO_PHONE
    if patient.opted_out:
        return Reason.OPTED_OUT
    return None if patient.consent else Reason.NO_CONSENT


def _without(
    appointment: Appointment, pathway: Pathway, already: Sequence[Already], reason: Reason, now: datetime
) -> list[Planned]:
    """Every step that has not gone left out, with the task that silence calls for."""
    own = [text for text in already if text.own and not text.pending]
    rows = [
        left_out(step, reason, occasion=next_occasion(own, step.id) if step.repeatable else 0)
        for step in pathway.steps
        if not step.notice and (step.repeatable or not any(text.carries(step.id) for text in own))
    ]
    kind = _task(appointment, already, reason)
    if kind is None:
        return rows
    rows = rows or [left_out(pathway.steps[0], reason)]
    return [replace(rows[0], tasks=(Wish(kind=kind, due=now),)), *rows[1:]]


def _task(appointment: Appointment, already: Sequence[Already], reason: Reason) -> TaskKind | None:
    if reason in _PHONE and _open(appointment, already):
        return TaskKind.PHONE_INSTEAD
    believes = told(already)
    if reason is Reason.ENTERED_IN_ERROR and believes.texted:
        return TaskKind.TEXTED_IN_ERROR
    if reason is Reason.TIME_UNKNOWN and appointment.status is Status.CANCELLED:
        return TaskKind.PHONE_INSTEAD if believes.texted and not believes.cancelled else None
    return None


def _open(appointment: Appointment, already: Sequence[Already]) -> bool:
    """Whether the visit, or its aftercare, is still to come."""
    if appointment.status is Status.COMPLETED:
        return not any(text.carries("aftercare") for text in chain(already))
    return appointment.status in {Status.BOOKED, Status.ARRIVED}
