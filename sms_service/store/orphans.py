"""Receipts that wait for their text to be known, as rows. There is no patient data in them."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa


def matched_orphans(connection: sa.Connection, limit: int) -> list[str]:
    """SIDs of waiting receipts that an attempt of any clinic has by now."""
    return list(connection.execute(sa.text("SELECT matched_orphans(:limit)"), {"limit": limit}).scalars())


def waiting_orphans(connection: sa.Connection, sid: str) -> list[tuple[str, int]]:
    """(status, error code or 0) of the receipts that wait for a SID, in the order in which they came."""
    rows = connection.execute(
        sa.text("SELECT status, code FROM orphan_receipts WHERE sid = :sid ORDER BY received_at"),
        {"sid": sid},
    )
    return [(row.status, row.code) for row in rows]


def drop_orphans(connection: sa.Connection, sid: str) -> None:
    """Forget the waiting receipts of a SID."""
    connection.execute(sa.text("DELETE FROM orphan_receipts WHERE sid = :sid"), {"sid": sid})


def aged_orphans(connection: sa.Connection, age: timedelta, limit: int) -> list[tuple[str, str]]:
    """SIDs whose last receipt has waited for longer than `age`, with its status and error code in words."""
    statement = """
        SELECT sid, (array_agg(status || CASE code WHEN 0 THEN '' ELSE ' ' || code END ORDER BY received_at DESC))[1]
          AS said
        FROM orphan_receipts GROUP BY sid HAVING max(received_at) < clock_timestamp() - cast(:age AS interval)
        LIMIT :limit"""
    rows = connection.execute(sa.text(statement), {"age": age, "limit": limit})
    return [(row.sid, row.said) for row in rows]
