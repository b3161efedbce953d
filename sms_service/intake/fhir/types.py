"""What kind of visit it is: the concepts of serviceType, appointmentType and the reason, as one type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sms_service.intake.fhir.datatypes import Concept, Described
from sms_service.intake.fhir.resources import Appointment
from sms_service.intake.profile import Profile


@dataclass(slots=True)
class _Said:
    codes: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    codings: list[dict[str, str]] = field(default_factory=list)


def visit_type(visit: Appointment, profile: Profile) -> dict[str, Any] | None:
    """Code, text and codings; None when the visit says nothing of its type.

    A visit names several: what is done there, the kind of booking, why. Code and text are those that the feed
    maps to a pathway, else the first; the order is FHIR's from the service to the reason.
    """
    said = _Said()
    for concept in _concepts(visit):
        _collect(concept, said)
    code, text = _mapped(said.codes, profile), _mapped(said.texts, profile)
    found: dict[str, Any] = {}
    if code is not None:
        found["code"] = code
    if text is not None:
        found["text"] = text
    if said.codings:
        found["codings"] = said.codings
    return found or None


def _concepts(visit: Appointment) -> Iterator[Concept]:
    for described in visit.service_type or ():
        yield from _both(described)
    if visit.appointment_type:
        yield visit.appointment_type
    yield from visit.reason_code or ()
    for described in visit.reason or ():
        yield from _both(described)


def _both(described: Described) -> Iterator[Concept]:
    """R4 holds the concept itself, R5 wraps it, and may name a HealthcareService by its words only."""
    yield described
    if described.concept:
        yield described.concept
    if described.reference and described.reference.display:
        yield Concept(text=described.reference.display)


def _collect(concept: Concept, said: _Said) -> None:
    said.texts += [concept.text.strip()] if concept.text and concept.text.strip() else []
    for coding in concept.coding or ():
        code, display = (coding.code or "").strip(), (coding.display or "").strip()
        if display:
            said.texts.append(display)
        if code:
            said.codes.append(code)
            held = {"system": coding.system, "code": code, "display": display}
            said.codings.append({name: value for name, value in held.items() if value})


def _mapped(candidates: list[str], profile: Profile) -> str | None:
    for candidate in candidates:
        if profile.pathway([candidate]) is not None:
            return candidate
    return candidates[0] if candidates else None
