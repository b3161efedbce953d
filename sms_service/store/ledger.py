"""What our ledger holds of the provider's messages, and what the provider's list adds to it, as rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from sms_service.domain.advance import ProviderStatus
from sms_service.domain.ledger import Held
from sms_service.domain.request import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An attempt that has a SID, with its message. `committed_at` is machine time."""

    attempt_id: int
    clinic_id: int
    sender_id: int
    message_id: int
    patient_id: int | None
    appointment_id: int | None
    sid: str
    committed_at: datetime
    held: Held


def whose(connection: sa.Connection, sids: Sequence[str]) -> dict[int, list[int]]:
    """Clinic to attempts, of those whose SIDs these are."""
    rows = connection.execute(sa.text("SELECT clinic, attempt FROM route_sids(:sids)"), {"sids": list(sids)})
    found: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        found[row.clinic].append(row.attempt)
    return dict(found)


def unlisted(
    connection: sa.Connection, since: datetime, until: datetime, after: int, limit: int
) -> list[tuple[int, int]]:
    """(clinic, attempt) of attempts with a SID that no list has shown, by id, from after one on."""
    rows = connection.execute(
        sa.text("SELECT clinic, attempt FROM unlisted(:since, :until, :after, :limit)"),
        {"since": since, "until": until, "after": after, "limit": limit},
    )
    return [(row.clinic, row.attempt) for row in rows]


def silent(connection: sa.Connection, age: timedelta, limit: int) -> dict[int, list[int]]:
    """Clinic to attempts of which the provider has said nothing final for that long."""
    rows = connection.execute(
        sa.text("SELECT clinic, attempt FROM silent(:age, :limit)"), {"age": age, "limit": limit}
    )
    found: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        found[row.clinic].append(row.attempt)
    return dict(found)


def read_entries(connection: sa.Connection, attempt_ids: Sequence[int]) -> list[Entry]:
    """What we hold of these attempts; their clinics are in scope."""
    statement = """
        SELECT t.id, t.clinic_id, t.sender_id, t.message_id, m.patient_id, m.appointment_id, t.sid, t.committed_at,
          t.status, t.code, coalesce(t.billed_segments, t.segments) AS segments, t.price, t.state
        FROM attempts t JOIN messages m ON m.id = t.message_id WHERE t.id = ANY (:ids) AND t.sid IS NOT NULL"""
    rows = connection.execute(sa.text(statement), {"ids": list(attempt_ids)})
    return [
        Entry(
            attempt_id=row.id,
            clinic_id=row.clinic_id,
            sender_id=row.sender_id,
            message_id=row.message_id,
            patient_id=row.patient_id,
            appointment_id=row.appointment_id,
            sid=row.sid,
            committed_at=row.committed_at,
            held=Held(
                status=ProviderStatus(row.status) if row.status else None,
                code=row.code,
                segments=row.segments,
                price=row.price,
                alive=row.state != "dead",
            ),
        )
        for row in rows
    ]


def write_listed(connection: sa.Connection, traces: Mapping[int, Trace], codes: Mapping[int, int]) -> None:
    """Note by attempt what the provider billed, and that it has the text. `codes` are corrected error codes.

    Locked in the order of ids, as every batch of attempts is; rows that would not change are left alone.
    """
    ids = sorted(traces)
    values = {
        "ids": ids,
        "segments": [traces[one].segments for one in ids],
        "prices": [traces[one].price for one in ids],
        "units": [traces[one].price_unit for one in ids],
        "codes": [codes.get(one) for one in ids],
    }
    connection.execute(
        sa.text("SELECT FROM attempts WHERE id = ANY (:ids) ORDER BY id FOR NO KEY UPDATE"), {"ids": ids}
    )
    statement = """
        UPDATE attempts t SET listed_at = coalesce(t.listed_at, clock_timestamp()),
          billed_segments = coalesce(n.segments, t.billed_segments), price = coalesce(n.price, t.price),
          price_unit = coalesce(n.unit, t.price_unit), code = coalesce(n.code, t.code)
        FROM unnest(cast(:ids AS bigint[]), cast(:segments AS smallint[]), cast(:prices AS numeric[]),
          cast(:units AS text[]), cast(:codes AS integer[])) AS n (id, segments, price, unit, code)
        WHERE t.id = n.id AND (t.listed_at IS NULL
          OR (coalesce(n.segments, t.billed_segments), coalesce(n.price, t.price), coalesce(n.unit, t.price_unit),
              coalesce(n.code, t.code)) IS DISTINCT FROM (t.billed_segments, t.price, t.price_unit, t.code))"""
    connection.execute(sa.text(statement), values)
