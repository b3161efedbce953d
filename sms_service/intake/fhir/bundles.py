"""A Bundle's entries: the resources it holds, what it says was deleted, and what it only names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sms_service.domain.event import CancelReason, EventType
from sms_service.intake.fhir.contents import Held, hold
from sms_service.intake.fhir.context import problem
from sms_service.intake.fhir.events import NO_ID, event
from sms_service.intake.fhir.identity import named
from sms_service.intake.fhir.periods import instant
from sms_service.intake.fhir.references import Target, target
from sms_service.intake.fhir.resources import Entry
from sms_service.intake.fhir.tolerant import tell
from sms_service.intake.problems import Code, Problem
from sms_service.intake.profile import Profile
from sms_service.intake.reading import Reading

#: Types that this door reads; others in a bundle serve only for the names in them.
READ = frozenset({"Appointment", "Patient"})
_NULL = b"null"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """The entries by what can be done with them; `named` are targets without a resource."""

    held: list[Held] = field(default_factory=list)
    named: list[Target] = field(default_factory=list)
    deleted: list[Reading] = field(default_factory=list)


def sort_entries(entries: Iterable[Entry], profile: Profile, problems: list[Problem]) -> Sorted:
    """Sort the entries; what is no resource at all is a problem of the bundle."""
    found = Sorted()
    for index, entry in enumerate(entries):
        if entry.request is not None and (entry.request.method or "").strip().upper() == "DELETE":
            about = _about(entry)
            gone = _deletion(entry, about, profile)
            if gone is not None:
                found.deleted.append(gone)
            elif about is not None:
                found.named.append(about)  # the server answers 410, or with what came after
        elif _is_empty(entry):
            about = _about(entry)
            found.named.extend([about] if about is not None else [])
        else:
            held = hold(entry.resource, entry)
            if held.type in {None, "Bundle"}:
                tell(f"Bundle.entry[{index}].resource", problems, "is no resource, or a Bundle in a Bundle")
            else:
                found.held.append(held)
    return found


def _about(entry: Entry) -> Target | None:
    """What an entry is about by its URLs; None when that is nothing that this door reads."""
    by_url = target(entry.full_url)
    asked = target(entry.request.url, by_url.base if by_url else "") if entry.request else None
    found = by_url or asked
    return found if found is not None and found.type in READ else None


def _is_empty(entry: Entry) -> bool:
    return len(entry.resource) == 0 or (len(entry.resource) == len(_NULL) and bytes(entry.resource) == _NULL)


def _deletion(entry: Entry, about: Target | None, profile: Profile) -> Reading | None:
    """A deleted appointment was entered in error, as HL7 v2 has it (S17).

    None without the instant of the deletion: what was created anew since would be called off with it.
    """
    at = instant(entry.response.last_modified) if entry.response else None
    if about is None or about.type != "Appointment" or at is None:
        return None
    name = named(about, profile.fhir) if profile.fhir.appointment_system is None else None
    problems = () if name else (problem(Code.FIELD_MISSING, "data.appointment.id", NO_ID),)
    facts = {"status": "cancelled", "reason": CancelReason.ENTERED_IN_ERROR.value}
    data = {"appointment": ({"id": name} if name else {}) | facts}
    return Reading(event=event(profile, EventType.CANCELLED, data, at, test=False), problems=problems)
