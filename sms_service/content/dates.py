"""Dates and times as a patient of that language reads them (CLDR through Babel)."""

from __future__ import annotations

import re
from datetime import date, time
from functools import cache, lru_cache

from babel import Locale
from babel.dates import format_date, format_time, match_skeleton

_ABBREVIATED_DAY = re.compile(r"(?<![A-Za-z'])(?:E+|ccc+)(?![A-Za-z])")
_ABBREVIATED_MONTH = re.compile(r"(?<![A-Za-z'])(?:MMM|LLL)(?![A-Za-z])")
#: Whose clock habits a language's readers here share: the clock of 12 hours for Spanish in the US.
_CLOCKS = {"en": "en_US", "es": "es_US"}


@lru_cache(maxsize=4096)
def write_date(day: date, language: str) -> str:
    """Weekday and month spelled out, no year: `Thursday, May 20`, `jueves, 20 de mayo`."""
    return str(format_date(day, format=_day_pattern(language), locale=Locale.parse(language)))


@lru_cache(maxsize=4096)
def write_times(times: tuple[time, ...], language: str) -> str:
    """Clock times, joined by commas when there are several: `9:30 AM, 2:00 PM`."""
    locale = Locale.parse(_CLOCKS.get(language, language))
    return ", ".join(str(format_time(at, "short", locale=locale)) for at in times)


@cache
def _day_pattern(language: str) -> str:
    """CLDR's own pattern for weekday, month and day, widened: its skeletons abbreviate the weekday."""
    skeletons = Locale.parse(language).datetime_skeletons
    matched = match_skeleton("MMMMEEEEd", skeletons)
    if matched is None:
        raise LookupError(f"CLDR has no pattern of weekday, month and day for {language}")
    pattern = skeletons[matched].pattern
    return _ABBREVIATED_MONTH.sub("MMMM", _ABBREVIATED_DAY.sub("EEEE", pattern))
