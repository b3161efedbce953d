"""Leaflets as rows: the link of a visit, found by the hash of its token alone."""

from __future__ import annotations

import hashlib
import secrets
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from sms_service.store.database import Database
from sms_service.store.keyring import Box

#: 16 characters of 62: 95 random bits in a text of 160 characters.
TOKEN_LENGTH = 16
_ALPHABET = string.digits + string.ascii_letters

# One look-up, whatever the token is; it puts the clinic that the token leads to in scope for what follows.
_FIND = """
    SELECT r.clinic, r.leaflet, c.now, set_config('sms.clinics', r.clinic::text, true)
    FROM (SELECT coalesce(position, %(now)s) AS now FROM patient_clock) c
    CROSS JOIN LATERAL route_leaflet(%(hash)s, c.now) r"""

# The visit that took a cancelled one's place is what the link leads to: the patient was told that it moved.
_PAGE = """
    WITH RECURSIVE story (id, version, replaced, depth) AS (
      SELECT a.id, a.version, a.replaced, 0 FROM leaflets l
      JOIN appointments a ON a.id = l.appointment_id AND a.patient_id = l.patient_id
      WHERE l.token_hash = %(hash)s
      UNION ALL
      SELECT n.id, s.version + n.version, n.replaced, s.depth + 1 FROM story s JOIN leaflets l ON l.token_hash = %(hash)s
      JOIN appointments n ON n.patient_id = l.patient_id AND n.continues_id = s.id
      WHERE s.replaced AND s.depth < 50
    )
    SELECT l.clinic_id, l.patient_id, c.slug, c.sender_id, c.settings, md5(c.settings::text) AS edition, s.live,
      p.language, p.deceased OR p.merged_away AS silent, a.id AS appointment_id, a.status, a.starts_at, a.pathway,
      a.confirmed, story.version, (SELECT coalesce(max(id), 0) FROM released_pairs) AS pairs,
      (SELECT coalesce(max(id), 0) FROM sign_offs) AS acts, a.fields->'start'->>0 AS start, a.fields->'location'->>0 AS location,
      EXISTS (SELECT FROM messages m WHERE m.appointment_id = a.id AND m.asked_on_page) AS asked_on_page,
      ARRAY(SELECT d.fields->'start'->>0 FROM appointments d WHERE d.patient_id = l.patient_id
            AND d.status IN ('booked', 'arrived') AND NOT d.test AND d.fields->'start'->>0 IS NOT NULL
            AND left(d.fields->'start'->>0, 10) = left(a.fields->'start'->>0, 10)
            ORDER BY d.starts_at) AS day_starts
    FROM leaflets l
    JOIN story ON true
    JOIN appointments a ON a.id = story.id
    JOIN patients p ON p.id = l.patient_id
    JOIN clinics c ON c.id = l.clinic_id
    JOIN senders s ON s.id = c.sender_id
    WHERE l.token_hash = %(hash)s ORDER BY story.depth DESC LIMIT 1"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All that a page needs to know (`row`), and the patient time at which it was asked."""

    row: Any
    now: datetime


def new_token() -> str:
    """A token that nobody can guess."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(TOKEN_LENGTH))


def token_hash(token: str) -> bytes:
    """What is looked up. The token has 95 random bits, so a plain hash suffices."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


def keep_leaflet(
    connection: sa.Connection,
    *,
    clinic_id: int,
    patient_id: int,
    appointment_id: int,
    box: Box,
    until: datetime,
    new: bool,
    now: datetime,
) -> None:
    """Let the link of a visit end at `until`; make one, where the visit has none and `new` allows it.

    The patient is locked, so nobody makes a second one meanwhile.
    """
    values = {"clinic": clinic_id, "patient": patient_id, "appointment": appointment_id, "until": until}
    held = connection.execute(
        sa.text(
            "SELECT expires_at FROM leaflets WHERE appointment_id = :appointment AND patient_id = :patient"
        ),
        values,
    ).scalar_one_or_none()
    if held is None and new:
        token = new_token()
        statement = """
            INSERT INTO leaflets (clinic_id, patient_id, appointment_id, token_hash, token, expires_at, created_at)
            VALUES (:clinic, :patient, :appointment, :hash, :token, :until, :now)"""
        made = {"hash": token_hash(token), "token": box.seal(token), "now": now}
        connection.execute(sa.text(statement), values | made)
    elif held is not None and held != until:
        connection.execute(
            sa.text(
                "UPDATE leaflets SET expires_at = :until"
                " WHERE appointment_id = :appointment AND patient_id = :patient"
            ),
            values,
        )


