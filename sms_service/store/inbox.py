"""The inbox: every event that was answered with success is a row here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from sms_service.store.tenants import Caller


def open_event(
    connection: sa.Connection,
    caller: Caller,
    *,
    delivery_id: str,
    digest: str,
    raw: bytes,
    now: datetime,
    problems: Sequence[str],
    quarantined: bool,
) -> int | None:
    """Store an event once; None when this feed delivered the same one before.

    One that was quarantined is read anew when it comes again: what was wrong may have been mended since.
    """
    statement = """
        INSERT INTO events (clinic_id, feed_id, delivery_id, learned_at, raw, hash, outcome, problems)
        VALUES (:clinic, :feed, :delivery, :now, :raw, :hash, :outcome, :problems)
        ON CONFLICT (feed_id, delivery_id) DO UPDATE SET learned_at = excluded.learned_at, raw = excluded.raw,
          hash = excluded.hash, outcome = excluded.outcome, problems = excluded.problems
        WHERE events.outcome = 'quarantined' RETURNING id"""
    values = {
        "clinic": caller.clinic_id,
        "feed": caller.feed_id,
        "delivery": delivery_id,
        "now": now,
        "raw": raw,
        "hash": digest,
        "outcome": "quarantined" if quarantined else "applied",
        "problems": list(problems),
    }
    event_id: int | None = connection.execute(sa.text(statement), values).scalar_one_or_none()
    if event_id is None and not _is_the_same(connection, caller, delivery_id, digest):
        # another event under a used id: ids of some systems are not unique, and a cancellation must not be lost
        values["delivery"] = f"{delivery_id} {digest}"
        event_id = connection.execute(sa.text(statement), values).scalar_one_or_none()
    return event_id


def _is_the_same(connection: sa.Connection, caller: Caller, delivery_id: str, digest: str) -> bool:
    held = connection.execute(
        sa.text("SELECT hash FROM events WHERE feed_id = :feed AND delivery_id = :delivery"),
        {"feed": caller.feed_id, "delivery": delivery_id},
    ).scalar_one()
    return str(held) == digest


def close_event(connection: sa.Connection, event_id: int, appointment_id: int | None, outcome: str) -> None:
    """Note which visit an event belongs to and what it came to."""
    connection.execute(
        sa.text("UPDATE events SET appointment_id = :appointment, outcome = :outcome WHERE id = :id"),
        {"id": event_id, "appointment": appointment_id, "outcome": outcome},
    )


def add_consent(
    connection: sa.Connection,
    *,
    clinic_id: int,
    patient_id: int,
    phone_index: bytes | None,
    granted: bool,
    said_at: str | None,
    source: str,
) -> None:
    """Add a line to the ledger of consent; lines are never changed."""
    statement = """
        INSERT INTO consents (clinic_id, patient_id, phone_index, granted, said_at, source)
        VALUES (:clinic, :patient, :phone, :granted, :said_at, :source)"""
    values = {
        "clinic": clinic_id,
        "patient": patient_id,
        "phone": phone_index,
        "granted": granted,
        "said_at": said_at,
        "source": source,
    }
    connection.execute(sa.text(statement), values)
