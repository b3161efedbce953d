"""What an answer to one of our questions changes, and which text echoes it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from sms_service.domain.pathway import Question
from sms_service.domain.people import Clinic
from sms_service.domain.planned import TaskKind
from sms_service.store.appointments import confirm, start_of
from sms_service.store.replies import OpenQuestion, answered
from sms_service.store.tasks import add_task

_COMING, _CHANGE = 1, 2
_YES = 2
_WORRIED = 3
_STRONG_PAIN = 8


def take_answer(
    connection: sa.Connection, clinic: Clinic, asked: OpenQuestion, answer: int, reply_id: int, now: datetime
) -> str:
    """Write the answer, ask a person where one is needed, and return the id of the text that echoes it."""
    answered(connection, asked.message_id, answer)
    task = _task(asked.question, answer)
    if task is not None:
        _ask(connection, clinic, asked, task, reply_id, now)
    if asked.question is Question.CONFIRM and answer == _COMING and asked.appointment_id is not None:
        if asked.told is None or asked.told != start_of(connection, asked.appointment_id):
            # they said yes to a time that has moved since: the echo promises that a person reads it
            _ask(connection, clinic, asked, TaskKind.READ_REPLY, reply_id, now)
            return "ambiguous"
        confirm(connection, asked.appointment_id, asked.told)
    if asked.question is Question.PAIN:
        return "pain_high" if answer >= _STRONG_PAIN else "pain_noted"
    return f"{asked.question}_{answer}"


def _ask(
    connection: sa.Connection,
    clinic: Clinic,
    asked: OpenQuestion,
    kind: TaskKind,
    reply_id: int,
    now: datetime,
) -> None:
    add_task(
        connection,
        clinic_id=clinic.id,
        kind=kind,
        cause="reply",
        cause_id=reply_id,
        due=now,
        patient_id=asked.patient_id,
        appointment_id=asked.appointment_id,
    )


def _task(question: Question, answer: int) -> TaskKind | None:
    match question:
        case Question.SAFETY if answer == _YES:
            return TaskKind.SAFETY_YES
        case Question.CONFIRM if answer == _CHANGE:
            return TaskKind.CHANGE_WANTED
        case Question.CHECK_IN if answer == _WORRIED:
            return TaskKind.WORRIED
        case Question.PAIN if answer >= _STRONG_PAIN:
            return TaskKind.WORRIED
    return None
