"""What Appointment.status and its cancellation reason mean in the canonical event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sms_service.domain.event import CancelReason, EventType
from sms_service.intake.fhir.datatypes import Concept


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """The canonical type and status of one FHIR status."""

    type: EventType
    status: str
    reason: CancelReason | None = None


#: http://hl7.org/fhir/appointmentstatus, R4 to R5. A pending visit is news, and no booking.
MEANINGS: Mapping[str, Meaning] = {
    "proposed": Meaning(type=EventType.UPDATED, status="proposed"),
    "pending": Meaning(type=EventType.UPDATED, status="pending"),
    "waitlist": Meaning(type=EventType.UPDATED, status="waitlist"),
    "booked": Meaning(type=EventType.BOOKED, status="booked"),
    "arrived": Meaning(type=EventType.ARRIVED, status="arrived"),
    "checked-in": Meaning(type=EventType.ARRIVED, status="arrived"),
    "fulfilled": Meaning(type=EventType.COMPLETED, status="completed"),
    "noshow": Meaning(type=EventType.NO_SHOW, status="no_show"),
    "cancelled": Meaning(type=EventType.CANCELLED, status="cancelled"),
    "entered-in-error": Meaning(
        type=EventType.CANCELLED, status="cancelled", reason=CancelReason.ENTERED_IN_ERROR
    ),
}

_REASON_SYSTEM = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"
_REASONS = {"pat": CancelReason.PATIENT, "prov": CancelReason.CLINIC}


def meaning(status: str) -> Meaning:
    """The meaning of a status; an unknown word is passed on for `read_event` to refuse."""
    word = status.strip().casefold()
    return MEANINGS.get(word) or Meaning(type=EventType.UPDATED, status=status.strip())


def cancel_reason(said: Concept | None) -> CancelReason | None:
    """Who cancelled, where HL7's own code says so; another code system or mere words say nothing certain."""
    for coding in (said.coding or ()) if said else ():
        if coding.system != _REASON_SYSTEM or not coding.code:
            continue
        if coding.code == "pat-dec":
            return CancelReason.DECEASED
        found = _REASONS.get(coding.code.partition("-")[0])
        if found is not None:
            return found
    return None
