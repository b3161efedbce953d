"""Connections: every transaction says which clinics it may see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa


class Database:
    """A pool of application connections; row security limits each transaction to its clinics."""

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        self.engine = sa.create_engine(
            url, pool_size=pool_size, max_overflow=10, pool_pre_ping=True, connect_args={"connect_timeout": 5}
        )

    @contextmanager
    def transaction(self, clinics: Iterable[int] = ()) -> Iterator[sa.Connection]:
        """One transaction that sees the given clinics and no other."""
        with self.engine.begin() as connection:
            scope(connection, clinics)
            yield connection

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def scope(connection: sa.Connection, clinics: Iterable[int]) -> None:
    """Put clinics in scope for the rest of this transaction (SET LOCAL)."""
    names = ",".join(str(int(clinic)) for clinic in clinics)
    connection.execute(sa.text("SELECT set_config('sms.clinics', :names, true)"), {"names": names})
