"""One Appointment to the canonical event's appointment and its meaning."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sms_service.domain.event import EventType
from sms_service.intake.fhir.attendance import Attendant, place, provider
from sms_service.intake.fhir.contents import Held
from sms_service.intake.fhir.identity import identified, named
from sms_service.intake.fhir.periods import instant
from sms_service.intake.fhir.resources import Appointment
from sms_service.intake.fhir.statuses import Meaning, cancel_reason, meaning
from sms_service.intake.fhir.types import visit_type
from sms_service.intake.problems import Code, Problem
from sms_service.intake.profile import Profile
from sms_service.intake.times import read_start

_OFF = frozenset({EventType.CANCELLED, EventType.NO_SHOW})
_LONGEST_VISIT = timedelta(days=1)


def visit_id(visit: Appointment, held: Held, profile: Profile, now: datetime) -> str | None:
    """The name the visit goes by."""
    if profile.fhir.appointment_system is not None:
        return identified(visit.identifier or (), profile.fhir.appointment_system, now)
    return named(held.target, profile.fhir)


def visit_meaning(visit: Appointment, problems: list[Problem]) -> Meaning:
    """What the status says; without one nothing is known but that there was news."""
    if visit.status is None or not visit.status.strip():
        problems.append(_missing("data.appointment.status", "the appointment has no status"))
        return Meaning(type=EventType.UPDATED, status="")
    return meaning(visit.status)


def visit_facts(
    visit: Appointment,
    means: Meaning,
    present: list[Attendant],
    profile: Profile,
    problems: list[Problem],
) -> dict[str, Any]:
    """Everything but the id; what the resource does not mention is not in it."""
    reason = means.reason
    if reason is None and means.type is EventType.CANCELLED:
        reason = cancel_reason(visit.cancelation_reason or visit.cancellation_reason)
    start = visit.start
    if means.type in _OFF and read_start(start, profile.zone)[0] is None:
        start = None  # what is called off needs no time, and must not wait in quarantine for one
    said: dict[str, Any] = {
        "status": means.status or None,
        "start": start,
        "timezone": profile.zone if start else None,
        "duration_min": _minutes(visit),
        "type": visit_type(visit, profile),
        "location": place(present),
        "provider": provider(present),
        "reason": reason.value if reason else None,
    }
    facts = {name: value for name, value in said.items() if value is not None}
    if means.type is EventType.BOOKED:
        _ask_for(facts, problems)
    return facts


def _ask_for(facts: dict[str, Any], problems: list[Problem]) -> None:
    """A booking without a time or a type calls for no text, and nobody would notice."""
    if "start" not in facts:
        detail = "the appointment is booked and has no start"
        problems.append(Problem(code=Code.TIME_MISSING, field="data.appointment.start", detail=detail))
    if "type" not in facts:
        detail = "the appointment has no serviceType, appointmentType or reason; send one that the feed maps"
        problems.append(Problem(code=Code.TYPE_UNMAPPED, field="data.appointment.type", detail=detail))


def _minutes(visit: Appointment) -> int | None:
    if visit.minutes_duration is not None:
        return visit.minutes_duration if visit.minutes_duration > 0 else None
    start, end = instant(visit.start), instant(visit.end)
    if start is None or end is None or not timedelta(0) < end - start <= _LONGEST_VISIT:
        return None
    return int((end - start).total_seconds() // 60)


def _missing(field: str, detail: str) -> Problem:
    return Problem(code=Code.FIELD_MISSING, field=field, detail=detail)
