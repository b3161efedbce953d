"""Which message of ours was a text that the provider remembers? Its words choose among what can be meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa

from sms_service.content.dates import write_date, write_times
from sms_service.content.recognise import Recognised
from sms_service.domain.pathway import Pathway, Step
from sms_service.domain.people import Clinic
from sms_service.store.keyring import KeyRing
from sms_service.store.recall import Candidate, add_left_out, called, candidates, queued_answer
from sms_service.store.tenants import load_clinic

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Whose texts these can be: the sender, the number's hash, (clinic, patient) of all who have it there."""

    sender_id: int
    phone_index: bytes
    people: Sequence[tuple[int, int]]

    @property
    def clinics(self) -> list[int]:
        """Their clinics, each once."""
        return sorted({clinic for clinic, _ in self.people})

    @property
    def patients(self) -> list[int]:
        """The patients, in the order in which they are locked."""
        return sorted(patient for _, patient in self.people)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """The message that a text was, as what it was recognised, and the start it told, if that is known."""

    message_id: int
    found: Recognised
    told: datetime | None


def which_message(
    connection: sa.Connection, keys: KeyRing, place: Place, readings: Sequence[Recognised], now: datetime
) -> Meant | None:
    """The message, made where no plan asked for it; None when no visit or reply here calls for such a text.

    The patients are locked and their clinics in scope. Where several can be meant, the clinic that the words
    name decides, then the first name in front, then date and time; then whose turn it was.
    """
    people = _people(connection, keys, place, readings)
    for found in readings:
        if found.pathway is None or found.step is None:
            answer = queued_answer(connection, people, found.variant.id)
            if answer is not None:
                return Meant(message_id=answer, found=found, told=None)
        else:
            meant = _of_a_visit(connection, place, people, found, found.pathway, found.step, now)
            if meant is not None:
                return meant
    return None


def _people(
    connection: sa.Connection, keys: KeyRing, place: Place, readings: Sequence[Recognised]
) -> list[int]:
    """The patients who can be meant: by clinic first, then by the name in front."""
    clinics = {clinic_id: load_clinic(connection, clinic_id) for clinic_id in place.clinics}
    found = readings[0]
    meant = _rather(place.people, lambda person: _speaks(found, clinics[person[0]]))
    patients = sorted(patient for _, patient in meant)
    if found.addressee is not None and len(patients) > 1:
        named = called(connection, keys, patients, found.addressee)
        return named or patients
    return patients


def _speaks(found: Recognised, clinic: Clinic) -> bool:
    """Whether nothing in the words is another clinic's."""
    own = {"clinic": clinic.name, "program": clinic.program, "phone": clinic.phone}
    return all(found.says(said) for fact, said in own.items() if fact in found.facts)


def _of_a_visit(
    connection: sa.Connection,
    place: Place,
    people: Sequence[int],
    found: Recognised,
    pathway: Pathway,
    step: Step,
    now: datetime,
) -> Meant | None:
    carried = [merged for merged in found.variant.merges if not pathway.step(merged).repeatable]
    known = candidates(connection, people, pathway.id, step, carried, now)
    named = [one for one in known if _names(one, found)]
    fits = [one for one in named or known if one.message_id or step.repeatable or not one.occasion]
    if not fits:
        return None
    likely = [one for one in fits if one.unlikely == fits[0].unlikely]
    # a message that merges others was not sent in words that do not carry them
    chosen = _rather(likely, lambda one: found.variant.merges.issuperset(one.merged or ()))[0]
    # a text that names another start told something that this visit's start is not any more
    told = chosen.told if chosen in named or found.variant.tells is None else None
    message_id = chosen.message_id or add_left_out(
        connection,
        chosen,
        pathway=pathway.id,
        step=step,
        sender_id=place.sender_id,
        phone_index=place.phone_index,
        now=now,
    )
    return Meant(message_id=message_id, found=found, told=told)


def _names(candidate: Candidate, found: Recognised) -> bool:
    """Whether the text names this visit's date and time; visits of one day share a text with both times."""
    if candidate.start is None or "date" not in found.facts:
        return False
    start = datetime.fromisoformat(candidate.start)
    written = (write_date(start.date(), found.language), write_times((start.time(),), found.language))
    return all(map(found.says, written))


def _rather(some: Sequence[_T], wanted: Callable[[_T], bool]) -> Sequence[_T]:
    """Those that are wanted; all where none is."""
    return [one for one in some if wanted(one)] or some
