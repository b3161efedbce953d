"""The data file: one connection, one writer, many writes to a commit.

Everything runs on the event loop's thread. Writes asked for in one turn of the loop are committed
together at its end; an answer is only given once its commit is done. With WAL and
`synchronous = NORMAL` a commit is in the operating system's hands, so it outlives a killed process
(not a power cut, which a rehearsal need not survive).
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from sms_service.sandbox.schema import SCHEMA

Values = Sequence[Any]


class DataFileError(Exception):
    """The data file cannot be opened, written or is another sandbox's."""


class Database:
    """Reads at once, writes in groups."""

    def __init__(self, path: Path) -> None:
        self._pending: list[tuple[str, Values]] = []
        self._committed: asyncio.Future[None] | None = None
        # Rises with every change, so that the page can ask "anything new?" for nothing.
        self.revision = 0
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=0.2)
            # The lock is held for the life of the process: two sandboxes on one file
            # would hand out the same ids.
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.executescript("BEGIN IMMEDIATE;" + SCHEMA + "COMMIT;")
        except sqlite3.Error as error:
            raise DataFileError(str(error)) from error

    async def write(self, statement: str, *values: Values) -> None:
        """Run a statement once per row of values; return when it is committed."""
        self._pending.extend((statement, row) for row in values)
        self.revision += 1
        if self._committed is None:
            loop = asyncio.get_running_loop()
            self._committed = loop.create_future()
            loop.call_soon(self.flush)
        await asyncio.shield(self._committed)

    def flush(self) -> None:
        """Commit what is waiting and release whoever waits for it."""
        pending, self._pending = self._pending, []
        waiting, self._committed = self._committed, None
        if waiting is None:
            return
        try:
            self._commit(pending)
        except sqlite3.Error as error:
            waiting.set_exception(error)
        else:
            waiting.set_result(None)

    def _commit(self, pending: list[tuple[str, Values]]) -> None:
        self._connection.execute("BEGIN")
        try:
            for statement, rows in groupby(pending, key=lambda write: write[0]):
                self._connection.executemany(statement, [values for _, values in rows])
        except sqlite3.Error:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def read(self, query: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query, what is still waiting to be written included."""
        self.flush()
        return self._connection.execute(query, values).fetchall()

    def close(self) -> None:
        """Commit the rest and fold the log into the data file."""
        self.flush()
        self._connection.close()
