"""Everything one plan is made from, gathered once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sms_service.domain.appointment import STANDING, Appointment
from sms_service.domain.event import Status
from sms_service.domain.instants import Wall
from sms_service.domain.pathway import Anchor, Pathway, Step
from sms_service.domain.people import Clinic, Patient
from sms_service.domain.place import Moments
from sms_service.domain.planned import Planned, left_out
from sms_service.domain.reasons import Reason
from sms_service.domain.told import Already, Told, chain, next_occasion, told

BEFORE_VISIT = frozenset({Anchor.BOOKED, Anchor.START})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A visit that may be texted about, with its start known."""

    appointment: Appointment
    pathway: Pathway
    clinic: Clinic
    patient: Patient
    already: Sequence[Already]
    now: datetime
    start: Wall
    moments: Moments
    told: Told

    @property
    def chain(self) -> list[Already]:
        """The texts of this visit's story so far."""
        return chain(self.already)

    def sent(self, step: str) -> bool:
        """Whether any text of this story carried the step."""
        return any(text.carries(step) for text in self.chain)

    @property
    def ahead(self) -> bool:
        """Whether the visit has not begun, so that phoning about it still helps."""
        return self.now < self.start.instant

    def gone(self, step: str, since: datetime) -> bool:
        """Whether a text carried the step at or after an instant, delivered or not."""
        return any(text.carries(step) and text.at >= since for text in self.chain)

    def occasion(self, step: Step) -> int:
        """The occasion under which the step would go now."""
        return next_occasion(self.already, step.id) if step.repeatable else 0

    def leave(self, reason: Reason, steps: Sequence[Step]) -> list[Planned]:
        """Leave every one of the steps out that has not gone already."""
        return [
            left_out(step, reason, occasion=self.occasion(step)) for step in steps if not self.sent(step.id)
        ]

    @property
    def before_visit(self) -> list[Step]:
        """The steps before a visit, in order."""
        return [step for step in self.pathway.steps if step.anchor in BEFORE_VISIT]

    @property
    def after_visit(self) -> list[Step]:
        """The steps after a completed visit, in order."""
        return [step for step in self.pathway.steps if step.anchor is Anchor.COMPLETED]


def gather(
    appointment: Appointment,
    pathway: Pathway,
    clinic: Clinic,
    patient: Patient,
    already: Sequence[Already],
    now: datetime,
    start: Wall,
) -> Case:
    """The case with the instants its steps count from."""
    moments = {
        Anchor.START: start.instant,
        Anchor.NO_SHOW: start.instant,
        Anchor.BOOKED: appointment.booked_at,
        Anchor.MOVED: appointment.moved_at or _took_over(appointment, already),
        Anchor.CANCELLED: appointment.ended_at,
        Anchor.COMPLETED: _last_completed(appointment),
    }
    anchors = {anchor: moment for anchor, moment in moments.items() if moment is not None}
    return Case(
        appointment=appointment,
        pathway=pathway,
        clinic=clinic,
        patient=patient,
        already=already,
        now=now,
        start=start,
        moments=Moments(
            anchors=anchors, zone=start.zone, hours=clinic.hours, patient_zone=patient.zone or clinic.zone
        ),
        told=told(already),
    )


def _took_over(appointment: Appointment, already: Sequence[Already]) -> datetime | None:
    """For its patient a visit booked in another's place is that one moved, at the booking."""
    if any(other.status in STANDING for other in appointment.same_day):
        return None
    booked = appointment.booked_at
    told_before = any(not text.own and booked is not None and text.at <= booked for text in chain(already))
    return booked if told_before else None


def _last_completed(appointment: Appointment) -> datetime | None:
    """Aftercare follows the last completed visit of the day."""
    moments = [
        other.completed_at
        for other in appointment.same_day
        if other.status is Status.COMPLETED and other.completed_at
    ]
    if appointment.completed_at:
        moments.append(appointment.completed_at)
    return max(moments, default=None)
