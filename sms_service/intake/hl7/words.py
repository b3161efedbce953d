"""The words of SCH-25, AIS-10 and SCH-6: HL7 tables 0278 and what sites write instead."""

from __future__ import annotations

from sms_service.domain.event import CancelReason, Status

#: What a status can be, as a profile says it too.
STATUSES: dict[str, tuple[Status, CancelReason | None]] = {
    **{status.value: (status, None) for status in Status},
    "entered_in_error": (Status.CANCELLED, CancelReason.ENTERED_IN_ERROR),
}
#: HL7 table 0278 to FHIR as HL7's own mapping guide has it (Started is checked in), then the words of sites.
_WORDS = {
    "proposed": "pending waitlist waitlisted waiting blocked proposed tentative requested",
    "booked": "booked overbook overbooked scheduled sch sched confirmed conf",
    "arrived": "started arrived checkedin checkin inprogress",
    "completed": "complete completed fulfilled checkedout checkout",
    "cancelled": "cancelled canceled cancel canc dc discontinued",
    "no_show": "noshow noshowed dna didnotattend didnotarrive",
    "entered_in_error": "deleted enteredinerror",
}
STATUS_WORDS = {word: STATUSES[name] for name, words in _WORDS.items() for word in words.split()}
#: Known words that say no more than the trigger does.
SILENT_WORDS = frozenset({"rescheduled", "modified", "updated", "changed", "new"})
#: Reasons of an event that take a cancellation back.
UNDO_WORDS = frozenset({"undocancel", "undocancellation", "uncancel", "reinstate", "reinstated"})
_REASONS = {
    CancelReason.PATIENT: "patient patientcancelled patientcanceled cancelledbypatient canceledbypatient"
    " ptcancelled ptcanceled patientrequest patientrequested",
    CancelReason.CLINIC: "provider clinic clinician office hospital providercancelled providercanceled"
    " cancelledbyprovider canceledbyprovider cancelledbyclinic canceledbyclinic provideroutofoffice"
    " providerunavailable",
    CancelReason.DECEASED: "deceased patientdeceased died patientdied",
    CancelReason.ENTERED_IN_ERROR: "enteredinerror scheduledinerror bookedinerror",
}
REASON_WORDS = {word: reason for reason, words in _REASONS.items() for word in words.split()}


def plain(written: str) -> str:
    """A word without case, spaces and punctuation: `No-Show`, `NO SHOW` and `Noshow` are one."""
    return "".join(character for character in written.casefold() if character.isalnum())
