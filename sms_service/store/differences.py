"""Where the provider and we differ, as rows: noted once, seen again, resolved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from sms_service.domain.ledger import Difference


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Whom a difference is about: the provider's message, and our attempt where there is one."""

    sid: str
    sender_id: int | None = None
    clinic_id: int | None = None
    attempt_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A difference that nobody has resolved."""

    id: int
    kind: str
    sid: str
    attempt_id: int | None
    ours: str | None
    theirs: str | None
    first_seen: datetime
    last_seen: datetime


def note(connection: sa.Connection, about: About, difference: Difference) -> bool:
    """Keep a difference; whether it is new. One in which the provider's word was taken is resolved at once.

    The attempt's clinic is in scope.
    """
    statement = """
        INSERT INTO differences (kind, sid, clinic_id, attempt_id, sender_id, ours, theirs, resolved_at, resolution)
        VALUES (:kind, :sid, :clinic, :attempt, :sender, :ours, :theirs,
          CASE WHEN :better THEN clock_timestamp() END, CASE WHEN :better THEN 'corrected' END)
        ON CONFLICT (kind, sid) WHERE resolved_at IS NULL
        DO UPDATE SET last_seen = clock_timestamp(), ours = excluded.ours, theirs = excluded.theirs
        RETURNING first_seen = last_seen"""
    values = {
        "kind": difference.kind.value,
        "sid": about.sid,
        "clinic": about.clinic_id,
        "attempt": about.attempt_id,
        "sender": about.sender_id,
        "ours": difference.ours,
        "theirs": difference.theirs,
        "better": difference.better,
    }
    return bool(connection.execute(sa.text(statement), values).scalar_one())


def agree(connection: sa.Connection, sids: Sequence[str], kinds: Sequence[str]) -> int:
    """Resolve open differences of these messages, of clinics in scope: the two agree by now; how many."""
    statement = """
        UPDATE differences SET resolved_at = clock_timestamp(), resolution = 'agreed'
        WHERE resolved_at IS NULL AND sid = ANY (:sids) AND kind = ANY (:kinds)"""
    return connection.execute(sa.text(statement), {"sids": list(sids), "kinds": list(kinds)}).rowcount


def close_matched(connection: sa.Connection) -> int:
    """Resolve what nobody knew and an attempt of any clinic has by now; how many."""
    return int(connection.execute(sa.text("SELECT close_matched_differences()")).scalar_one())


def close_by_hand(connection: sa.Connection, difference_id: int) -> bool:
    """Resolve one that a person looked into; its clinic is in scope. False when there is no open one."""
    statement = """
        UPDATE differences SET resolved_at = clock_timestamp(), resolution = 'by_hand'
        WHERE id = :id AND resolved_at IS NULL RETURNING 1"""
    return connection.execute(sa.text(statement), {"id": difference_id}).first() is not None


def open_differences(connection: sa.Connection) -> dict[str, int]:
    """How many are open, by kind, over all clinics; a kind without any is absent. For health and metrics."""
    rows = connection.execute(sa.text("SELECT kind, differences FROM open_differences()"))
    return {row.kind: row.differences for row in rows}


def list_open(connection: sa.Connection, limit: int) -> list[Open]:
    """The oldest open differences of the clinics in scope, and of none."""
    rows = connection.execute(
        sa.text(
            "SELECT id, kind, sid, attempt_id, ours, theirs, first_seen, last_seen FROM differences"
            " WHERE resolved_at IS NULL ORDER BY id LIMIT :limit"
        ),
        {"limit": limit},
    )
    return [Open(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name begins so
