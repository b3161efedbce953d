"""What a reading would become if it were taken in now: the door's problems and the event's, together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sms_service.intake.canonical import Read, read_event
from sms_service.intake.problems import NotAnEventError, Problem
from sms_service.intake.profile import Profile
from sms_service.intake.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`body` is the event as it is understood; `read` is None when it cannot be stored under any visit."""

    body: Mapping[str, Any] | None = field(repr=False)
    read: Read | None = field(repr=False)
    problems: tuple[Problem, ...]


def outcome_of(reading: Reading, profile: Profile, now: datetime) -> Outcome:
    """Read the canonical body of a reading; `now` is patient time."""
    if reading.event is None:
        return Outcome(body=None, read=None, problems=reading.problems)
    try:
        read = read_event(reading.event, profile, now)
    except NotAnEventError as error:
        # the door has already said what is missing in the words of its own format
        return Outcome(body=reading.event, read=None, problems=reading.problems or (error.problem,))
    both = Read(event=read.event, problems=(*reading.problems, *read.problems))
    return Outcome(body=_understood(reading.event, read), read=both, problems=both.problems)


def _understood(body: Mapping[str, Any], read: Read) -> Mapping[str, Any]:
    """The body with the telephone in E.164 and the language as we call it."""
    patient = body["data"].get("patient") or {}
    better = {name: value for name in ("phone", "language") if (value := read.event.patient.get(name))}
    if all(patient.get(name) == value for name, value in better.items()):
        return body
    return {**body, "data": {**body["data"], "patient": {**patient, **better}}}
