"""Write down an answer to one of our questions, with the work it makes."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from sms_service.domain.answers import echo
from sms_service.domain.people import Clinic
from sms_service.store.appointments import confirm, start_of
from sms_service.store.replies import OpenQuestion, answered
from sms_service.store.tasks import add_task


def take_answer(
    connection: sa.Connection, clinic: Clinic, asked: OpenQuestion, answer: int, reply_id: int, now: datetime
) -> str:
    """Write the answer, ask a person where one is needed, and return the id of the text that echoes it."""
    answered(connection, asked.message_id, answer)
    stands = asked.appointment_id is None or (
        asked.told is not None and asked.told == start_of(connection, asked.appointment_id)
    )
    follows = echo(asked.question, answer, visit_stands=stands)
    if follows.task is not None:
        add_task(
            connection,
            clinic_id=clinic.id,
            kind=follows.task,
            cause="reply",
            cause_id=reply_id,
            due=now,
            patient_id=asked.patient_id,
            appointment_id=asked.appointment_id,
        )
    if follows.confirms and asked.appointment_id is not None and asked.told is not None:
        confirm(connection, asked.appointment_id, asked.told)
    return follows.text
