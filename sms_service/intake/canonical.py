"""The canonical JSON event (CloudEvents 1.0 structured mode) to typed values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sms_service.domain.event import Event, EventType, Stamp
from sms_service.intake.people import read_person
from sms_service.intake.problems import MOOT_ONCE_OVER, WARNINGS, Problem
from sms_service.intake.profile import Profile
from sms_service.intake.values import mapping, not_an_event, optional, text
from sms_service.intake.visits import read_visit

#: What ends a visit is applied in spite of what is moot by then.
_ENDINGS = frozenset({EventType.CANCELLED, EventType.NO_SHOW, EventType.COMPLETED, EventType.ARRIVED})
#: A version further ahead than this is a wrong clock and is clamped.
_CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What could be read: the event with every readable fact, and what is wrong with it."""

    event: Event
    problems: tuple[Problem, ...]

    @property
    def quarantined(self) -> bool:
        """Whether a problem forbids applying it."""
        ends = self.event.type in _ENDINGS
        return any(
            problem.code not in WARNINGS and not (ends and problem.code in MOOT_ONCE_OVER)
            for problem in self.problems
        )


def read_event(body: Mapping[str, Any], profile: Profile, now: datetime) -> Read:
    """Read one event; `now` is patient time. NotAnEventError when it cannot be told what it is about."""
    _check_text(body)
    data = mapping(body, "data", "data")
    try:
        kind = EventType(text(body, "type", "type"))
    except ValueError:
        raise not_an_event(
            "type", "is none of the canonical types clinic.appointment.*.v1 or clinic.patient.updated.v1"
        ) from None
    visit, person = (
        mapping(data, "appointment", "data.appointment"),
        mapping(data, "patient", "data.patient"),
    )
    visit_id, person_id = (
        optional(visit, "id", "data.appointment.id"),
        optional(person, "id", "data.patient.id"),
    )
    if kind is EventType.PATIENT_UPDATED and person_id is None:
        raise not_an_event("data.patient.id", "is missing; say whose data changed")
    if kind is not EventType.PATIENT_UPDATED and visit_id is None:
        raise not_an_event("data.appointment.id", "is missing; say which visit this is about")
    problems: list[Problem] = []
    at = _version(body, data, now)
    digest = canonical_hash(body)
    event = Event(
        id=text(body, "id", "id"),
        source=text(body, "source", "source"),
        type=kind,
        appointment_id=visit_id,
        patient_id=person_id,
        at=at,
        stamp=Stamp(at=at, hash=digest),
        appointment=read_visit(visit, profile, problems),
        patient=read_person(person, profile, problems, kind),
        test=data.get("test") is True,
    )
    return Read(event=event, problems=tuple(problems))


def _check_text(body: Mapping[str, Any]) -> None:
    """Raise NotAnEventError for what JSON can carry and nothing can store."""
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise not_an_event(
            "", "holds half a surrogate pair (\\ud800 to \\udfff); send whole characters"
        ) from None
    except RecursionError:
        raise not_an_event("", "is nested too deeply") from None


def canonical_hash(body: Mapping[str, Any]) -> str:
    """SHA-256 over type and data in canonical JSON: what an event says, whatever it is called."""
    said = {"type": body.get("type"), "data": body.get("data")}
    return hashlib.sha256(
        json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        )
    ).hexdigest()


def _version(body: Mapping[str, Any], data: Mapping[str, Any], now: datetime) -> datetime:
    """When it was said: the version's instant, else the event's; never further ahead than the skew."""
    version = data.get("version")
    written = version.get("at") if isinstance(version, Mapping) else None
    written = written or body.get("time")
    if written is None:
        raise not_an_event("time", "is missing; say when this was said, with an offset")
    try:
        at = datetime.fromisoformat(str(written))
    except ValueError:
        raise not_an_event("time", "is not ISO 8601") from None
    if at.tzinfo is None:
        raise not_an_event("time", "has no offset; add Z or +hh:mm")
    try:
        return min(at.astimezone(UTC), now + _CLOCK_SKEW)
    except OverflowError:
        raise not_an_event("time", "is out of range") from None
