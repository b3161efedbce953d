"""Whose visit it is: the patient of an appointment, as far as the body tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sms_service.intake.fhir.attendance import Attendant
from sms_service.intake.fhir.contents import Held
from sms_service.intake.fhir.context import Context, is_test, problem, refuse_modifiers
from sms_service.intake.fhir.patient import patient_facts, patient_id, referred_id
from sms_service.intake.fhir.references import Target
from sms_service.intake.fhir.resources import Patient
from sms_service.intake.fhir.tolerant import read
from sms_service.intake.problems import Code, Problem

_NO_ID = "the patient has no id of the kind that the feed goes by; see the feed's fhir settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """The canonical patient; `held` is the record if the body has it, `fetch` where it is if not."""

    facts: dict[str, Any] = field(default_factory=dict, repr=False)
    held: Held | None = None
    fetch: Target | None = None
    test: bool = False


def whose(named: list[Attendant], visit: str | None, context: Context, problems: list[Problem]) -> Whose:
    """The patient among those a visit names; `visit` is the visit's own name."""
    if not named:
        return Whose()
    if len(named) > 1:
        detail = "the appointment names several patients, and not whom to text"
        problems.append(problem(Code.PATIENT_UNKNOWN, "data.patient.id", detail))
        return Whose()
    (one,) = named
    if one.held is not None and one.held.type == "Patient":
        return person(one.held, visit, context, problems)
    name = referred_id(one.reference, one.target, context.profile, context.received)
    if name is None:
        problems.append(problem(Code.PATIENT_UNKNOWN, "data.patient.id", _NO_ID))
    return Whose(facts={"id": name} if name else {}, fetch=one.target)


def person(held: Held, visit: str | None, context: Context, problems: list[Problem]) -> Whose:
    """The patient of a record that is here.

    One without an identity of its own (contained, or a bundle's entry without id) belongs to its visit alone:
    `#1` in the next appointment is somebody else.
    """
    patient = read(held.raw, Patient, problems)
    refuse_modifiers("Patient", patient, problems)
    name = patient_id(patient, held, context.profile, context.received)
    if name is None and held.target is None and context.profile.fhir.patient_system is None and visit:
        name = f"{visit}#patient"
    if name is None:
        problems.append(problem(Code.PATIENT_UNKNOWN, "data.patient.id", _NO_ID))
    facts = patient_facts(patient, held, context.body, context.profile, context.received, problems)
    return Whose(facts=({"id": name} if name else {}) | facts, held=held, test=is_test(patient.meta))
