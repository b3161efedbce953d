"""Draw phones and bubbles as HTML; every text is escaped here and nowhere else."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from sms_service.sandbox.errors import carrier_error
from sms_service.sandbox.message import Message
from sms_service.sandbox.phonebook import Phone

_FOLDER = Path(__file__).parent
_PHONE: Final = Template((_FOLDER / "phone.html").read_text("utf-8"))
_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")
_NORTH_AMERICAN = re.compile(r"\+1(\d{3})(\d{3})(\d{4})")
_HUES = 8

_TICKS: Final = {
    "accepted": ("wait", "accepted"),
    "scheduled": ("wait", "scheduled"),
    "queued": ("wait", "queued"),
    "sending": ("wait", "sending"),
    "sent": ("tick", "sent"),
    "delivered": ("ticks", "delivered"),
    "canceled": ("cross", "cancelled"),
    "undelivered": ("cross", "not delivered"),
    "failed": ("cross", "failed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """A phone and the conversation on it, oldest first."""

    phone: Phone
    conversation: Sequence[Message]


def phones(screens: Iterable[Screen], query: str) -> str:
    """Draw all screens; `query` comes back with a reply, so that a search outlives it."""
    return "".join(_phone(screen, query) for screen in screens)


def shown_moment(shown_at: str | None, created_at: float) -> datetime:
    """Return the label, or real time in UTC where there is none."""
    return datetime.fromisoformat(shown_at) if shown_at else datetime.fromtimestamp(created_at, UTC)


def day(moment: datetime) -> str:
    """Write a date such as `Tue 1 Dec 2026`."""
    return f"{moment:%a} {moment.day} {moment:%b %Y}"


def _phone(screen: Screen, query: str) -> str:
    phone = screen.phone
    name, *details = [part.strip() for part in phone.label.split(" · ")]
    language = phone.language or ""
    facts = [_spaced(phone.number), *(detail for detail in details if detail != language)]
    return _PHONE.substitute(
        id=escape(phone.number.removeprefix("+")),
        number=escape(phone.number),
        hue=sum(map(ord, phone.number)) % _HUES,
        initial=escape(name[:1].upper() or "#"),
        name=escape(name or _spaced(phone.number)),
        facts=escape(" · ".join(facts if name else facts[1:]) or "no name yet"),
        language=f'<span class="chip" title="Language">{escape(language)}</span>' if language else "",
        lang=escape(language),
        dir=escape(phone.dir),
        thread=_thread(screen.conversation, phone),
        query=escape(query),
    )


def _thread(conversation: Sequence[Message], phone: Phone) -> str:
    parts, last_day = [], ""
    for message in conversation:
        moment = shown_moment(message.shown_at, message.created_at)
        today = day(moment)
        if today != last_day:
            parts.append(f'<li class="day"><time datetime="{moment:%Y-%m-%d}">{escape(today)}</time></li>')
            last_day = today
        parts.append(_bubble(message, moment, phone))
    return "".join(parts) or '<li class="empty">No texts yet</li>'


def _bubble(message: Message, moment: datetime, phone: Phone) -> str:
    mine = message.direction == "inbound"
    icon, word = _TICKS.get(message.status, ("tick", message.status))
    refused = icon == "cross"
    classes = "bubble mine" if mine else "bubble lost" if refused else "bubble"
    size = f"{message.segments} segment{'s' if message.segments != 1 else ''}"
    facts = [f'<time datetime="{escape(moment.isoformat())}">{moment:%H:%M}</time>']
    facts += [f"<span>{size}</span>", f"<span>{message.encoding}</span>"]
    state = "" if mine else _state(icon, word, message.error_code, in_words=refused)
    language = f' lang="{escape(phone.language)}"' if phone.language else ""
    return (
        f'<li class="{classes}" data-id="{message.id}">'
        f'<p dir="{escape(phone.dir)}"{language}>{_linked(message.body)}</p>'
        f'<footer class="meta">{"".join(facts)}{state}</footer></li>'
    )


def _state(icon: str, word: str, error_code: int | None, *, in_words: bool) -> str:
    reason = carrier_error(error_code)
    title = f"{word}: {error_code} {reason}" if reason else word
    said = f"{word} · {error_code}" if error_code else word
    spoken = said if in_words else f'<span class="hidden">{word}</span>'
    drawing = f'<svg aria-hidden="true"><use href="#{icon}"/></svg>'
    return f'<span class="state {icon}" title="{escape(title)}">{drawing}{spoken}</span>'


def _linked(body: str) -> str:
    parts, end = [], 0
    for found in _LINK.finditer(body):
        parts.append(escape(body[end : found.start()]))
        url = escape(found.group())
        parts.append(f'<a href="{url}" target="_blank" rel="noopener noreferrer">{url}</a>')
        end = found.end()
    return "".join(parts) + escape(body[end:])


def _spaced(number: str) -> str:
    return _NORTH_AMERICAN.sub(r"+1 \1 \2 \3", number)
