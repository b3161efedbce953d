"""The data file: one connection, one writer, many writes to a commit.

Everything runs on the event loop's thread. Writes asked for in one turn of the loop are committed
together at its end; an answer is only given once its commit is done. With WAL and
`synchronous = NORMAL` a commit is in the operating system's hands, so it outlives a killed process
(not a power cut, which a rehearsal need not survive).
"""

import asyncio
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from sms_service.sandbox.schema import INDEXES, LATER_COLUMNS, TABLES

Values = Sequence[Any]
Write = tuple[str, Values]

# What may be done twice after a kill waits this many seconds for a commit to share.
_LATER: Final = 0.05


class DataFileError(Exception):
    """The data file cannot be opened, written or is another sandbox's."""


class Database:
    """Reads at once, writes in groups."""

    def __init__(self, path: Path) -> None:
        self._pending: list[Write] = []
        self._committed: asyncio.Future[None] | None = None
        self._later: asyncio.TimerHandle | None = None
        # Rises with every change, so that the page can ask "anything new?" for nothing.
        self.revision = 0
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=0.2)
            # The lock is held for the life of the process: two sandboxes on one file
            # would hand out the same ids.
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.executescript("BEGIN IMMEDIATE;" + TABLES + "COMMIT;")
            self._add_later_columns()
            self._connection.executescript("BEGIN IMMEDIATE;" + INDEXES + "COMMIT;")
        except sqlite3.Error as error:
            raise DataFileError(str(error)) from error

    def _add_later_columns(self) -> None:
        present = {row[1] for row in self._connection.execute("PRAGMA table_info(messages)")}
        for name, definition in LATER_COLUMNS.items():
            if name not in present:
                self._connection.execute(f"ALTER TABLE messages ADD COLUMN {name} {definition}")

    async def write(self, statement: str, *values: Values) -> None:
        """Run a statement once per row of values; return when it is committed."""
        await self.write_all((statement, row) for row in values)

    async def write_all(self, writes: Iterable[Write]) -> None:
        """Run statements that belong together; return when all of them are committed at once."""
        self._pending.extend(writes)
        self.revision += 1
        if self._committed is None:
            loop = asyncio.get_running_loop()
            self._committed = loop.create_future()
            loop.call_soon(self.flush)
        await asyncio.shield(self._committed)

    def write_later(self, statement: str, values: Values) -> None:
        """Run a statement with one of the next commits; a kill within that moment loses it."""
        self._pending.append((statement, values))
        if self._later is None:
            self._later = asyncio.get_running_loop().call_later(_LATER, self._flush_late)

    def _flush_late(self) -> None:
        self._later = None
        self.flush()

    def flush(self) -> None:
        """Commit what is waiting and release whoever waits for it."""
        pending, self._pending = self._pending, []
        waiting, self._committed = self._committed, None
        error = self._commit(pending) if pending else None
        if waiting is None:
            if error is not None:
                sys.stderr.write(f"sandbox: cannot write: {error}\n")
        elif error is None:
            waiting.set_result(None)
        else:
            waiting.set_exception(error)

    def _commit(self, pending: list[Write]) -> sqlite3.Error | None:
        try:
            self._connection.execute("BEGIN")
            for statement, rows in groupby(pending, key=lambda write: write[0]):
                self._connection.executemany(statement, [values for _, values in rows])
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            return error
        return None

    def read(self, query: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query, what is still waiting to be written included."""
        self.flush()
        return self._connection.execute(query, values).fetchall()

    def close(self) -> None:
        """Commit the rest and fold the log into the data file."""
        self.flush()
        self._connection.close()
