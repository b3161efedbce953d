"""Patient time: real for anyone with patients, stepped by demo and tests and then stored."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa


def patient_now(connection: sa.Connection) -> datetime:
    """The instant the rules are asked about (UTC)."""
    position: datetime | None = connection.execute(sa.text("SELECT position FROM patient_clock")).scalar_one()
    return position.astimezone(UTC) if position else datetime.now(UTC)


def is_stepped(connection: sa.Connection) -> bool:
    """Whether patient time is not the real one."""
    return bool(connection.execute(sa.text("SELECT position IS NOT NULL FROM patient_clock")).scalar_one())


def step_to(connection: sa.Connection, instant: datetime) -> None:
    """Move patient time forward; it never goes back. Refused while a live sender is set up."""
    if connection.execute(sa.text("SELECT EXISTS (SELECT FROM senders WHERE live)")).scalar_one():
        raise ValueError("a live sender is set up: patient time has to be the real one")
    connection.execute(
        sa.text("UPDATE patient_clock SET position = greatest(coalesce(position, :instant), :instant)"),
        {"instant": instant},
    )


def beat(connection: sa.Connection, name: str) -> None:
    """Note that a recurring job just ran (machine time)."""
    connection.execute(
        sa.text(
            "INSERT INTO heartbeats (name, at) VALUES (:name, clock_timestamp())"
            " ON CONFLICT (name) DO UPDATE SET at = excluded.at"
        ),
        {"name": name},
    )
