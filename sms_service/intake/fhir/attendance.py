"""Who takes part in a visit: the patient, the practitioner, the place."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from sms_service.intake.fhir.contents import Contents, Held
from sms_service.intake.fhir.datatypes import Reference
from sms_service.intake.fhir.names import full_name
from sms_service.intake.fhir.references import Target, target
from sms_service.intake.fhir.resources import Appointment, Location, Participant, Practitioner
from sms_service.intake.fhir.tolerant import read

#: Only their names are of use, so a reference that has one need not be followed.
_NAMED = frozenset({"Location", "Practitioner", "PractitionerRole"})
#: v3-ParticipationType: attender and primary performer are who the patient comes to see.
_SEEN = frozenset({"ATND", "PPRF"})


class Attendant(Struct, frozen=True, kw_only=True):
    """One participant: what it is, where its reference leads, and its resource if the body has it."""

    type: str | None
    reference: Reference
    target: Target | None
    held: Held | None
    seen: bool = False


def attendants(visit: Appointment, near: Held, body: Contents) -> list[Attendant]:
    """The participants in their order; a reference without any type is of no use to anybody here."""
    base = near.target.base if near.target else ""
    return [
        _attendant(participant.actor, base, visit, body, seen=_is_seen(participant))
        for participant in visit.participant or ()
        if participant.actor is not None
    ]


def patients(visit: Appointment, present: list[Attendant], near: Held, body: Contents) -> list[Attendant]:
    """The different patients of a visit: its participants, else R5's subject."""
    found = [each for each in present if each.type == "Patient"]
    if not found and visit.subject is not None:
        base = near.target.base if near.target else ""
        subject = _attendant(visit.subject, base, visit, body)
        found = [subject] if subject.type == "Patient" else []
    return list({_key(each): each for each in found}.values()) if len(found) > 1 else found


def place(present: list[Attendant]) -> str | None:
    """The first place, by the words of the reference, else by its name, else by its id."""
    for each in present:
        if each.type == "Location":
            named = read(each.held.raw, Location, []).name if each.held else None
            return _first(each.reference.display, named, each.target.id if each.target else None)
    return None


def provider(present: list[Attendant]) -> str | None:
    """Who sees the patient, else the first practitioner who has a name."""
    found = [each for each in present if each.type in {"Practitioner", "PractitionerRole"}]
    for each in sorted(found, key=lambda each: not each.seen):
        words = _first(each.reference.display, _name(each.held))
        if words is not None:
            return words
    return None


def _attendant(
    actor: Reference, base: str, visit: Appointment, body: Contents, *, seen: bool = False
) -> Attendant:
    said = (actor.reference or "").strip()
    leads_to = target(said, base)
    needed = leads_to is None or leads_to.type not in _NAMED or not actor.display
    held = body.find(said, leads_to, visit.contained) if said and needed else None
    kind = (held.type if held else None) or (leads_to.type if leads_to else None) or actor.type
    return Attendant(type=kind, reference=actor, target=leads_to, held=held, seen=seen)


def _is_seen(participant: Participant) -> bool:
    codes = (coding.code for concept in participant.type or () for coding in concept.coding or ())
    return any(code in _SEEN for code in codes)


def _key(each: Attendant) -> object:
    """The same for two references to one patient."""
    if each.held is not None and not each.held.contained:
        return id(each.held)
    said = each.reference
    identifier = (said.identifier.system, said.identifier.value) if said.identifier else None
    return each.target.key if each.target else (said.reference, identifier)


def _name(held: Held | None) -> str | None:
    if held is None or held.type != "Practitioner":
        return None
    return full_name(read(held.raw, Practitioner, []).name or ())


def _first(*said: str | None) -> str | None:
    return next(_stripped(said), None)


def _stripped(said: tuple[str | None, ...]) -> Iterator[str]:
    return (words.strip() for words in said if words and words.strip())
