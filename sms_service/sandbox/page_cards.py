"""Remember how each phone was drawn, so that only what changed is drawn and sent again."""

from dataclasses import dataclass
from typing import Any

from sms_service.sandbox.database import Database
from sms_service.sandbox.identifiers import request_id
from sms_service.sandbox.messages import Messages
from sms_service.sandbox.page_phone import phone_card
from sms_service.sandbox.phonebook import Phone, Phonebook

_TEXTS_ON_A_PHONE = 60
# All that can change about a text on a phone: that it is there, and how far it got.
_STATES = "SELECT id, status, error_code FROM messages WHERE phone = ? ORDER BY id DESC LIMIT ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A drawn phone; `changed_at` is the version in which it came to look like this."""

    html: str
    changed_at: int
    drawn_from: tuple[Any, ...]


class Cards:
    """Drawn phones by number, and versions of everything that can be seen."""

    def __init__(self, database: Database, messages: Messages, phonebook: Phonebook) -> None:
        self._database = database
        self._messages = messages
        self._phonebook = phonebook
        self._cards: dict[str, Card] = {}
        self._version = 0
        self._seen: tuple[int, int] | None = None
        # Versions begin anew with every start, so a tag must not match one of an earlier life.
        self._life = request_id()

    def tag(self) -> str:
        """Return the tag of what can be seen now; it costs nothing while nothing was written."""
        # A new phone is counted a moment after its first text was written.
        seen = (self._database.revision, sum(1 for _ in self._phonebook))
        if seen != self._seen:
            self._seen = seen
            self._version += 1
        return f"{self._life}-{self._version}"

    def card(self, phone: Phone) -> Card:
        """Return the phone as it looks in the version of the last tag."""
        states = self._database.read(_STATES, (phone.number, _TEXTS_ON_A_PHONE))
        drawn_from = (phone.label, phone.language, phone.dir, *states)
        known = self._cards.get(phone.number)
        if known is not None and known.drawn_from == drawn_from:
            return known
        html = phone_card(phone, self._messages.conversation(phone.number, _TEXTS_ON_A_PHONE))
        card = Card(html=html, changed_at=self._version, drawn_from=drawn_from)
        self._cards[phone.number] = card
        return card

    def version_of(self, tag: str) -> int:
        """Return the version of a tag, 0 (before everything) for a tag of another life."""
        life, _, version = tag.rpartition("-")
        return int(version) if life == self._life and version.isdecimal() else 0
