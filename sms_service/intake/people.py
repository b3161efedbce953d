"""What an event says of a patient, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sms_service.domain.event import EventType, Value
from sms_service.intake.languages import language_tag
from sms_service.intake.phones import e164
from sms_service.intake.problems import Code, Problem
from sms_service.intake.profile import Profile
from sms_service.intake.values import short


def read_person(
    person: Mapping[str, Any], profile: Profile, problems: list[Problem], kind: EventType
) -> dict[str, Value]:
    """The fields an event mentions of its patient."""
    fields: dict[str, Value] = {}
    for name in ("given", "zone", "merged_into"):
        if name in person:
            fields[name] = short(person[name], f"data.patient.{name}", problems)
    if "deceased" in person:
        fields["deceased"] = person["deceased"] is True
    fields |= _phone(person, profile, problems, kind) | _language(person, problems)
    consent = person.get("consent")
    if isinstance(consent, Mapping) and "sms" in consent:
        fields["consent"] = consent["sms"] is True
        fields["consent_at"] = short(consent.get("at"), "data.patient.consent.at", problems)
    return fields


def _phone(
    person: Mapping[str, Any], profile: Profile, problems: list[Problem], kind: EventType
) -> dict[str, Value]:
    if person.get("phone"):
        number = e164(str(person["phone"]), profile.country)
        if number is None:
            detail = "is no phone number; correct it"
            problems.append(Problem(code=Code.PHONE_INVALID, field="data.patient.phone", detail=detail))
        return {"phone": number}
    if "phone" in person:
        return {"phone": None}
    if kind is EventType.BOOKED:
        detail = "the booking has no phone; no text can go out until the clinic sends one"
        problems.append(Problem(code=Code.PHONE_MISSING, field="data.patient.phone", detail=detail))
    return {}


def _language(person: Mapping[str, Any], problems: list[Problem]) -> dict[str, Value]:
    if not person.get("language"):
        return {}
    tag = language_tag(str(person["language"]))
    if tag is None:
        detail = "is no language tag such as es or zh-Hant; the clinic's default is used"
        problems.append(Problem(code=Code.LANGUAGE_UNKNOWN, field="data.patient.language", detail=detail))
        return {}
    return {"language": tag}
