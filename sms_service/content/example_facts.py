"""Facts to try texts with: an ordinary clinic, and the longest facts that a text has to have room for."""

from __future__ import annotations

from datetime import date, time, timedelta
from functools import cache

from sms_service.content.dates import write_date, write_times
from sms_service.domain.advice import FEVER_C, fever
from sms_service.domain.compose import as_sent
from sms_service.domain.segments import GSM7, measure

#: The longest of each that texts are checked with; a clinic that has longer ones pays for more segments.
LONGEST = {"clinic": 22, "program": 15, "phone": 14, "address": 36, "link": 44}

#: The link that preview, simulator and checks speak of.
EXAMPLE_LINK = "https://texts.example.org/l/4f7Kd2Qp9sXbT3mZ"

_YEAR = [date(2027, 1, 1) + timedelta(days=day) for day in range(365)]
_DAY = [time(hour, 30) for hour in range(8, 18)]


@cache
def example_facts(language: str) -> dict[str, str]:
    """A visit on Thursday, May 20 at 9:30."""
    return {
        "clinic": "Cedar Pain Clinic",
        "program": "Injection Guide",
        "phone": "(555) 010-2000",
        "after_hours_phone": "(555) 010-2999",
        "emergency": "911",
        "crisis": "988",
        "date": write_date(date(2027, 5, 20), language),
        "time": write_times((time(9, 30),), language),
        "address": "12 River Street, Springfield",
        "arrive_early": "15",
        "count": "9",
        "offers": "English: EN / Español: ES / Tiếng Việt: VI / 中文: ZH",
        "answer": "7",
        "fever": fever(FEVER_C[0]),
        "link": EXAMPLE_LINK,
    }


@cache
def longest_facts(language: str) -> tuple[dict[str, str], ...]:
    """The longest facts in this language, any day of a year and two visits on it; and the dearest.

    They differ where a shorter date has the only letter outside GSM-7.
    """
    dates = {max((write_date(day, language) for day in _YEAR), key=key) for key in (_length, _cost)}
    return tuple(_longest(language, day) for day in sorted(dates))


def _longest(language: str, day: str) -> dict[str, str]:
    times = max((write_times((at,), language) for at in _DAY), key=len)
    return {
        **example_facts(language),
        "clinic": "W" * LONGEST["clinic"],
        "program": "W" * LONGEST["program"],
        "phone": "(555) 010-2000",
        "address": "W" * LONGEST["address"],
        "date": day,
        "time": f"{times}, {times}",
        "count": "10",
        "answer": "10",
        "offers": "Español: ES / Tiếng Việt: VI / Русский: RU / Kreyòl ayisyen: HT",
        "link": "https://texts.example.org/l/" + "W" * (LONGEST["link"] - 28),
    }


def _length(fact: str) -> int:
    return len(as_sent(fact))


def _cost(fact: str) -> tuple[bool, int]:
    """One letter outside GSM-7 costs more than any length."""
    size = measure(as_sent(fact))
    return size.encoding != GSM7, size.units
