"""What patients wrote, and the answers queued for them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from sms_service.domain.pathway import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """The newest question put to a number, still without an answer."""

    message_id: int
    clinic_id: int
    patient_id: int
    appointment_id: int | None
    question: Question
    told: datetime | None


def sender_of(connection: sa.Connection, addresses: Sequence[str]) -> tuple[int, str] | None:
    """(id, who answers STOP) of the sender with one of the addresses."""
    row = connection.execute(
        sa.text("SELECT id, opt_out_reply FROM senders WHERE address = ANY (:addresses)"),
        {"addresses": list(addresses)},
    ).first()
    return (row.id, row.opt_out_reply) if row else None


def whose(connection: sa.Connection, sender_id: int, phones: Sequence[bytes]) -> list[tuple[int, int]]:
    """(clinic, patient) of everyone with the number on this sender, the one last texted first."""
    rows = connection.execute(
        sa.text("SELECT clinic, patient FROM route_inbound(:sender, :phones)"),
        {"sender": sender_id, "phones": list(phones)},
    )
    return [(row.clinic, row.patient) for row in rows]


def keep_unrouted(connection: sa.Connection, sid: str, sender_id: int | None, phone_index: bytes) -> None:
    """Note that a stranger wrote; what they wrote is not kept."""
    connection.execute(
        sa.text(
            "INSERT INTO unrouted_replies (sid, sender_id, phone_index) VALUES (:sid, :sender, :phone)"
            " ON CONFLICT DO NOTHING"
        ),
        {"sid": sid, "sender": sender_id, "phone": phone_index},
    )


def open_question(
    connection: sa.Connection,
    sender_id: int,
    phones: Sequence[bytes],
    patients: Sequence[int],
    since: datetime,
) -> OpenQuestion | None:
    """The newest question to the number and to one of those whose it still is; an answered one leaves none.

    Nor does one that only the page asks: a digit may answer what was never read. What the page said in the words
    of a text (reason `on_page`) may be answered by one.
    """
    statement = """
        SELECT id, clinic_id, patient_id, appointment_id, question, told, answer, asked_on_page FROM messages
        WHERE sender_id = :sender AND phone_index = ANY (:phones) AND question IS NOT NULL
          AND coalesce(sent_at, due) > :since AND patient_id = ANY (:patients)
          AND (state IN ('sending', 'unknown', 'sent', 'delivered') OR reason = 'on_page')
        ORDER BY coalesce(sent_at, due) DESC, id DESC LIMIT 1"""
    values = {"sender": sender_id, "phones": list(phones), "patients": list(patients), "since": since}
    row = connection.execute(sa.text(statement), values).first()
    if row is None or row.answer is not None or row.asked_on_page:
        return None
    return OpenQuestion(
        message_id=row.id,
        clinic_id=row.clinic_id,
        patient_id=row.patient_id,
        appointment_id=row.appointment_id,
        question=Question(row.question),
        told=row.told,
    )


def add_reply(
    connection: sa.Connection,
    *,
    clinic_id: int,
    sender_id: int,
    patient_id: int,
    phone_index: bytes,
    sid: str,
    body: bytes,
    intents: Sequence[str],
    answer: int | None,
    message_id: int | None,
    now: datetime,
    source: str = "text",
) -> int | None:
    """Store a reply once; None when it was delivered before. `source` is `text`, or `page` for the leaflet's."""
    statement = """
        INSERT INTO replies (clinic_id, sender_id, patient_id, phone_index, sid, body, intents, answer, message_id,
          received_at, source)
        VALUES (:clinic, :sender, :patient, :phone, :sid, :body, :intents, :answer, :message, :now, :source)
        ON CONFLICT (clinic_id, sid) DO NOTHING RETURNING id"""
    values = {
        "clinic": clinic_id,
        "sender": sender_id,
        "patient": patient_id,
        "phone": phone_index,
        "sid": sid,
        "body": body,
        "intents": list(intents),
        "answer": answer,
        "message": message_id,
        "now": now,
        "source": source,
    }
    reply_id: int | None = connection.execute(sa.text(statement), values).scalar_one_or_none()
    return reply_id


def is_stored(connection: sa.Connection, sid: str) -> bool:
    """Whether a clinic in scope has this reply already; an answer may since have changed whose it would be."""
    statement = "SELECT EXISTS (SELECT FROM replies WHERE sid = :sid)"
    return bool(connection.execute(sa.text(statement), {"sid": sid}).scalar_one())


def answered(connection: sa.Connection, message_id: int, answer: int) -> None:
    """Write the answer beside its question."""
    connection.execute(
        sa.text("UPDATE messages SET answer = :answer WHERE id = :id"), {"id": message_id, "answer": answer}
    )


def recent_answers(connection: sa.Connection, patient_id: int, since: datetime) -> int:
    """How many automatic answers a patient got lately: two machines must not talk for ever."""
    return int(
        connection.execute(
            sa.text(
                "SELECT count(*) FROM messages WHERE patient_id = :patient AND cause = 'reply' AND due > :since"
                " AND reason IS DISTINCT FROM 'on_page'"
            ),
            {"patient": patient_id, "since": since},
        ).scalar_one()
    )


def queue_answer(
    connection: sa.Connection,
    *,
    clinic_id: int,
    sender_id: int,
    patient_id: int,
    appointment_id: int | None,
    phone_index: bytes,
    reply_id: int,
    step: str,
    text: str,
    answer: int | None,
    now: datetime,
    useful_for: timedelta,
) -> None:
    """Queue the answer to a reply; it goes with the next tick, at any hour, for the patient just wrote."""
    statement = """
        INSERT INTO messages (clinic_id, sender_id, patient_id, appointment_id, cause, cause_id, step, priority,
          phone_index, state, due, until, facts)
        VALUES (:clinic, :sender, :patient, :appointment, 'reply', :reply, :step, 0,
          :phone, 'planned', :now, :until, cast(:facts AS jsonb))
        ON CONFLICT DO NOTHING"""
    facts: dict[str, object] = {"text": text} | ({"answer": answer} if answer is not None else {})
    values = {
        "clinic": clinic_id,
        "sender": sender_id,
        "patient": patient_id,
        "appointment": appointment_id,
        "reply": reply_id,
        "step": step,
        "phone": phone_index,
        "now": now,
        "until": now + useful_for,
        "facts": json.dumps(facts),
    }
    connection.execute(sa.text(statement), values)
