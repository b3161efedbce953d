"""Take an answer that was given on the page behind the link, as if it had been texted."""

from __future__ import annotations

from enum import StrEnum

from sms_service.domain.understand import CHOICES, Intent
from sms_service.store.database import again_on_deadlock
from sms_service.store.leaflets import keep_echo, read_page
from sms_service.store.patients import lock_patient_by_id
from sms_service.store.replies import OpenQuestion, add_reply
from sms_service.store.tenants import load_clinic
from sms_service.use_cases.answers import take_answer
from sms_service.use_cases.open_leaflet import open_question
from sms_service.use_cases.replan import replan
from sms_service.use_cases.service import Service


class Took(StrEnum):
    """What became of an answer."""

    GONE = "gone"
    """There is no page under this token."""
    TAKEN = "taken"
    CLOSED = "closed"
    """The question is answered already, or its time is over."""
    NO_ANSWER = "no_answer"
    """It is none of the question's choices."""


@again_on_deadlock
def answer_on_page(service: Service, token: str, message_id: int | None, answer: int | None) -> Took:
    """Write the answer, act on it and plan again, in one transaction; a second tap finds the question closed.

    No text goes out for it: the page says what the text would have said.
    """
    with service.db.transaction() as connection:
        before = read_page(connection, token)
        if before is None:
            return Took.GONE
        patient = lock_patient_by_id(connection, service.keys, before.row.patient_id)
        # read again under the lock: a second tap, a text or a move may have come first
        page = read_page(connection, token)
        if page is None:
            return Took.GONE
        row, now = page.row, page.now
        # asked of a time that has moved meanwhile, it is taken as a texted digit is: a person reads it
        still = open_question(connection, row, now, told=False)
        asked, question = next((one for one in still if one[0].id == message_id), (None, None))
        if asked is None or question is None:
            return Took.CLOSED
        if answer is None or answer not in CHOICES[question]:
            return Took.NO_ANSWER
        reply_id = add_reply(
            connection,
            clinic_id=asked.clinic_id,
            sender_id=asked.sender_id,
            patient_id=patient.id,
            phone_index=bytes(asked.phone_index),
            sid=f"page:{asked.id}",
            body=patient.box.seal(str(answer)),
            intents=[Intent.ANSWER.value],
            answer=answer,
            message_id=asked.id,
            now=now,
            source="page",
        )
        if reply_id is None:
            return Took.CLOSED
        clinic = load_clinic(connection, row.clinic_id)
        opened = OpenQuestion(
            message_id=asked.id,
            clinic_id=asked.clinic_id,
            patient_id=patient.id,
            appointment_id=asked.appointment_id,
            question=question,
            told=asked.told,
        )
        text = take_answer(connection, clinic, opened, answer, reply_id, now)
        opens = service.library.answers[text].opens
        keep_echo(connection, asked, reply_id, text, answer, opens, now)
        replan(service, connection, clinic, patient, now)
        return Took.TAKEN
