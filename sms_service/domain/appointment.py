"""One visit, as folded from everything its clinic said about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sms_service.domain.event import CancelReason, Status
from sms_service.domain.ids import AppointmentId
from sms_service.domain.instants import Wall
from sms_service.domain.registers import Registers, value


@dataclass(frozen=True, slots=True, kw_only=True)
class SameDay:
    """Another visit of the same patient on the same local day; one chain of texts serves them all."""

    id: AppointmentId
    start: datetime
    status: Status
    completed_at: datetime | None = None


#: A visit with one of these still takes place or took place.
STANDING = frozenset({Status.BOOKED, Status.ARRIVED, Status.COMPLETED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """A visit: the fields as last written, and the instants (patient time) of its changes.

    `version` grows with each change that matters. `confirmed` is the start
    (UTC) the patient said they come to.
    """

    id: AppointmentId
    fields: Registers = field(default_factory=dict)
    version: int = 0
    booked_at: datetime | None = None
    moved_at: datetime | None = None
    ended_at: datetime | None = None
    """When we learned of the cancellation, the no-show or the completion now in force."""
    completed_at: datetime | None = None
    """When the visit was completed as far as the clinic said, never later than when we learned of it."""
    confirmed: datetime | None = None
    test: bool = False
    replaced: bool = False
    """Cancelled because another visit took its place; the new one tells the patient."""
    same_day: tuple[SameDay, ...] = ()

    @property
    def status(self) -> Status | None:
        """None for a visit whose status nobody has said."""
        held = value(self.fields, "status")
        return Status(str(held)) if held is not None else None

    @property
    def start(self) -> Wall | None:
        """Date, time and zone of the visit; None when they are not known."""
        local, zone = value(self.fields, "start"), value(self.fields, "timezone")
        if local is None or zone is None:
            return None
        return Wall(local=datetime.fromisoformat(str(local)), zone=str(zone))

    @property
    def cancel_reason(self) -> CancelReason | None:
        """Why it was cancelled, if that was said."""
        held = value(self.fields, "reason")
        return CancelReason(str(held)) if held is not None else None

    @property
    def done(self) -> bool | None:
        """Whether the injection was given; None when unknown."""
        held = value(self.fields, "procedure.done")
        return None if held is None else bool(held)

    @property
    def injectate(self) -> str | None:
        """`steroid`, `none`, or None when unknown."""
        held = value(self.fields, "procedure.injectate")
        return None if held is None else str(held)

    @property
    def pathway(self) -> str | None:
        """The pathway that intake mapped the visit's type to."""
        held = value(self.fields, "pathway")
        return None if held is None else str(held)

    @property
    def location(self) -> str | None:
        """The clinic's id of the place."""
        held = value(self.fields, "location")
        return None if held is None else str(held)

    @property
    def led_by_another(self) -> bool:
        """Whether an earlier standing visit of the same day carries the texts."""
        if self.start is None:
            return False
        mine = (self.start.instant, self.id)
        return any(other.status in STANDING and (other.start, other.id) < mine for other in self.same_day)
