"""The visit for the phone's calendar (RFC 5545)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

#: How long a visit is taken to last; the clinic's systems rarely say.
LASTS = timedelta(minutes=30)
_MOST_OCTETS = 75


def visit_calendar(
    *,
    uid: str,
    start: datetime,
    version: int,
    title: str,
    place: str,
    now: datetime,
    cancelled: bool,
) -> str:
    """One event. `version` grows with every change, so that a calendar knows which of two is the newer."""
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//sms-service//leaflet//EN",
        "CALSCALE:GREGORIAN",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{_instant(now)}",
        f"SEQUENCE:{version}",
        f"DTSTART:{_instant(start)}",
        f"DTEND:{_instant(start + LASTS)}",
        f"SUMMARY:{_text(title)}",
        *((f"LOCATION:{_text(place)}",) if place else ()),
        f"STATUS:{'CANCELLED' if cancelled else 'CONFIRMED'}",
        "CLASS:PRIVATE",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(words: str) -> str:
    """A TEXT value (3.3.11): what ends a value is escaped."""
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n")):
        words = words.replace(plain, escaped)
    return "".join(c for c in words if c >= " " and c != "\x7f")


def _folded(line: str) -> str:
    """A content line of at most 75 octets, continued after a space (3.1); no character is cut in two."""
    parts, held, size = [], "", 0
    for c in line:
        octets = len(c.encode())
        if size + octets > _MOST_OCTETS:
            parts.append(held)
            held, size = " ", 1
        held, size = held + c, size + octets
    return "\r\n".join([*parts, held])
