"""The table of messages: everything that is read from it or written to it."""

from dataclasses import fields
from operator import attrgetter
from typing import Any

from sms_service.sandbox.database import Database
from sms_service.sandbox.listing import Listing
from sms_service.sandbox.message import Message

_NAMES = tuple(field.name for field in fields(Message))
_COLUMNS = ", ".join(_NAMES)
_MARKS = ", ".join("?" for _ in _NAMES)
_row = attrgetter(*_NAMES)
# Only names from the dataclass above enter these statements.
_INSERT = f"INSERT INTO messages ({_COLUMNS}) VALUES ({_MARKS})"  # noqa: S608
_SELECT = f"SELECT {_COLUMNS} FROM messages"  # noqa: S608
_MOVE = "UPDATE messages SET status = ?, error_code = ?, sent_at = ?, updated_at = ? WHERE id = ?"


def _message(row: tuple[Any, ...]) -> Message:
    values = dict(zip(_NAMES, row, strict=True))
    values["redacted"] = bool(values["redacted"])
    values["deleted"] = bool(values["deleted"])
    return Message(**values)


class Messages:
    """Messages by id (the order of their creation), by SID and by phone."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last_id = int(database.read("SELECT coalesce(max(id), 0) FROM messages")[0][0])

    def next_id(self) -> int:
        """Number a message before it is written; the file has one writer, so a counter will do."""
        self._last_id += 1
        return self._last_id

    async def add(self, message: Message) -> None:
        """Store a new message; return when it would survive a kill."""
        await self._database.write(_INSERT, _row(message))

    async def move(self, *messages: Message) -> None:
        """Store the present state of messages that moved on."""
        rows = [(m.status, m.error_code, m.sent_at, m.updated_at, m.id) for m in messages]
        await self._database.write(_MOVE, *rows)

    async def redact(self, message: Message) -> None:
        """Blank the body in the API, not on the phone."""
        await self._database.write("UPDATE messages SET redacted = 1 WHERE id = ?", (message.id,))

    async def delete(self, message: Message) -> None:
        """Hide the message from the API, not from the phone."""
        await self._database.write("UPDATE messages SET deleted = 1 WHERE id = ?", (message.id,))

    async def clear(self) -> None:
        """Forget every message; ids go on rising, so that old cursors stay behind."""
        await self._database.write("DELETE FROM messages", ())

    def by_sid(self, sid: str) -> Message | None:
        """Return what the API would show, or None if unknown or deleted."""
        rows = self._database.read(f"{_SELECT} WHERE sid = ? AND NOT deleted", (sid,))
        return _message(rows[0]) if rows else None

    def unfinished(self) -> list[Message]:
        """Return messages that a stopped sandbox left on the road."""
        query = f"{_SELECT} WHERE direction != 'inbound' AND status NOT IN ('canceled', 'received')"
        return [_message(row) for row in self._database.read(f"{query} AND status != goal ORDER BY id")]

    def listed(self, listing: Listing, created_before: float) -> list[Message]:
        """Return one page of the API's list, newest first, and one row more if there is a next page."""
        where, values = listing.conditions()
        query = f"{_SELECT} WHERE NOT deleted AND created_at <= ? {where} ORDER BY id DESC LIMIT ?"
        rows = self._database.read(query, (created_before, *values, listing.page_size + 1))
        return [_message(row) for row in rows]

    def after(self, last_id: int, limit: int, phone: str | None, direction: str) -> list[Message]:
        """Return what came after an id, oldest first; direction is `outbound`, `inbound` or `all`."""
        wanted = {"outbound": "AND direction != 'inbound'", "inbound": "AND direction = 'inbound'"}
        where = f"WHERE id > ? AND (? IS NULL OR phone = ?) {wanted.get(direction, '')}"
        query = f"{_SELECT} {where} ORDER BY id LIMIT ?"
        return [_message(row) for row in self._database.read(query, (last_id, phone, phone, limit))]

    def conversation(self, phone: str, limit: int) -> list[Message]:
        """Return the newest texts of one phone in both directions, oldest first."""
        query = f"{_SELECT} WHERE phone = ? ORDER BY id DESC LIMIT ?"
        return [_message(row) for row in reversed(self._database.read(query, (phone, limit)))]

    def phones_saying(self, words: str) -> set[str]:
        """Return the phones with these words in a text."""
        pattern = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        query = "SELECT DISTINCT phone FROM messages WHERE body LIKE ? ESCAPE '\\'"
        return {str(row[0]) for row in self._database.read(query, (pattern,))}

    def by_phone(self) -> list[tuple[str, int, int, int]]:
        """Return number, received texts, sent texts and newest id of every phone, first comers first."""
        query = (
            "SELECT phone, sum(direction != 'inbound'), sum(direction = 'inbound'), max(id)"
            " FROM messages GROUP BY phone ORDER BY min(id)"
        )
        return [(str(p), int(r), int(s), int(n)) for p, r, s, n in self._database.read(query)]

    def last_to(self, phone: str) -> Message | None:
        """Return the newest text that the phone received; it tells whom a reply goes to."""
        query = f"{_SELECT} WHERE phone = ? AND direction != 'inbound' ORDER BY id DESC LIMIT 1"
        rows = self._database.read(query, (phone,))
        return _message(rows[0]) if rows else None
