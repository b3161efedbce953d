"""The canonical event (design: CloudEvents 1.0 JSON), as typed values.

An absent field means unchanged and is simply not in `fields`; `None` in `fields` means clear.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EventType(StrEnum):
    """The canonical types; what an event means comes from the state it leads to, not from this name."""

    BOOKED = "clinic.appointment.booked.v1"
    RESCHEDULED = "clinic.appointment.rescheduled.v1"
    UPDATED = "clinic.appointment.updated.v1"
    CANCELLED = "clinic.appointment.cancelled.v1"
    NO_SHOW = "clinic.appointment.no_show.v1"
    ARRIVED = "clinic.appointment.arrived.v1"
    COMPLETED = "clinic.appointment.completed.v1"
    PATIENT_UPDATED = "clinic.patient.updated.v1"


class Status(StrEnum):
    """Where a visit stands (FHIR Appointment.status, in our fewer words)."""

    PROPOSED = "proposed"  # proposed, pending and waitlisted visits get no texts
    BOOKED = "booked"
    ARRIVED = "arrived"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"


#: Inside one event the more telling word wins; a visit only proposed is not made firm by the event's name.
PRECEDENCE = (
    Status.NO_SHOW,
    Status.CANCELLED,
    Status.COMPLETED,
    Status.ARRIVED,
    Status.PROPOSED,
    Status.BOOKED,
)

type_status: Mapping[EventType, Status] = {
    EventType.BOOKED: Status.BOOKED,
    EventType.RESCHEDULED: Status.BOOKED,
    EventType.CANCELLED: Status.CANCELLED,
    EventType.NO_SHOW: Status.NO_SHOW,
    EventType.ARRIVED: Status.ARRIVED,
    EventType.COMPLETED: Status.COMPLETED,
}


class CancelReason(StrEnum):
    """Why a visit was cancelled, where the clinic says so."""

    PATIENT = "patient"
    CLINIC = "clinic"
    ENTERED_IN_ERROR = "entered_in_error"
    DECEASED = "deceased"


Value = str | int | bool | None


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Stamp:
    """Which event wrote a field: the version's instant, then the event's canonical hash (hex)."""

    at: datetime
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing a clinic's system said about one visit and its patient.

    `appointment` and `patient` hold only what the event mentions, in plain JSON values: instants and wall
    times as ISO 8601 text. `at` is when it was said (UTC).
    """

    id: str
    source: str
    type: EventType
    appointment_id: str | None
    patient_id: str | None
    at: datetime
    stamp: Stamp
    appointment: Mapping[str, Value]
    patient: Mapping[str, Value]
    test: bool = False
