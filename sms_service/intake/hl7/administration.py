"""ADT messages: a patient arrived or left, changed a telephone, died, or turned out to be another."""

from __future__ import annotations

from typing import Any

from sms_service.domain.event import EventType, Status
from sms_service.intake.hl7.message import NULL, Message
from sms_service.intake.hl7.patients import patient_id, read_patient
from sms_service.intake.hl7.said import Said
from sms_service.intake.problems import Code, Problem
from sms_service.intake.profile import Profile

#: SIU has no trigger for these two (HL7 v2.9.1 §10.4.14 points here).
_VISITS = {
    **dict.fromkeys(("A01", "A04", "A10"), (EventType.ARRIVED, Status.ARRIVED)),
    **dict.fromkeys(("A03", "A09"), (EventType.COMPLETED, Status.COMPLETED)),
}
_MERGE = "A40"
_PATIENTS = frozenset({"A08", "A31", _MERGE})
TRIGGERS = frozenset(_VISITS) | _PATIENTS
#: Where the number of an encounter stands. That it is the visit's number only the clinic can know.
_ENCOUNTER = "PV1-19"


def read_administration(message: Message, trigger: str, profile: Profile) -> Said:
    """What an ADT message says; `trigger` is one of TRIGGERS."""
    patient, problems = _patient(message, profile)
    if trigger == _MERGE:
        return _merged(message, profile, patient)
    if trigger in _PATIENTS:
        if "id" not in patient:
            problems.append(_no_patient("PID-3"))
        return Said(type=EventType.PATIENT_UPDATED, patient=patient, problems=problems)
    kind, status = _VISITS[trigger]
    visit: dict[str, Any] = {"status": status.value}
    field = profile.visit_number or _ENCOUNTER
    number = message.at(field)
    if number and number != NULL:
        visit["id"] = number
    if not profile.visit_number:
        detail = (
            "may be the number of another visit; if it repeats the appointment's, say so in the feed's"
            " visit_number"
        )
        problems.append(Problem(code=Code.APPOINTMENT_UNKNOWN, field=field, detail=detail))
    elif "id" not in visit:
        detail = "is blank, so that nobody can tell which visit this is about"
        problems.append(Problem(code=Code.APPOINTMENT_UNKNOWN, field=field, detail=detail))
    return Said(type=kind, visit=visit, patient=patient, problems=problems)


def _patient(message: Message, profile: Profile) -> tuple[dict[str, Any], list[Problem]]:
    pid = message.first("PID")
    return read_patient(pid, profile) if pid else ({}, [])


def _merged(message: Message, profile: Profile, survivor: dict[str, Any]) -> Said:
    """MRG-1 is the number that ends, PID-3 the one that stays; the rest of PID is about the latter."""
    rows = message.each("MRG")
    patient: dict[str, Any] = {}
    problems: list[Problem] = []
    ended = patient_id(rows[0].each(1), profile) if rows else ""
    if ended:
        patient["id"] = ended
    else:
        problems.append(_no_patient("MRG-1"))
    if "id" in survivor:
        patient["merged_into"] = survivor["id"]
    else:
        problems.append(_no_patient("PID-3"))
    if len(rows) > 1:
        detail = "is there more than once; send one message for each merge"
        problems.append(Problem(code=Code.FIELD_INVALID, field="MRG", detail=detail))
    elif ended and ended == survivor.get("id"):
        detail = "names the patient that PID-3 names; nobody can be merged into themselves"
        problems.append(Problem(code=Code.FIELD_INVALID, field="MRG-1", detail=detail))
    return Said(type=EventType.PATIENT_UPDATED, patient=patient, problems=problems)


def _no_patient(field: str) -> Problem:
    return Problem(code=Code.PATIENT_UNKNOWN, field=field, detail="names no patient; send the number")
