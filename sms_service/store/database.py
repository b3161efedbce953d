"""Connections: every transaction says which clinics it may see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import psycopg
import sqlalchemy as sa
from psycopg.errors import DeadlockDetected
from psycopg.rows import namedtuple_row, tuple_row
from sqlalchemy.exc import OperationalError

_P = ParamSpec("_P")
_T = TypeVar("_T")
_TRIES = 8
#: Connections for pipelined reading: more threads at once would only wait for each other's turn.
_QUICK = 4


class Database:
    """A pool of application connections; row security limits each transaction to its clinics."""

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        self.engine = _engine(url, pool_size=pool_size, max_overflow=10, pool_pre_ping=True)
        # what is read often asks nothing twice: no ping before it, no reset after it
        self._quick = _engine(url, pool_size=_QUICK, max_overflow=0, pool_reset_on_return=None)

    @contextmanager
    def transaction(self, clinics: Iterable[int] = ()) -> Iterator[sa.Connection]:
        """One transaction that sees the given clinics and no other."""
        with self.engine.begin() as connection:
            scope(connection, clinics)
            yield connection

    @contextmanager
    def pipelined(self) -> Iterator[psycopg.Connection[Any]]:
        """One transaction whose statements travel together, for what is read often: results come at its end.

        It sees no clinic until one of its statements puts one in scope. A connection that broke while nobody
        used it is found out by the first statement: `OperationalError`, and the next try gets a new one.
        """
        pooled = self._quick.raw_connection()
        try:
            connection = cast("psycopg.Connection[Any]", pooled.driver_connection)
            connection.row_factory = namedtuple_row
            try:
                with connection.pipeline():
                    yield connection
                    connection.commit()
            except psycopg.OperationalError as error:
                pooled.invalidate()
                self._quick.dispose()
                raise OperationalError(None, None, error) from error
            except BaseException:
                pooled.invalidate()  # nobody else resets it
                raise
            finally:
                connection.row_factory = tuple_row
        finally:
            pooled.close()

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()
        self._quick.dispose()


def _engine(url: str, **pool: Any) -> sa.Engine:  # noqa: ANN401 - SQLAlchemy's own arguments
    return sa.create_engine(url, hide_parameters=True, connect_args={"connect_timeout": 5}, **pool)


def again_on_deadlock(act: Callable[_P, _T]) -> Callable[_P, _T]:
    """Do a whole use case again when the database ended its transaction to break a deadlock.

    An event locks patient, visits, messages; an outcome begins at its message and may end at the patient.
    Nothing of the ended transaction was stored, so doing it again is doing it once.
    """

    @wraps(act)
    def whole(*args: _P.args, **named: _P.kwargs) -> _T:
        for _ in range(_TRIES - 1):
            try:
                return act(*args, **named)
            except OperationalError as error:
                if not isinstance(error.orig, DeadlockDetected):
                    raise
        return act(*args, **named)

    return whole


def scope(connection: sa.Connection, clinics: Iterable[int]) -> None:
    """Put clinics in scope for the rest of this transaction (SET LOCAL)."""
    names = ",".join(str(int(clinic)) for clinic in clinics)
    connection.execute(sa.text("SELECT set_config('sms.clinics', :names, true)"), {"names": names})
