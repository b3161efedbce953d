"""What an event says of a visit, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sms_service.domain.event import CancelReason, Status, Value
from sms_service.intake.problems import Code, Problem
from sms_service.intake.profile import Profile
from sms_service.intake.times import read_start
from sms_service.intake.values import invalid, short

_STATUS = {
    "proposed": Status.PROPOSED,
    "pending": Status.PROPOSED,
    "waitlist": Status.PROPOSED,
    "booked": Status.BOOKED,
    "arrived": Status.ARRIVED,
    "checked-in": Status.ARRIVED,
    "completed": Status.COMPLETED,
    "fulfilled": Status.COMPLETED,
    "cancelled": Status.CANCELLED,
    "entered-in-error": Status.CANCELLED,
    "no_show": Status.NO_SHOW,
    "noshow": Status.NO_SHOW,
}


def read_visit(visit: Mapping[str, Any], profile: Profile, problems: list[Problem]) -> dict[str, Value]:
    """The fields an event mentions of its visit."""
    fields: dict[str, Value] = {}
    if visit.get("status") is not None:
        status = _STATUS.get(str(visit["status"]).casefold())
        if status is None:
            problems.append(invalid("data.appointment.status", "is not a known status word"))
        else:
            fields["status"] = status.value
    if "start" in visit:
        fields |= _start(visit, profile, problems)
    if "type" in visit:
        fields |= _pathway(visit["type"], profile, problems)
    for name in ("location", "provider"):
        if name in visit:
            fields[name] = short(visit[name], f"data.appointment.{name}", problems)
    if "reason" in visit:
        fields["reason"] = _reason(visit["reason"], problems)
    if str(visit.get("status")).casefold() == "entered-in-error":
        fields["reason"] = CancelReason.ENTERED_IN_ERROR.value
    fields |= _procedure(visit.get("procedure"), problems)
    return fields


def _start(visit: Mapping[str, Any], profile: Profile, problems: list[Problem]) -> dict[str, Value]:
    if visit["start"] is None:
        return {"start": None}
    start, wrong = read_start(visit["start"], visit.get("timezone") or profile.zone)
    problems.extend(wrong)
    return {"start": start.local.isoformat(), "timezone": start.zone} if start else {}


def _pathway(kind: Any, profile: Profile, problems: list[Problem]) -> dict[str, Value]:  # noqa: ANN401 - untyped JSON
    if not isinstance(kind, Mapping):
        problems.append(invalid("data.appointment.type", "is an object with code, text and codings"))
        return {}
    said = kind.get("codings")
    codings = [c for c in said if isinstance(c, Mapping)] if isinstance(said, list) else []
    candidates = [kind.get("code"), kind.get("text"), *(c.get("code") for c in codings)]
    mapped = profile.pathway([str(candidate) for candidate in candidates if candidate])
    if mapped is None:
        detail = (
            "this type of visit is mapped to no pathway; add it to the feed's types and send the event again"
        )
        problems.append(Problem(code=Code.TYPE_UNMAPPED, field="data.appointment.type", detail=detail))
        return {}
    return {"pathway": mapped}


def _reason(reason: Any, problems: list[Problem]) -> str | None:  # noqa: ANN401 - untyped JSON
    if reason is None:
        return None
    try:
        return CancelReason(str(reason)).value
    except ValueError:
        problems.append(
            invalid("data.appointment.reason", "must be patient, clinic, entered_in_error or deceased")
        )
        return None


def _procedure(procedure: Any, problems: list[Problem]) -> dict[str, Value]:  # noqa: ANN401 - untyped JSON
    if procedure is None:
        return {}
    if not isinstance(procedure, Mapping):
        problems.append(invalid("data.appointment.procedure", "is an object with done and injectate"))
        return {}
    fields: dict[str, Value] = {}
    for name, allowed in (("done", (True, False, None)), ("injectate", ("steroid", "none", None))):
        if name in procedure:
            if procedure[name] not in allowed:
                problems.append(
                    invalid(f"data.appointment.procedure.{name}", "has none of the allowed values")
                )
            else:
                fields[f"procedure.{name}"] = procedure[name]
    return fields
