"""Draw one phone: who holds it, its texts, and the box in which its holder answers."""

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from sms_service.sandbox.message import Message
from sms_service.sandbox.page_bubble import thread
from sms_service.sandbox.page_language import direction, language_of, name_of
from sms_service.sandbox.phonebook import Phone

_FOLDER = Path(__file__).parent
_PHONE: Final = Template((_FOLDER / "page_phone.html").read_text("utf-8"))
_COMPOSER: Final = Template((_FOLDER / "page_composer.html").read_text("utf-8"))
_NOBODY: Final = '<p class="composer nobody">Nobody to answer: this phone has received no text yet.</p>'
_NORTH_AMERICAN = re.compile(r"\+1(\d{3})(\d{3})(\d{4})")
_HUES = 8

#: Where a phone's form carries on what was searched for. Texts are escaped, so none can contain it.
SEARCHED: Final = "<!--searched-->"


def phone_id(number: str) -> str:
    """Return the id of a phone's element, which is also the fragment of its address."""
    return f"p-{number.removeprefix('+')}"


def phone_card(phone: Phone, conversation: Sequence[Message]) -> str:
    """Draw a phone with its newest texts, oldest first; SEARCHED is left for the page to fill."""
    name, *details = [part.strip() for part in phone.label.split(" · ")]
    language = phone.language or ""
    number = _spaced(phone.number)
    facts = [number if name else "No name yet", *(detail for detail in details if detail != language)]
    named = escape(name or number)
    answerable = phone.received or any(message.direction != "inbound" for message in conversation)
    return _PHONE.substitute(
        id=escape(phone_id(phone.number)),
        hue=sum(map(ord, phone.number)) % _HUES,
        initial=escape(name[:1].upper() or "#"),
        name=named,
        facts=escape(" · ".join(facts)),
        language=f'<p class="chip">{escape(name_of(language))}</p>' if language else "",
        thread=thread(conversation, phone),
        composer=_composer(phone, named) if answerable else _NOBODY,
    )


def _composer(phone: Phone, named: str) -> str:
    return _COMPOSER.substitute(
        number=escape(phone.number),
        name=named,
        lang=escape(language_of("", phone.language)),
        # What is typed decides, unless the phone's own direction shows where to begin.
        dir="rtl" if direction("", phone.dir, phone.language) == "rtl" else "auto",
        searched=SEARCHED,
    )


def _spaced(number: str) -> str:
    return _NORTH_AMERICAN.sub(r"+1 \1 \2 \3", number)
