"""One Patient to the canonical event's patient."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sms_service.intake.fhir.contents import Contents, Held
from sms_service.intake.fhir.datatypes import Reference
from sms_service.intake.fhir.identity import identified, named
from sms_service.intake.fhir.names import given_name
from sms_service.intake.fhir.references import Target, target
from sms_service.intake.fhir.resources import Patient
from sms_service.intake.fhir.spoken import language
from sms_service.intake.fhir.telecom import phone
from sms_service.intake.fhir.tolerant import read
from sms_service.intake.problems import Code, Problem
from sms_service.intake.profile import Profile


def patient_facts(
    patient: Patient, held: Held, body: Contents, profile: Profile, now: datetime, problems: list[Problem]
) -> dict[str, Any]:
    """Everything but the id. What the record does not speak of stays unchanged, and is not in it."""
    facts: dict[str, Any] = {}
    given = given_name(patient.name or (), now)
    if given is not None:
        facts["given"] = given
    spoken_of, number = phone(patient.telecom or (), profile.country, now)
    if spoken_of:
        facts["phone"] = number
        if number is None:
            detail = "every phone number of the patient has ended; no text can go out until there is another"
            problems.append(Problem(code=Code.PHONE_MISSING, field="data.patient.phone", detail=detail))
    tag = language(patient.communication or (), problems)
    if tag is not None:
        facts["language"] = tag
    if patient.deceased_date_time is not None or patient.deceased_boolean is not None:
        facts["deceased"] = patient.deceased_date_time is not None or patient.deceased_boolean is True
    return facts | _merged(patient, held, body, profile, now, problems)


def patient_id(patient: Patient, held: Held, profile: Profile, now: datetime) -> str | None:
    """The name the patient goes by; None for one with no identity of its own, or not the chosen one."""
    if profile.fhir.patient_system is not None:
        return identified(patient.identifier or (), profile.fhir.patient_system, now)
    return named(held.target, profile.fhir)


def referred_id(reference: Reference, leads_to: Target | None, profile: Profile, now: datetime) -> str | None:
    """The name of a patient of whom only the reference is here."""
    if profile.fhir.patient_system is not None:
        said = (reference.identifier,) if reference.identifier else ()
        return identified(said, profile.fhir.patient_system, now)
    return named(leads_to, profile.fhir)


def _merged(
    patient: Patient, held: Held, body: Contents, profile: Profile, now: datetime, problems: list[Problem]
) -> dict[str, Any]:
    """The record that replaces this one."""
    for link in patient.link or ():
        if link.type != "replaced-by" or link.other is None:
            continue
        said = (link.other.reference or "").strip()
        leads_to = target(said, held.target.base if held.target else "")
        survivor = referred_id(link.other, leads_to, profile, now)
        if survivor is None:
            found = body.find(said, leads_to)
            if found is not None and found.type == "Patient":
                survivor = patient_id(read(found.raw, Patient, []), found, profile, now)
        if survivor is not None:
            return {"merged_into": survivor}
        detail = "the record that replaces this one has no id of the kind that the feed goes by"
        problems.append(Problem(code=Code.PATIENT_UNKNOWN, field="data.patient.merged_into", detail=detail))
    return {}
