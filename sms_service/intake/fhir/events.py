"""A resource to its canonical event: which visit, which patient, as of when."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from sms_service.domain.event import EventType
from sms_service.intake.fhir.appointment import visit_facts, visit_id, visit_meaning
from sms_service.intake.fhir.attendance import attendants, patients
from sms_service.intake.fhir.contents import Held
from sms_service.intake.fhir.context import Context, is_test, problem, refuse_modifiers
from sms_service.intake.fhir.resources import Appointment
from sms_service.intake.fhir.tolerant import read
from sms_service.intake.fhir.whose import Whose, person, whose
from sms_service.intake.problems import Code, Problem
from sms_service.intake.profile import Profile
from sms_service.intake.reading import Reading

NO_ID = "the appointment has no id of the kind that the feed goes by; see the feed's fhir settings"
#: Once a visit is over or was called off, whose it was is known from its booking.
_NEEDS_PATIENT = frozenset({EventType.BOOKED, EventType.UPDATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitEvent:
    """The event of an Appointment, as of when it is true, and whose it is."""

    reading: Reading
    at: datetime
    whose: Whose


def visit_event(held: Held, context: Context, *, unordered: bool = False) -> VisitEvent:
    """The event of one Appointment; `unordered`: other versions of it are here, and nothing says when."""
    problems: list[Problem] = []
    visit = read(held.raw, Appointment, problems)
    refuse_modifiers("Appointment", visit, problems)
    means = visit_meaning(visit, problems)
    present = attendants(visit, held, context.body)
    name = visit_id(visit, held, context.profile, context.received)
    if name is None:
        problems.append(problem(Code.FIELD_MISSING, "data.appointment.id", NO_ID))
    facts = visit_facts(visit, means, present, context.profile, problems)
    named = patients(visit, present, held, context.body)
    who = whose(named, name, context, problems)
    if not named and means.type in _NEEDS_PATIENT:
        detail = "the appointment names no patient, so nobody can be texted about it"
        problems.append(problem(Code.PATIENT_UNKNOWN, "data.patient.id", detail))
    if unordered:
        detail = "several versions of the appointment are here, and no lastUpdated says which is newer"
        problems.append(problem(Code.FIELD_MISSING, "data.version.at", detail))
    at = _version(held, context, problems)
    if context.snapshot and who.held is not None and who.held.at is not None:
        at = max(at, who.held.at)
    data = {"appointment": ({"id": name} if name else {}) | facts} | (
        {"patient": who.facts} if who.facts else {}
    )
    body = event(context.profile, means.type, data, at, test=is_test(visit.meta) or who.test)
    return VisitEvent(reading=Reading(event=body, problems=tuple(problems)), at=at, whose=who)


def person_event(held: Held, context: Context) -> Reading:
    """The event of a Patient that stands for itself."""
    problems: list[Problem] = []
    who = person(held, None, context, problems)
    at = _version(held, context, problems)
    body = event(context.profile, EventType.PATIENT_UPDATED, {"patient": who.facts}, at, test=who.test)
    return Reading(event=body, problems=tuple(problems))


def event(
    profile: Profile, kind: EventType, data: dict[str, Any], at: datetime, *, test: bool
) -> dict[str, Any]:
    """The CloudEvent. Its id is the hash of what it says: the same resource sent twice is one delivery.

    A resource without lastUpdated says as well when it was received: else a visit that moves there and back
    would be taken for a repetition.
    """
    said = at.isoformat().replace("+00:00", "Z")
    body: dict[str, Any] = {
        "specversion": "1.0",
        "source": profile.fhir.server or "/fhir",
        "type": kind.value,
        "time": said,
        "data": data | {"version": {"at": said}, "test": test},
    }
    about = "patient" if kind is EventType.PATIENT_UPDATED else "appointment"
    if "id" in data[about]:
        body["subject"] = f"{about}/{data[about]['id']}"
    digest = hashlib.sha256(msgspec.json.encode([kind.value, body["data"]], order="sorted")).hexdigest()
    return {"id": digest} | body


def _version(held: Held, context: Context, problems: list[Problem]) -> datetime:
    """lastUpdated; versionId is opaque and cannot be compared. Else when we heard of it."""
    if held.at is None and held.said_at is not None:
        detail = "lastUpdated is no instant with an offset; the time of receipt is used"
        problems.append(problem(Code.VERSION_UNREADABLE, "data.version.at", detail))
    return held.at or context.received
