"""Act on what a patient texted: stop, start, help, language, an answer - or hand it to a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from sms_service.content.writing import language_of
from sms_service.domain.answers import QUESTION_LIVES, unplaced
from sms_service.domain.event import Stamp
from sms_service.domain.people import Clinic
from sms_service.domain.understand import Intent, Understanding, understand
from sms_service.store.blocks import block, is_suppressed, lift, suppress, unblock
from sms_service.store.clock import patient_now
from sms_service.store.database import again_on_deadlock
from sms_service.store.patients import PatientRow, lock_patient_by_id, write_patient
from sms_service.store.replies import (
    OpenQuestion,
    add_reply,
    is_stored,
    keep_unrouted,
    open_question,
    queue_answer,
    recent_answers,
    sender_of,
    whose,
)
from sms_service.store.tasks import add_task
from sms_service.store.tenants import load_clinic
from sms_service.use_cases.answers import take_answer
from sms_service.use_cases.replan import replan
from sms_service.use_cases.service import Service

_ANSWER_USEFUL = timedelta(minutes=30)
_CONFIRMATION_USEFUL = timedelta(
    minutes=5
)  # TCPA, 47 CFR 64.1200(a)(12): one confirmation within five minutes
_ANSWERS_PER_HOUR = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """A text that reached one of our senders. `addresses` are the number and messaging service it came in on.

    `provider_confirmed` says that the provider already answered STOP and blocks the number itself.
    """

    sid: str
    phone: str = field(repr=False)
    addresses: tuple[str, ...]
    body: str = field(repr=False)
    provider_confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """A reply stored and understood, with all that acting on it needs."""

    clinic: Clinic
    patient: PatientRow
    reply_id: int
    phone_index: bytes
    phones: Sequence[bytes]
    """Every hash the number may be known under."""
    sender_id: int
    now: datetime
    blocked: bool
    """The provider confirmed the opt-out and blocks the number itself."""
    silent: bool


@again_on_deadlock
def reply(service: Service, inbound: Inbound) -> str:
    """Store a reply, act on it and queue its answer in one transaction; the intent found, or why none."""
    phones = service.keys.phone_indexes(inbound.phone)
    with service.db.transaction() as connection:
        sender = sender_of(connection, inbound.addresses)
        people = whose(connection, sender[0], phones) if sender else []
        if sender is None or not people:
            keep_unrouted(connection, inbound.sid, sender[0] if sender else None, phones[0])
            if sender and _read(service, inbound, "en", None).intents == (Intent.OPT_OUT,):
                block(connection, sender[0], phones[0], "opted_out", patient_now(connection))
            return "unrouted"
    with service.db.transaction({clinic for clinic, _ in people}) as connection:
        return _act(service, connection, inbound, sender, people, phones)


def _act(
    service: Service,
    connection: sa.Connection,
    inbound: Inbound,
    sender: tuple[int, str],
    people: Sequence[tuple[int, int]],
    phones: Sequence[bytes],
) -> str:
    now = patient_now(connection)
    locked = {
        patient: lock_patient_by_id(connection, service.keys, patient)
        for patient in sorted(p for _, p in people)
    }
    if is_stored(connection, inbound.sid):
        return "repeated"
    asked = open_question(connection, sender[0], phones, list(locked), now - QUESTION_LIVES)
    clinic_id, patient_id = (asked.clinic_id, asked.patient_id) if asked else people[0]
    patient, clinic = locked[patient_id], load_clinic(connection, clinic_id)
    phone_index = patient.phone_index or phones[0]  # while the index key rotates, the one it is stored under
    meaning = _read(service, inbound, language_of(patient.language, clinic), asked)
    reply_id = add_reply(
        connection,
        clinic_id=clinic_id,
        sender_id=sender[0],
        patient_id=patient_id,
        phone_index=phone_index,
        sid=inbound.sid,
        body=patient.box.seal(inbound.body),
        intents=[intent.value for intent in meaning.intents],
        answer=meaning.answer,
        message_id=asked.message_id if asked and meaning.answer is not None else None,
        now=now,
    )
    if reply_id is None:
        return "repeated"
    blocked = inbound.provider_confirmed or (sender[1] == "provider" and meaning.intents[0] is Intent.OPT_OUT)
    told = _Told(
        clinic=clinic,
        patient=patient,
        reply_id=reply_id,
        phone_index=phone_index,
        phones=phones,
        sender_id=sender[0],
        now=now,
        blocked=blocked,
        silent=blocked
        or recent_answers(connection, patient_id, now - timedelta(hours=1)) >= _ANSWERS_PER_HOUR,
    )
    match meaning.intents[0]:
        case Intent.OPT_OUT:
            _opt_out(service, connection, told, people, locked)
        case Intent.OPT_IN:
            _opt_in(service, connection, told, people, locked)
        case Intent.HELP:
            _answer(connection, told, "help", "help")
        case Intent.LANGUAGE:
            stamp = Stamp(at=now, hash="patient")
            write_patient(connection, service.keys, patient, {"language_chosen": meaning.language}, stamp)
            _answer(connection, told, "answer", "language_changed")
        case Intent.ANSWER if asked is not None and meaning.answer is not None:
            text = take_answer(connection, clinic, asked, meaning.answer, reply_id, now)
            _answer(connection, told, "answer", text, asked.appointment_id, meaning.answer)
            replan(service, connection, clinic, patient, now)
        case _:
            _to_a_person(connection, told, asked)
    return meaning.intents[0].value


def _read(service: Service, inbound: Inbound, language: str, asked: OpenQuestion | None) -> Understanding:
    if inbound.provider_confirmed:  # by whatever word: no text of ours would reach them
        return Understanding(intents=(Intent.OPT_OUT,))
    keywords = service.library.keywords.get(language) or service.library.keywords["en"]
    return understand(inbound.body, keywords, asked.question if asked else None)


def _opt_out(
    service: Service,
    connection: sa.Connection,
    told: _Told,
    people: Sequence[tuple[int, int]],
    locked: dict[int, PatientRow],
) -> None:
    """Stop every clinic that texts this number from this sender; one confirmation, and nothing after it."""
    known = is_suppressed(connection, told.clinic.id, told.phone_index)
    for clinic_id, patient_id in people:
        phone_index = locked[patient_id].phone_index or told.phone_index
        suppress(connection, clinic_id, phone_index, "reply", told.now)
        if told.blocked:
            block(connection, told.sender_id, phone_index, "opted_out", told.now)
        replan(service, connection, load_clinic(connection, clinic_id), locked[patient_id], told.now)
    if not known:
        _answer(connection, told, "opt_out", "opt_out", useful_for=_CONFIRMATION_USEFUL)


def _opt_in(
    service: Service,
    connection: sa.Connection,
    told: _Told,
    people: Sequence[tuple[int, int]],
    locked: dict[int, PatientRow],
) -> None:
    for clinic_id, patient_id in people:
        for phone_index in told.phones:
            unblock(connection, told.sender_id, phone_index)
            lift(connection, clinic_id, phone_index, told.now)
        replan(service, connection, load_clinic(connection, clinic_id), locked[patient_id], told.now)
    _answer(connection, told, "opt_in", "opt_in")


def _to_a_person(connection: sa.Connection, told: _Told, asked: OpenQuestion | None) -> None:
    """No rule knows what was meant: staff read it, and the patient hears so."""
    add_task(
        connection,
        clinic_id=told.clinic.id,
        kind="read_reply",
        cause="reply",
        cause_id=told.reply_id,
        due=told.now,
        patient_id=told.patient.id,
        appointment_id=asked.appointment_id if asked else None,
    )
    _answer(connection, told, "answer", unplaced(told.clinic, told.now))


def _answer(
    connection: sa.Connection,
    told: _Told,
    step: str,
    text: str,
    appointment_id: int | None = None,
    answer: int | None = None,
    useful_for: timedelta = _ANSWER_USEFUL,
) -> None:
    if told.silent:
        return
    queue_answer(
        connection,
        clinic_id=told.clinic.id,
        sender_id=told.sender_id,
        patient_id=told.patient.id,
        appointment_id=appointment_id,
        phone_index=told.phone_index,
        reply_id=told.reply_id,
        step=step,
        text=text,
        answer=answer,
        now=told.now,
        useful_for=useful_for,
    )
