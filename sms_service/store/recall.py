"""Write down, after a restore, what the provider says was sent and this database does not know."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag

from sms_service.domain.pathway import Anchor, Step, Variant
from sms_service.domain.reasons import Reason
from sms_service.domain.registers import value
from sms_service.domain.request import Trace
from sms_service.store.keyring import KeyMissingError, KeyRing
from sms_service.store.messages import log
from sms_service.store.patients import load

#: What a restored database may hold of a text that went out after the copy was made.
_NOT_SENT = "('waiting', 'planned', 'ready', 'claimed', 'skipped')"
#: Anchors that are a state of the visit as well, and named alike.
_ENDS = frozenset({Anchor.COMPLETED, Anchor.CANCELLED, Anchor.NO_SHOW})
#: No text is about a visit that is longer over than this.
_LONG_OVER = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A visit of the patient, with the message of the step in question if there is one that was not sent.

    `start` is the visit's wall time (ISO 8601), `told` the same as an instant. `unlikely` is 0 where nothing speaks
    against it, and greater the more does. `occasion` is the first that no
    message of the step has yet.
    """

    appointment_id: int
    clinic_id: int
    patient_id: int
    start: str | None
    told: datetime | None
    message_id: int | None
    merged: Sequence[str] | None
    unlikely: int
    occasion: int


