"""The table of messages: everything that is read from it or written to it."""

from dataclasses import fields
from operator import attrgetter
from typing import Any

from sms_service.sandbox.database import Database, Write
from sms_service.sandbox.listing import Listing
from sms_service.sandbox.message import Message
from sms_service.sandbox.statuses import FINAL

_NAMES = tuple(field.name for field in fields(Message))
_FLAGS = tuple(field.name for field in fields(Message) if field.type is bool)
_COLUMNS = ", ".join(_NAMES)
_MARKS = ", ".join("?" for _ in _NAMES)
_row = attrgetter(*_NAMES)
# Only names from the dataclass above enter these statements.
_INSERT = f"INSERT INTO messages ({_COLUMNS}) VALUES ({_MARKS})"  # noqa: S608
_SELECT = f"SELECT {_COLUMNS} FROM messages"  # noqa: S608
_MOVE = "UPDATE messages SET status = ?, error_code = ?, sent_at = ?, updated_at = ? WHERE id = ?"


def _message(row: tuple[Any, ...]) -> Message:
    values = dict(zip(_NAMES, row, strict=True))
    for flag in _FLAGS:
        values[flag] = bool(values[flag])
    return Message(**values)


def added(message: Message) -> Write:
    """Write a new message."""
    return _INSERT, _row(message)


def moved(message: Message) -> Write:
    """Write the present state of a message that moved on."""
    state = (message.status, message.error_code, message.sent_at, message.updated_at)
    return _MOVE, (*state, message.id)


class Messages:
    """Messages by id (the order of their creation), by SID and by phone."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last_id = int(database.read("SELECT coalesce(max(id), 0) FROM messages")[0][0])

    def next_id(self) -> int:
        """Number a message before it is written; the file has one writer, so a counter will do."""
        self._last_id += 1
        return self._last_id

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
        return self._one(f"{_SELECT} WHERE sid = ? AND NOT deleted", sid)

    def by_id(self, message_id: int) -> Message | None:
        """Return a message, deleted or not."""
        return self._one(f"{_SELECT} WHERE id = ?", message_id)

    def unfinished(self) -> list[Message]:
        """Return messages that a stopped sandbox left on the road."""
        final = ", ".join(f"'{status}'" for status in sorted(FINAL))
        query = f"{_SELECT} WHERE direction != 'inbound' AND status NOT IN ({final})"
        return [_message(row) for row in self._database.read(f"{query} AND status != goal ORDER BY id")]

    def listed(self, listing: Listing, created_before: float) -> list[Message]:
        """Return one page of the API's list, newest first, and one row more where the list goes on."""
        where, values = listing.conditions()
        order = "ASC" if listing.after_id is not None else "DESC"
        query = f"{_SELECT} WHERE NOT deleted AND created_at <= ? {where} ORDER BY id {order} LIMIT ?"
        rows = self._database.read(query, (created_before, *values, listing.page_size + 1))
        return [_message(row) for row in rows]

    def after(self, last_id: int, limit: int, phone: str | None, direction: str) -> list[Message]:
        """Return what came after an id, oldest first; direction is `outbound`, `inbound` or `all`."""
        wanted = {"outbound": "AND direction != 'inbound'", "inbound": "AND direction = 'inbound'"}
        values: list[object] = [last_id]
        where = f"WHERE id > ? {wanted.get(direction, '')}"
        if phone is not None:
            where += " AND phone = ?"
            values.append(phone)
        rows = self._database.read(f"{_SELECT} {where} ORDER BY id LIMIT ?", (*values, limit))
        return [_message(row) for row in rows]

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
        return self._one(
            f"{_SELECT} WHERE phone = ? AND direction != 'inbound' ORDER BY id DESC LIMIT 1", phone
        )

    def _one(self, query: str, value: str | int) -> Message | None:
        rows = self._database.read(query, (value,))
        return _message(rows[0]) if rows else None