def open_page(db: Database, token: str) -> Page | None:
    """What a token leads to, in one way to the database and back.

    None for one that is unknown or too old, after exactly the same look-up, and where the visit is another
    patient's by now.
    """
    values = _values(token)
    try:
        return _open(db, values)
    except OperationalError:  # connections that broke while nobody used them are gone now
        return _open(db, values)


def _open(db: Database, values: Mapping[str, Any]) -> Page | None:
    with db.pipelined() as connection:
        found = connection.execute(_FIND, values)
        page = connection.execute(_PAGE, values)
    return _page(found.fetchone(), page.fetchone())


def read_page(connection: sa.Connection, token: str) -> Page | None:
    """The same within a transaction, which sees the clinic of the page from then on."""
    values = _values(token)
    found = connection.exec_driver_sql(_FIND, values).one_or_none()
    return _page(found, connection.exec_driver_sql(_PAGE, values).one_or_none() if found else None)


def _values(token: str) -> dict[str, Any]:
    return {"hash": token_hash(token), "now": datetime.now(UTC)}


def _page(found: Any, row: Any) -> Page | None:  # noqa: ANN401 - rows of many types
    return Page(row=row, now=found.now.astimezone(UTC)) if found is not None and row is not None else None


def questions(
    connection: sa.Connection, appointment_id: int, patient_id: int, since: datetime
) -> Sequence[sa.Row[Any]]:
    """The newest question of each kind that the visit's texts put to the patient, the newest first."""
    statement = """
        SELECT * FROM (
          SELECT DISTINCT ON (question) id, clinic_id, sender_id, patient_id, appointment_id, phone_index, question,
            told, answer, asked_on_page, coalesce(sent_at, due) AS at
          FROM messages
          WHERE appointment_id = :appointment AND patient_id = :patient AND question IS NOT NULL
            AND coalesce(sent_at, due) > :since
            AND (state IN ('sending', 'unknown', 'sent', 'delivered') OR reason = 'on_page')
          ORDER BY question, coalesce(sent_at, due) DESC, id DESC) AS newest
        ORDER BY at DESC, id DESC"""
    values = {"appointment": appointment_id, "patient": patient_id, "since": since}
    return connection.execute(sa.text(statement), values).all()


def last_echo(
    connection: sa.Connection, appointment_id: int, patient_id: int, since: datetime
) -> tuple[str, int | None] | None:
    """(text, answer) of the newest answer that the page gave since then."""
    row = connection.execute(
        sa.text(
            "SELECT facts FROM messages WHERE appointment_id = :appointment AND patient_id = :patient"
            " AND cause = 'reply' AND reason = 'on_page' AND due > :since ORDER BY id DESC LIMIT 1"
        ),
        {"appointment": appointment_id, "patient": patient_id, "since": since},
    ).first()
    return (row.facts["text"], row.facts.get("answer")) if row else None


def keep_echo(
    connection: sa.Connection,
    asked: sa.Row[Any],
    reply_id: int,
    text: str,
    answer: int,
    opens: str | None,
    now: datetime,
) -> None:
    """The answer to an answer, as a message that the page says and no text does; it may open a question."""
    statement = """
        INSERT INTO messages (clinic_id, sender_id, patient_id, appointment_id, cause, cause_id, step, priority,
          phone_index, state, reason, due, until, question, facts)
        VALUES (:clinic, :sender, :patient, :appointment, 'reply', :reply, 'answer', 0,
          :phone, 'skipped', 'on_page', :now, :now, :question,
          jsonb_build_object('text', cast(:text AS text), 'answer', cast(:answer AS int)))"""
    values = {
        "clinic": asked.clinic_id,
        "sender": asked.sender_id,
        "patient": asked.patient_id,
        "appointment": asked.appointment_id,
        "reply": reply_id,
        "phone": asked.phone_index,
        "now": now,
        "question": opens,
        "text": text,
        "answer": answer,
    }
    connection.execute(sa.text(statement), values)
