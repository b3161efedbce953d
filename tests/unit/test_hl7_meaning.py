"""What a scheduling message means: triggers, statuses and reasons, in combinations that somebody sends."""

from __future__ import annotations

import pytest

from sms_service.domain.event import CancelReason, EventType, Status
from sms_service.intake.hl7.meaning import meaning_of
from sms_service.intake.hl7.message import parse
from sms_service.intake.profile import Profile

E, S = EventType, Status


def message(status="", reason="", services=()):
    lines = ["MSH|^~\\&|A|B|C|D|20261120||SIU|1|P|2.3", f"SCH|1|2||||{reason}{'|' * 19}{status}"]
    lines += [f"AIS|{n}|{action}|TPI|||||||{word}" for n, (action, word) in enumerate(services, 1)]
    return parse("\r".join(lines).encode())


@pytest.mark.parametrize(
    ("trigger", "status", "reason", "kind", "state", "why"),
    [
        ("S12", "", "", E.BOOKED, S.BOOKED, None),
        ("S12", "Booked", "", E.BOOKED, S.BOOKED, None),
        ("S12", "Sch", "", E.BOOKED, S.BOOKED, None),
        ("S12", "Pending", "", E.BOOKED, S.PROPOSED, None),
        ("S12", "Complete", "", E.COMPLETED, S.COMPLETED, None),
        ("S13", "", "", E.RESCHEDULED, S.BOOKED, None),
        ("S13", "Rescheduled", "", E.RESCHEDULED, S.BOOKED, None),
        ("S13", "Cancelled", "", E.CANCELLED, S.CANCELLED, None),
        ("S13", "", "^Undo Cancel", E.RESCHEDULED, S.BOOKED, None),
        ("S13", "Cancelled", "UNDO CANCEL", E.RESCHEDULED, S.BOOKED, None),
        ("S14", "", "", E.UPDATED, None, None),
        ("S14", "Rescheduled", "", E.UPDATED, None, None),
        ("S14", "Confirmed", "", E.UPDATED, S.BOOKED, None),
        ("S14", "ARRIVED", "", E.ARRIVED, S.ARRIVED, None),
        ("S14", "Started", "", E.ARRIVED, S.ARRIVED, None),
        ("S14", "Complete^Completed", "", E.COMPLETED, S.COMPLETED, None),
        ("S14", "7^No Show", "", E.NO_SHOW, S.NO_SHOW, None),
        ("S14", "Deleted", "", E.CANCELLED, S.CANCELLED, CancelReason.ENTERED_IN_ERROR),
        ("S15", "", "", E.CANCELLED, S.CANCELLED, None),
        ("S15", "Booked", "", E.CANCELLED, S.CANCELLED, None),
        ("S15", "Arrived", "", E.CANCELLED, S.CANCELLED, None),
        ("S15", "NOSHOW", "", E.NO_SHOW, S.NO_SHOW, None),
        ("S15", "Cancelled", "^No-Show", E.NO_SHOW, S.NO_SHOW, None),
        ("S15", "Cancelled", "PATIENT", E.CANCELLED, S.CANCELLED, CancelReason.PATIENT),
        ("S15", "", "X^Provider cancelled", E.CANCELLED, S.CANCELLED, CancelReason.CLINIC),
        ("S15", "", "Deceased", E.CANCELLED, S.CANCELLED, CancelReason.DECEASED),
        ("S16", "", "", E.CANCELLED, S.CANCELLED, CancelReason.CLINIC),
        ("S16", "", "Patient request", E.CANCELLED, S.CANCELLED, CancelReason.PATIENT),
        ("S17", "", "", E.CANCELLED, S.CANCELLED, CancelReason.ENTERED_IN_ERROR),
        ("S17", "Booked", "", E.CANCELLED, S.CANCELLED, CancelReason.ENTERED_IN_ERROR),
        ("S26", "", "", E.NO_SHOW, S.NO_SHOW, None),
        ("S26", "Booked", "", E.NO_SHOW, S.NO_SHOW, None),
        ("S26", "Cancelled", "", E.CANCELLED, S.CANCELLED, None),
        ("S19", "", "", E.UPDATED, None, None),
    ],
)
def test_the_status_says_more_than_the_trigger(trigger, status, reason, kind, state, why):
    meaning = meaning_of(message(status, reason), trigger, Profile())
    assert (meaning.type, meaning.status, meaning.reason, meaning.unmapped) == (kind, state, why, None)


@pytest.mark.parametrize(
    ("label", "services", "state", "unmapped"),
    [
        ("one", [("A", "Noshow")], S.NO_SHOW, None),
        ("two that agree", [("", "Noshow"), ("", "No show")], S.NO_SHOW, None),
        ("one of two is cancelled", [("", "Cancelled"), ("", "Booked")], None, "AIS-10"),
        ("a service that was taken away", [("D", "Cancelled"), ("A", "Booked")], S.BOOKED, None),
        ("a word nobody knows", [("", "Bumped2")], None, "AIS-10"),
        ("a word that says nothing", [("", "Modified")], None, None),
    ],
)
def test_the_services_speak_only_where_the_visit_says_nothing(label, services, state, unmapped):
    meaning = meaning_of(message(services=services), "S14", Profile())
    assert (meaning.status, meaning.unmapped) == (state, unmapped), label


def test_a_profile_adds_words_and_overrules_ours():
    profile = Profile(status_words={"roomed": "arrived", "confirmed": "proposed"})
    assert meaning_of(message("Roomed"), "S14", profile).status is S.ARRIVED
    assert meaning_of(message("Confirmed"), "S14", profile).status is S.PROPOSED
