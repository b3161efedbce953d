"""What an event says of a patient, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sms_service.domain.event import EventType, Value
from sms_service.intake.languages import language_tag
from sms_service.intake.phones import e164
from sms_service.intake.problems import Code, Problem
from sms_service.intake.profile import Profile
from sms_service.intake.times import known_zone
from sms_service.intake.values import short


def read_person(
    person: Mapping[str, Any], profile: Profile, problems: list[Problem], kind: EventType
) -> dict[str, Value]:
    """The fields an event mentions of its patient."""
    fields: dict[str, Value] = {}
    for name in ("given", "merged_into"):
        if name in person:
            fields[name] = short(person[name], f"data.patient.{name}", problems)
    if "deceased" in person:
        fields["deceased"] = person["deceased"] is True
    fields |= _phone(person, profile, problems, kind) | _language(person, problems) | _zone(person, problems)
    consent = person.get("consent")
    if isinstance(consent, Mapping) and "sms" in consent:
        fields["consent"] = consent["sms"] is True
        fields["consent_at"] = _said_at(consent.get("at"), problems)
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


def _zone(person: Mapping[str, Any], problems: list[Problem]) -> dict[str, Value]:
    if "zone" not in person:
        return {}
    if person["zone"] is None:
        return {"zone": None}
    if not known_zone(person["zone"]):
        detail = "is no IANA zone such as America/New_York; the clinic's is used"
        problems.append(Problem(code=Code.ZONE_UNKNOWN, field="data.patient.zone", detail=detail))
        return {}
    return {"zone": person["zone"]}


def _said_at(written: object, problems: list[Problem]) -> str | None:
    """When consent was given, with its offset; None when that was not said in a way that can be read."""
    if written is None:
        return None
    try:
        said = datetime.fromisoformat(str(written))
        if said.tzinfo is not None:
            return said.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        pass
    detail = "is not ISO 8601 with an offset; the time of the event is used"
    problems.append(Problem(code=Code.CONSENT_TIME_INVALID, field="data.patient.consent.at", detail=detail))
    return None


def _language(person: Mapping[str, Any], problems: list[Problem]) -> dict[str, Value]:
    if not person.get("language"):
        return {}
    tag = language_tag(str(person["language"]))
    if tag is None:
        detail = "is no language tag such as es or zh-Hant; the clinic's default is used"
        problems.append(Problem(code=Code.LANGUAGE_UNKNOWN, field="data.patient.language", detail=detail))
        return {}
    return {"language": tag}
