"""Draw one text as a bubble: its words, when, how large, and how far it got."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final

from sms_service.sandbox.errors import carrier_error
from sms_service.sandbox.message import Message
from sms_service.sandbox.page_language import direction, language_of
from sms_service.sandbox.phonebook import Phone

_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")
_LOST: Final = "cross"
#: status at the provider: (drawing, word); the drawings differ in shape, not in colour alone
_TICKS: Final = {
    "accepted": ("wait", "accepted"),
    "scheduled": ("wait", "scheduled"),
    "queued": ("wait", "queued"),
    "sending": ("wait", "sending"),
    "sent": ("tick", "sent"),
    "delivered": ("ticks", "delivered"),
    "canceled": (_LOST, "cancelled"),
    "undelivered": (_LOST, "not delivered"),
    "failed": (_LOST, "failed"),
}


def shown_moment(shown_at: str | None, created_at: float) -> datetime:
    """Return the label, or real time in UTC where there is none."""
    return datetime.fromisoformat(shown_at) if shown_at else datetime.fromtimestamp(created_at, UTC)


def day(moment: datetime) -> str:
    """Write a date such as `Tue 1 Dec 2026`."""
    return f"{moment:%a} {moment.day} {moment:%b %Y}"


def thread(conversation: Sequence[Message], phone: Phone) -> str:
    """Draw the texts of a phone, oldest first, a date above the first of each day."""
    return "".join(_bubbles(conversation, phone)) or '<li class="empty" data-key="empty">No texts yet</li>'


def _bubbles(conversation: Sequence[Message], phone: Phone) -> Iterator[str]:
    last_day = ""
    for message in conversation:
        moment = shown_moment(message.shown_at, message.created_at)
        if (today := day(moment)) != last_day:
            # The key is what the script tells bubbles apart by; label time may return to a day.
            date = f'<time datetime="{moment:%F}">{today}</time>'
            yield f'<li class="day" data-key="before-{message.id}">{date}</li>'
            last_day = today
        yield _bubble(message, moment, phone)


def _bubble(message: Message, moment: datetime, phone: Phone) -> str:
    mine = message.direction == "inbound"
    icon, word = _TICKS.get(message.status, ("tick", message.status))
    size = f"{message.segments} segment{'s' if message.segments != 1 else ''}"
    tag = language_of(message.body, phone.language)
    language = f' lang="{escape(tag)}"' if tag else ""
    look = "mine" if mine else "theirs lost" if icon == _LOST else "theirs"
    return (
        f'<li class="bubble {look}" data-key="{message.id}">'
        f'<span class="hidden">{"Patient:" if mine else "Clinic:"}</span>'
        f'<p dir="{direction(message.body, phone.dir, phone.language)}"{language}>{_linked(message.body)}</p>'
        f'<div class="meta"><time datetime="{escape(moment.isoformat())}">{moment:%H:%M}</time>'
        f"<span>{size}</span><span>{message.encoding}</span>"
        f"{'' if mine else _state(icon, word, message.error_code)}</div></li>"
    )


def _state(icon: str, word: str, error_code: int | None) -> str:
    drawing = f'<svg aria-hidden="true"><use href="#{icon}"/></svg>'
    if icon != _LOST:
        return f'<span class="state {icon}" title="{word}">{drawing}<span class="hidden">{word}</span></span>'
    reason = f": {error_code} {carrier_error(error_code)}" if error_code else ""
    return f'<span class="state {icon}">{drawing}{escape(word.capitalize() + reason)}</span>'


def _linked(body: str) -> str:
    parts, end = [], 0
    for found in _LINK.finditer(body):
        parts.append(escape(body[end : found.start()]))
        url = escape(found.group())
        parts.append(f'<a href="{url}" target="_blank" rel="noopener noreferrer">{url}</a>')
        end = found.end()
    return "".join(parts) + escape(body[end:])