def candidates(
    connection: sa.Connection,
    patients: Sequence[int],
    pathway: str,
    step: Step,
    carried: Sequence[str],
    now: datetime,
) -> list[Candidate]:
    """The visits that a text of a step can belong to, the likeliest first.

    Texts about what became of a visit are about one that it became of, and a text that also `carried` steps is not
    about one that had them before. Then what waits to be sent, or sent again,
    comes first in the order in which it would leave; then what a plan left out, of open visits before others and
    of the nearest before others. A visit whose texts another of the same day carries comes last.
    """
    rows = connection.execute(
        sa.text(
            f"""
        SELECT a.id AS appointment_id, a.clinic_id, a.patient_id, a.fields->'start'->>0 AS start, a.starts_at AS told,
          w.id AS message_id, w.merged,
          2 * coalesce(a.status <> cast(:became AS text), false)::int
          + 2 * (EXISTS (SELECT FROM messages c WHERE c.appointment_id = a.id AND c.step = ANY (:carried)
                         AND c.sent_at IS NOT NULL))::int + coalesce(w.reason = :led, false)::int AS unlikely,
          (SELECT coalesce(max(s.occasion) + 1, 0) FROM messages s
           WHERE s.appointment_id = a.id AND s.step = :step AND s.cause = 'appointment') AS occasion
        FROM appointments a
        LEFT JOIN LATERAL (
          SELECT m.id, m.reason, m.merged, CASE WHEN m.state IN ('planned', 'ready', 'claimed') THEN m.due END AS due FROM messages m
          WHERE m.appointment_id = a.id AND m.step = :step AND m.cause = 'appointment' AND m.state IN {_NOT_SENT}
          ORDER BY due NULLS LAST, m.occasion LIMIT 1) w ON true
        WHERE a.patient_id = ANY (:patients) AND a.pathway = :pathway AND NOT a.test
          AND coalesce(a.ended_at, a.starts_at, :now) > :since
        ORDER BY unlikely, w.due NULLS LAST, w.id IS NULL, a.status IN ('booked', 'arrived') DESC,
          abs(extract(epoch FROM a.starts_at - :now)), a.id"""
        ),
        {
            "patients": list(patients),
            "pathway": pathway,
            "step": step.id,
            "carried": list(carried),
            "became": step.anchor.value if step.anchor in _ENDS else None,
            "now": now,
            "since": now - _LONG_OVER,
            "led": Reason.ONE_CHAIN.value,
        },
    )
    return [Candidate(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name begins so


def queued_answer(connection: sa.Connection, patients: Sequence[int], text: str) -> int | None:
    """The answer with these words that waits for one of the patients, else the oldest that waits.

    Read again at another hour, a reply may be given other words than it was. One that was left out, because they
    opted out or long ago, is taken last, and only for its own words.
    """
    found: int | None = connection.execute(
        sa.text(
            "SELECT id FROM messages WHERE patient_id = ANY (:patients) AND cause <> 'appointment'"
            f" AND state IN {_NOT_SENT} AND reason IS DISTINCT FROM '{Reason.ON_PAGE.value}' AND (facts->>'text' = :text OR state IN ('planned', 'ready', 'claimed'))"
            " ORDER BY state = 'skipped', facts->>'text' <> :text, id LIMIT 1"
        ),
        {"patients": list(patients), "text": text},
    ).scalar_one_or_none()
    return found


def lock_patients(connection: sa.Connection, patients: Sequence[int]) -> None:
    """Lock patients in id order without opening them: what is damaged must not keep a text from being known."""
    connection.execute(
        sa.text("SELECT id FROM patients WHERE id = ANY (:ids) ORDER BY id FOR NO KEY UPDATE"),
        {"ids": sorted(patients)},
    )


def called(connection: sa.Connection, keys: KeyRing, patients: Sequence[int], given: str) -> list[int]:
    """Which of the patients have the first name; those that cannot be read have none."""
    rows = connection.execute(
        sa.text("SELECT id, data_key, state FROM patients WHERE id = ANY (:ids) ORDER BY id"),
        {"ids": list(patients)},
    )
    found = []
    for row in rows:
        try:
            name = value(load(json.loads(keys.box(row.data_key).open(row.state))), "given")
        except (InvalidTag, KeyMissingError, ValueError):
            continue
        if name == given:
            found.append(row.id)
    return found


def add_left_out(
    connection: sa.Connection,
    candidate: Candidate,
    *,
    pathway: str,
    step: Step,
    sender_id: int,
    phone_index: bytes,
    now: datetime,
) -> int:
    """Add the message of a step that no plan of this database asked for, to be marked as sent; its id."""
    statement = """
        INSERT INTO messages (clinic_id, sender_id, patient_id, appointment_id, cause, cause_id, step, occasion,
          pathway, priority, counts, anchor, phone_index, state, reason)
        VALUES (:clinic, :sender, :patient, :appointment, 'appointment', :appointment, :step, :occasion, :pathway,
          :priority, :counts, :anchor, :phone, 'skipped', :reason)
        RETURNING id"""
    values = {
        "clinic": candidate.clinic_id,
        "sender": sender_id,
        "patient": candidate.patient_id,
        "appointment": candidate.appointment_id,
        "step": step.id,
        "occasion": candidate.occasion,
        "pathway": pathway,
        "priority": step.priority,
        "counts": step.counts,
        "anchor": step.anchor,
        "phone": phone_index,
        "reason": Reason.NOT_NEEDED.value,
    }
    message_id: int = connection.execute(sa.text(statement), values).scalar_one()
    log(connection, candidate.clinic_id, message_id, now, "planned", None, None)
    return message_id


def mark_sent(
    connection: sa.Connection,
    keys: KeyRing,
    message_id: int,
    trace: Trace,
    *,
    sender_id: int,
    phone_index: bytes,
    language: str,
    variant: Variant,
    told: datetime | None,
    left: datetime | None,
    now: datetime,
) -> int:
    """The message went out as this text: its attempt, to be settled by what the provider says; the id.

    `left` is the moment of sending, None where nobody knows (patient time is stepped): then when it was due, but
    after whatever the patient got before.
    """
    row = connection.execute(
        sa.text(
            "WITH sent AS (SELECT m.id, least(:now, coalesce(:left, greatest(m.due,"
            " (SELECT max(o.sent_at) FROM messages o WHERE o.patient_id = m.patient_id)))) AS at"
            " FROM messages m WHERE m.id = :id)"
            " UPDATE messages m SET state = 'sent', reason = NULL, token = NULL, lease_until = NULL,"
            " sent_at = sent.at, due = coalesce(m.due, sent.at), until = coalesce(m.until, sent.at),"
            " merged = :merged, tells = :tells, question = :question, asked_on_page = :asked_on_page, told = :told, sender_id = :sender,"
            " phone_index = :phone"
            " FROM patients p, sent WHERE m.id = :id AND sent.id = m.id AND p.id = m.patient_id"
            " RETURNING m.clinic_id, p.data_key"
        ),
        {
            "id": message_id,
            "now": now,
            "left": left,
            "merged": sorted(variant.merges),
            "tells": variant.tells,
            "question": variant.opens or variant.asks,
            "asked_on_page": variant.asks is not None,
            "told": told,
            "sender": sender_id,
            "phone": phone_index,
        },
    ).one()
    log(connection, row.clinic_id, message_id, now, "sent before the restore", None, None)
    statement = """
        INSERT INTO attempts (clinic_id, message_id, sender_id, phone_index, state, body, body_hash, encoding,
          segments, language, variant, catalog_hash, committed_at)
        VALUES (:clinic, :message, :sender, :phone, 'open', :body, :hash, 'unknown', :segments, :language, :variant,
          '', :at)
        RETURNING id"""
    attempt_id: int = connection.execute(
        sa.text(statement),
        {
            "clinic": row.clinic_id,
            "message": message_id,
            "sender": sender_id,
            "phone": phone_index,
            "body": keys.box(row.data_key).seal(trace.body),
            "hash": keys.body_hash(trace.body),
            "segments": trace.segments or 0,
            "language": language,
            "variant": variant.context,
            "at": trace.created_at,
        },
    ).scalar_one()
    return attempt_id


def end_late_answers(connection: sa.Connection, ages: Mapping[str, timedelta], now: datetime) -> int:
    """End the answers to replies, by SID, that are older than their answer would be useful; how many.

    A reply that is read again queues its answer as if it had just come. One that never left is too late now: the
    law gives the confirmation of STOP five minutes.
    """
    rows = connection.execute(
        sa.text(
            "UPDATE messages m SET state = 'skipped', reason = :reason, token = NULL, lease_until = NULL"
            " FROM replies r JOIN unnest(cast(:sids AS text[]), cast(:ages AS interval[])) AS n (sid, age)"
            " ON n.sid = r.sid"
            " WHERE m.cause = 'reply' AND m.cause_id = r.id AND m.state IN ('planned', 'ready', 'claimed')"
            " AND m.sent_at IS NULL AND m.until - m.due < n.age RETURNING m.id, m.clinic_id"
        ),
        {"sids": list(ages), "ages": list(ages.values()), "reason": Reason.WINDOW_PASSED.value},
    ).all()
    for row in rows:
        log(connection, row.clinic_id, row.id, now, "skipped", Reason.WINDOW_PASSED.value, None)
    return len(rows)
