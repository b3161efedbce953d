"""The phones: who they are, what they are called, and whom they no longer want to hear from.

Held in memory beside the data file, because every create asks it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from sms_service.sandbox.database import Database, Write
from sms_service.sandbox.message import Message
from sms_service.sandbox.messages import Messages

Dir = Literal["ltr", "rtl", "auto"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A phone; `received` and `sent` are counts from the phone's point of view, `last_id` its newest text."""

    number: str
    label: str = ""
    language: str | None = None
    dir: Dir = "auto"
    received: int = 0
    sent: int = 0
    last_id: int = 0


class Phonebook:
    """All phones by number."""

    def __init__(self, database: Database, messages: Messages) -> None:
        self._database = database
        self._phones: dict[str, Phone] = {}
        for number, label, language, direction in database.read(
            "SELECT phone, label, language, dir FROM labels"
        ):
            self._phones[number] = Phone(
                number=number, label=label, language=language, dir=direction or "auto"
            )
        for number, received, sent, last_id in messages.by_phone():
            self._phones[number] = replace(self[number], received=received, sent=sent, last_id=last_id)
        self._blocks = {(row[0], row[1]) for row in database.read("SELECT sender, phone FROM blocks")}

    def __getitem__(self, number: str) -> Phone:
        return self._phones.get(number) or Phone(number=number)

    def __iter__(self) -> Iterator[Phone]:
        """Go through the phones in the order they came up, which stays the same while texts arrive."""
        return iter(self._phones.values())

    def recent(self) -> list[Phone]:
        """Return all phones, those with the newest text first."""
        return sorted(self._phones.values(), key=lambda phone: -phone.last_id)

    def count(self, message: Message) -> None:
        """Note a new text in either direction."""
        phone = self[message.phone]
        inbound = message.direction == "inbound"
        self._phones[message.phone] = replace(
            phone,
            received=phone.received + (not inbound),
            sent=phone.sent + inbound,
            last_id=message.id,
        )

    async def label(self, number: str, label: str, language: str | None, direction: Dir) -> None:
        """Name a phone."""
        self._phones[number] = replace(self[number], label=label, language=language, dir=direction)
        statement = "INSERT OR REPLACE INTO labels (phone, label, language, dir) VALUES (?, ?, ?, ?)"
        await self._database.write(statement, (number, label, language, direction))

    def is_blocked(self, sender: str, phone: str) -> bool:
        """Tell whether the phone has opted out of this sender at the provider."""
        return (sender, phone) in self._blocks

    def opt_outs(self) -> list[tuple[str, str]]:
        """Return the pairs of sender and phone that are blocked, in the order of their numbers."""
        return sorted(self._blocks)

    def block(self, sender: str, phone: str) -> Write:
        """Opt the phone out of this sender; the caller sees to the write."""
        self._blocks.add((sender, phone))
        return "INSERT OR IGNORE INTO blocks (sender, phone) VALUES (?, ?)", (sender, phone)

    def unblock(self, sender: str, phone: str) -> Write:
        """Let this sender reach the phone again; the caller sees to the write."""
        self._blocks.discard((sender, phone))
        return "DELETE FROM blocks WHERE sender = ? AND phone = ?", (sender, phone)

    async def clear(self) -> None:
        """Forget every phone and every block."""
        self._phones.clear()
        self._blocks.clear()
        await self._database.write("DELETE FROM labels", ())
        await self._database.write("DELETE FROM blocks", ())
