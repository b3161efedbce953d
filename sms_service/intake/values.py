"""Reading single values out of untyped JSON, with errors that name the field and never repeat its content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sms_service.intake.problems import Code, NotAnEventError, Problem

LONGEST = 512


def short(held: Any, field: str, problems: list[Problem]) -> str | None:  # noqa: ANN401 - untyped JSON
    """A short text or None; a problem when it is too long or holds NUL."""
    if held is None:
        return None
    said = str(held).strip()
    if len(said) > LONGEST or "\x00" in said:
        problems.append(invalid(field, f"is longer than {LONGEST} characters or holds control characters"))
        return None
    return said


def mapping(body: Mapping[str, Any], key: str, field: str) -> Mapping[str, Any]:
    """An object; an absent optional one is empty."""
    held = body.get(key)
    if held is None and key != "data":
        return {}
    if not isinstance(held, Mapping):
        raise not_an_event(field, "must be an object")
    return held


def text(body: Mapping[str, Any], key: str, field: str) -> str:
    """A required short text."""
    held = optional(body, key, field)
    if held is None:
        raise not_an_event(field, "is missing")
    return held


def optional(body: Mapping[str, Any], key: str, field: str) -> str | None:
    """A short text, or None when absent."""
    held = body.get(key)
    if held is None:
        return None
    if not isinstance(held, str | int) or isinstance(held, bool):
        raise not_an_event(field, "must be a text")
    said = str(held).strip()
    if not said or len(said) > LONGEST or "\x00" in said:
        raise not_an_event(field, f"must be a text of 1 to {LONGEST} characters")
    return said


def not_an_event(field: str, detail: str) -> NotAnEventError:
    """The error for a body that cannot be stored under any id."""
    return NotAnEventError(Problem(code=Code.FIELD_INVALID, field=field, detail=detail))


def invalid(field: str, detail: str) -> Problem:
    """The problem of a field with a value it cannot have."""
    return Problem(code=Code.FIELD_INVALID, field=field, detail=detail)
