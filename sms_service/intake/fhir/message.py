"""What a body holds, to the delivery: visits by version, patients once, and what has to be fetched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sms_service.intake.fhir.bundles import READ, Sorted
from sms_service.intake.fhir.contents import Held, contents
from sms_service.intake.fhir.context import Context
from sms_service.intake.fhir.delivery import Delivery, Kind
from sms_service.intake.fhir.events import VisitEvent, person_event, visit_event
from sms_service.intake.fhir.references import Target, target
from sms_service.intake.fhir.subscriptions import Notice
from sms_service.intake.problems import Problem
from sms_service.intake.profile import Profile
from sms_service.intake.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A body taken apart; `problems` are those of its frame, which belong to no single resource."""

    kind: Kind = Kind.BUNDLE
    entries: Sorted = field(default_factory=Sorted)
    notice: Notice | None = None
    snapshot: bool = False
    problems: list[Problem] = field(default_factory=list)


def deliver(message: Message, profile: Profile, received: datetime) -> Delivery:
    """Read every resource, oldest version first, and say what is missing."""
    held = message.entries.held
    context = Context(body=contents(held), profile=profile, received=received, snapshot=message.snapshot)
    visits = list(_visits(held, context))
    people = _people(held, visits, context)
    said = message.notice
    return Delivery(
        kind=said.kind if said else message.kind,
        readings=(
            *(visit.reading for visit in visits),
            *message.entries.deleted,
            *(person_event(person, context) for person in people),
            *([Reading(event=None, problems=tuple(message.problems))] if message.problems else []),
        ),
        fetch=tuple(dict.fromkeys(_shown(place, profile) for place in _missing(message, visits, context))),
        subscription=said.subscription if said else None,
        subscription_status=said.status if said else None,
        events_since_start=said.events_since_start if said else None,
        event_numbers=said.numbers if said else (),
    )


def _visits(held: list[Held], context: Context) -> Iterator[VisitEvent]:
    found = [each for each in held if each.type == "Appointment"]
    versions = Counter(each.target for each in found if each.target is not None)
    for each in sorted(found, key=lambda each: each.at or context.received):
        yield visit_event(
            each, context, unordered=each.at is None and each.target is not None and versions[each.target] > 1
        )


def _people(held: list[Held], visits: list[VisitEvent], context: Context) -> list[Held]:
    """The patients that no visit brought along, or whose record is newer than their visits.

    In a notification the visit may be older than it would be if one asked now, so the patient's later instant
    says nothing of the visit, and the patient gets an event of their own.
    """
    told: dict[int, datetime] = {}
    for visit in visits:
        if visit.whose.held is not None:
            key = id(visit.whose.held)
            told[key] = max(told.get(key, visit.at), visit.at)
    found = [each for each in held if each.type == "Patient"]
    found.sort(key=lambda each: each.at or context.received)
    return [each for each in found if id(each) not in told or (each.at or told[id(each)]) > told[id(each)]]


def _missing(message: Message, visits: list[VisitEvent], context: Context) -> Iterator[Target]:
    """What the body names and does not hold, the subjects of its events first."""
    named = [target(reference.reference) for reference in message.notice.about] if message.notice else []
    for place in (*named, *message.entries.named, *(visit.whose.fetch for visit in visits)):
        if place is not None and place.type in READ and context.body.at(place) is None:
            yield place


def _shown(place: Target, profile: Profile) -> str:
    """As a path on the feed's own server where that is known, else as it came."""
    if place.base == profile.fhir.server:
        return str(Target(base="", type=place.type, id=place.id))
    return str(place)
