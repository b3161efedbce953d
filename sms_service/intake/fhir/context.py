"""What every resource of one body is read with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sms_service.intake.fhir.contents import Contents
from sms_service.intake.fhir.datatypes import Meta, Resource
from sms_service.intake.problems import Code, Problem
from sms_service.intake.profile import Profile
from sms_service.intake.values import invalid

#: v3-ActReason: the record is made up, and nobody may be texted because of it.
_TEST = "HTEST"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The body, the feed, and when it came in (UTC)."""

    body: Contents
    profile: Profile
    received: datetime
    snapshot: bool = False
    """A search's answer: all of it is current, so all of it is as new as the newest of it."""


def is_test(meta: Meta | None) -> bool:
    """Whether the resource is marked as test data, by tag or by security label."""
    marks = (*(meta.tag or ()), *(meta.security or ())) if meta else ()
    return any(mark.code == _TEST for mark in marks)


def refuse_modifiers(name: str, resource: Resource, problems: list[Problem]) -> None:
    """A modifier extension can reverse a resource; FHIR forbids reading past one that is unknown."""
    if resource.modifier_extension:
        detail = "changes the meaning of the resource in a way that is not known here; leave it out"
        problems.append(invalid(f"{name}.modifierExtension", detail))


def problem(code: Code, field: str, detail: str) -> Problem:
    """A problem of one canonical field."""
    return Problem(code=code, field=field, detail=detail)
