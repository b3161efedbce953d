"""SIU messages: a visit is booked, moved, changed, cancelled, missed, attended."""

from __future__ import annotations

from typing import Any

from sms_service.domain.event import EventType
from sms_service.intake.hl7.meaning import meaning_of
from sms_service.intake.hl7.message import NULL, Message
from sms_service.intake.hl7.patients import number_of, read_patient
from sms_service.intake.hl7.said import Said
from sms_service.intake.hl7.starts import Start, find_start
from sms_service.intake.hl7.visits import read_visit_facts
from sms_service.intake.problems import Code, Problem
from sms_service.intake.profile import Profile
from sms_service.intake.times import known_zone, read_start

#: What needs a time to mean anything.
_BOOKS = frozenset({EventType.BOOKED, EventType.RESCHEDULED})
#: What a time no longer matters to, so that none may hold it up.
_OVER = frozenset({EventType.CANCELLED, EventType.NO_SHOW, EventType.ARRIVED, EventType.COMPLETED})
#: Counters where a number should be: every visit of every patient would be the same one.
_COUNTERS = frozenset({"0", "1"})


def read_scheduling(message: Message, trigger: str, profile: Profile) -> Said:
    """What an SIU message says; `trigger` is one that `meaning_of` knows."""
    meaning = meaning_of(message, trigger, profile)
    problems: list[Problem] = []
    number, wrong = _number(message, profile)
    problems += wrong
    visit: dict[str, Any] = {"id": number} if number else {}
    if meaning.status:
        visit["status"] = meaning.status.value
    if meaning.unmapped:
        detail = "holds a status word that is in no table; add it to the feed's status_words"
        problems.append(Problem(code=Code.STATUS_UNMAPPED, field=meaning.unmapped, detail=detail))
    zone = profile.zone if known_zone(profile.zone) else None
    start = find_start(message, profile.time_sources, zone)
    visit |= _start(start, meaning.type, profile.zone)
    problems += _about(start, meaning.type)
    visit |= read_visit_facts(message, profile)
    if meaning.reason:
        visit["reason"] = meaning.reason.value
    patient, wrong = _patient(message, meaning.type, profile)
    return Said(type=meaning.type, visit=visit, patient=patient, problems=[*problems, *wrong])


def _number(message: Message, profile: Profile) -> tuple[str, list[Problem]]:
    visits = message.each("SCH")
    if len(visits) > 1:
        detail = "is there more than once; send one message for each visit"
        return "", [Problem(code=Code.FIELD_INVALID, field="SCH", detail=detail)]
    if not visits:
        detail = "is missing; a scheduling message is about the visit in SCH"
        return "", [Problem(code=Code.FIELD_MISSING, field="SCH", detail=detail)]
    for place in profile.appointment_id:
        number = message.at(place)
        if number and number != NULL:
            if number not in _COUNTERS:
                return number, []
            detail = (
                "is a counter and not a visit's number; name the right field in the feed's appointment_id"
            )
            return number, [Problem(code=Code.APPOINTMENT_UNKNOWN, field=place, detail=detail)]
    detail = "is blank, and so is every other field that the feed's appointment_id names"
    field = profile.appointment_id[0] if profile.appointment_id else "SCH-2.1"
    return "", [Problem(code=Code.FIELD_MISSING, field=field, detail=detail)]


def _start(start: Start, kind: EventType, zone: str | None) -> dict[str, str | None]:
    if start.said is None:
        return {"start": None} if start.cleared and kind not in _OVER else {}
    written = start.said.iso
    if kind in _OVER and read_start(written, zone)[0] is None:
        return {}
    return {"start": written, "timezone": zone} if zone else {"start": written}


def _about(start: Start, kind: EventType) -> list[Problem]:
    if start.conflict:
        detail = f"says another time than {start.source}; name the right fields in the feed's time_sources"
        return [Problem(code=Code.TIME_CONFLICT, field=start.conflict, detail=detail)]
    if kind in _OVER or start.said is not None:
        return []
    if start.unreadable:
        detail = "is no date and time such as 20261201093000"
        return [Problem(code=Code.TIME_INVALID, field=start.unreadable, detail=detail)]
    if kind in _BOOKS:
        detail = "the message says no time; send it in TQ1-7 or SCH-11.4"
        return [Problem(code=Code.TIME_MISSING, field="SCH-11.4", detail=detail)]
    return []


def _patient(message: Message, kind: EventType, profile: Profile) -> tuple[dict[str, Any], list[Problem]]:
    rows = message.each("PID")
    patient, problems = read_patient(rows[0], profile) if rows else ({}, [])
    others = {number_of(row, profile) for row in rows[1:]} - {""}
    if others - {patient.get("id")}:
        detail = "names several patients; a visit has one"
        problems.append(Problem(code=Code.FIELD_INVALID, field="PID-3", detail=detail))
    elif "id" not in patient and kind in _BOOKS:
        detail = "the message names no patient; send the medical record number in PID-3"
        problems.append(Problem(code=Code.PATIENT_UNKNOWN, field="PID-3", detail=detail))
    return patient, problems
