"""What does this event change? The last writer wins per field; the meaning comes from the state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sms_service.domain.appointment import Appointment
from sms_service.domain.event import PRECEDENCE, Event, Status, Value, type_status
from sms_service.domain.registers import value, write

#: Fields whose change the patient's texts depend on.
_MATTERS = frozenset({"status", "start", "timezone", "pathway", "location", "reason", "procedure.done",
                      "procedure.injectate", "patient_id", "test"})  # fmt: skip


class Effect(StrEnum):
    """What a change amounts to; a change can have several."""

    APPLIED = "applied"
    STALE = "stale"  # recorded, but a newer event had already written every field it mentions
    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    REINSTATED = "reinstated"
    ARRIVED = "arrived"
    COMPLETED = "completed"
    NO_SHOW = "no_show"
    PATHWAY_CHANGED = "pathway_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The appointment after an event, and what that event amounted to."""

    appointment: Appointment
    effects: frozenset[Effect]

    @property
    def stale(self) -> bool:
        """Whether the event won no field."""
        return Effect.STALE in self.effects


def fold(appointment: Appointment, event: Event, now: datetime) -> Change:
    """Apply one event to the state; `now` (patient time) is when we learned of it.

    An event that arrives before the booking it belongs to simply writes its fields: a cancellation leaves a
    tombstone that an older booking cannot revive. A repeated event wins nothing and is stale.
    """
    fields, won = write(appointment.fields, _fields(event), event.stamp)
    if not won:
        return Change(appointment=appointment, effects=frozenset({Effect.STALE}))
    after = replace(appointment, fields=fields, test=appointment.test or value(fields, "test") is True)
    changed = {name for name in won if _differs(appointment, after, name)}
    effects = {Effect.APPLIED} | _effects(appointment, after, changed)
    return Change(
        appointment=_dated(appointment, after, effects, changed, event.at, now), effects=frozenset(effects)
    )


def _fields(event: Event) -> dict[str, Value]:
    """What the event says of the appointment, with its status settled by precedence."""
    fields = dict(event.appointment)
    said = {Status(str(fields["status"]))} if fields.get("status") is not None else set()
    if event.type in type_status:
        said.add(type_status[event.type])
    if said:
        fields["status"] = min(said, key=PRECEDENCE.index).value
    elif "status" in fields:
        del fields["status"]  # nothing can clear where the visit stands
    if event.patient_id is not None:
        fields["patient_id"] = event.patient_id
    if event.test:
        fields["test"] = True  # nothing can make a test real
    return fields


def _differs(before: Appointment, after: Appointment, name: str) -> bool:
    old = before.fields.get(name)
    return (old.value if old else None) != after.fields[name].value


def _effects(before: Appointment, after: Appointment, changed: set[str]) -> set[Effect]:
    effects: set[Effect] = set()
    if "status" in changed:
        effects.add(_status_effect(before, after.status))
    if _instant(before) != _instant(after) and (before.start is not None or before.booked_at is not None):
        effects.add(Effect.MOVED)
    if "pathway" in changed and before.pathway is not None:
        effects.add(Effect.PATHWAY_CHANGED)
    return effects


def _status_effect(before: Appointment, after: Status | None) -> Effect:
    match after:
        case Status.BOOKED:
            return Effect.BOOKED if before.booked_at is None else Effect.REINSTATED
        case Status.CANCELLED:
            return Effect.CANCELLED
        case Status.NO_SHOW:
            return Effect.NO_SHOW
        case Status.COMPLETED:
            return Effect.COMPLETED
        case Status.ARRIVED:
            return Effect.ARRIVED
    return Effect.APPLIED


def _instant(appointment: Appointment) -> datetime | None:
    return appointment.start.instant if appointment.start else None


def _dated(
    before: Appointment,
    after: Appointment,
    effects: set[Effect],
    changed: set[str],
    at: datetime,
    now: datetime,
) -> Appointment:
    """Note when we learned of what the texts' times count from."""
    bookable = after.status in {Status.BOOKED, Status.ARRIVED} and after.start is not None
    moved = before.booked_at is not None and bool(effects & {Effect.MOVED, Effect.REINSTATED})
    ended = after.status in {Status.CANCELLED, Status.NO_SHOW, Status.COMPLETED}
    same = before.status is after.status
    over = after.status in {Status.CANCELLED, Status.NO_SHOW}
    asked_anew = over or Effect.MOVED in effects or "patient_id" in changed
    return replace(
        after,
        version=before.version + (1 if changed & _MATTERS else 0),
        booked_at=before.booked_at or (now if bookable else None),
        moved_at=now if moved else before.moved_at,
        ended_at=((before.ended_at if same else None) or now) if ended else None,
        completed_at=((before.completed_at if same else None) or min(at, now))
        if after.status is Status.COMPLETED
        else None,
        confirmed=None if asked_anew else before.confirmed,
    )
