"""Subscription notifications: one status, whichever of the shapes it was sent in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sms_service.intake.fhir.datatypes import Reference
from sms_service.intake.fhir.delivery import Kind
from sms_service.intake.fhir.resources import (
    NotificationEvent,
    Parameter,
    Parameters,
    Part,
    SubscriptionStatus,
)
from sms_service.intake.fhir.tolerant import Json, read
from sms_service.intake.problems import Problem
from sms_service.intake.values import invalid

#: What carries a status: R4's backport wraps it in Parameters.
STATUS_TYPES = frozenset({"SubscriptionStatus", "Parameters"})
_KINDS = {"handshake": Kind.HANDSHAKE, "heartbeat": Kind.HEARTBEAT, "query-status": Kind.HEARTBEAT}
#: integer64, and no negative count.
_MOST = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a status says; `about` are the references of its events, the focus before its context."""

    kind: Kind
    subscription: str | None
    status: str | None
    events_since_start: int | None
    numbers: tuple[int, ...]
    about: tuple[Reference, ...]


def notice(raw: Json, kind: str | None, problems: list[Problem]) -> Notice | None:
    """The status in a SubscriptionStatus or in Parameters; None for Parameters that hold something else."""
    if kind == "SubscriptionStatus":
        return _notice(read(raw, SubscriptionStatus, problems), problems)
    sent = read(raw, Parameters, problems).parameter or []
    names = {parameter.name for parameter in sent}
    return _notice(_status(sent), problems) if {"subscription", "type"} & names else None


def _status(sent: list[Parameter]) -> SubscriptionStatus:
    """The backport's parameters as the resource that they stand for."""
    by_name = {parameter.name: parameter for parameter in sent}
    empty = Parameter()
    return SubscriptionStatus(
        type=_word(by_name.get("type", empty)),
        status=_word(by_name.get("status", empty)),
        events_since_subscription_start=_number(by_name.get("events-since-subscription-start", empty)),
        notification_event=[_event(each.part or []) for each in sent if each.name == "notification-event"],
        subscription=by_name.get("subscription", empty).value_reference,
    )


def _event(parts: list[Part]) -> NotificationEvent:
    by_name = {part.name: part for part in parts}
    empty = Part()
    return NotificationEvent(
        event_number=_number(by_name.get("event-number", empty)),
        focus=by_name.get("focus", empty).value_reference,
        additional_context=[
            p.value_reference for p in parts if p.name == "additional-context" and p.value_reference
        ],
    )


def _word(part: Part) -> str | None:
    return part.value_code or part.value_string


def _number(part: Part) -> str | int | None:
    said = (part.value_string, part.value_integer64, part.value_unsigned_int, part.value_integer)
    return next((value for value in said if value is not None), None)


def _notice(status: SubscriptionStatus, problems: list[Problem]) -> Notice:
    events = status.notification_event or []
    since = _count(status.events_since_subscription_start, "eventsSinceSubscriptionStart", problems)
    said = (_count(event.event_number, "notificationEvent.eventNumber", problems) for event in events)
    numbers = tuple(number for number in said if number is not None)
    if not numbers and events and since is not None:
        numbers = tuple(range(max(1, since - len(events) + 1), since + 1))  # the last ones, in order
    return Notice(
        kind=_KINDS.get((status.type or "").strip(), Kind.NOTIFICATION),
        subscription=status.subscription.reference if status.subscription else None,
        status=status.status,
        events_since_start=since,
        numbers=numbers,
        about=tuple(_about(events)),
    )


def _about(events: Iterable[NotificationEvent]) -> Iterable[Reference]:
    for event in events:
        yield from ([event.focus] if event.focus else [])
        yield from event.additional_context or ()


def _count(written: str | int | None, name: str, problems: list[Problem]) -> int | None:
    if written is None:
        return None
    said = str(written).strip()
    if said.isascii() and said.isdigit() and len(said) <= len(str(_MOST)) and int(said) <= _MOST:
        return int(said)
    problems.append(invalid(f"SubscriptionStatus.{name}", "is no count"))
    return None
