"""Dates and times as readers of a language write them: CLDR through Babel, and `locales/*/dates.yaml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time
from functools import cache, lru_cache

from babel import Locale
from babel.dates import format_date, format_time, match_skeleton

from sms_service.content.errors import ContentError
from sms_service.content.places import locales_dir
from sms_service.content.yaml_files import read_yaml

_ABBREVIATED_DAY = re.compile(r"(?<![A-Za-z'])(?:E+|ccc+)(?![A-Za-z])")
_ABBREVIATED_MONTH = re.compile(r"(?<![A-Za-z'])(?:MMM|LLL)(?![A-Za-z])")
_PERIOD = re.compile(r"(?<![A-Za-z'])a+(?![A-Za-z])")
_WEEKDAYS, _MONTHS = 7, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class _Style:
    """What `dates.yaml` of a language says; all of it may be absent."""

    clock: str
    """The locale whose clock the readers share: of 12 hours for Spanish in the US."""
    period: str = "short"
    weekdays: tuple[str, ...] = ()
    """Monday first; own names where CLDR falls back to another language."""
    months: tuple[str, ...] = ()
    pattern: str = ""
    first: str = ""
    """How the first of a month is written, where not as 1."""


@lru_cache(maxsize=4096)
def write_date(day: date, language: str) -> str:
    """Weekday and month spelled out, no year: `Thursday, May 20`, `jueves, 20 de mayo`."""
    style = _style(language)
    if style.pattern:
        weekday, month = style.weekdays[day.weekday()], style.months[day.month - 1]
        number = style.first if day.day == 1 and style.first else str(day.day)
        return style.pattern.format(weekday=weekday, day=number, month=month)
    return str(format_date(day, format=_day_pattern(language), locale=Locale.parse(language)))


@lru_cache(maxsize=4096)
def write_times(times: tuple[time, ...], language: str) -> str:
    """Clock times, joined by commas when there are several: `9:30 AM, 2:00 PM`."""
    style = _style(language)
    locale = Locale.parse(style.clock)
    pattern = locale.time_formats["short"].pattern
    if style.period == "wide":
        pattern = _PERIOD.sub("aaaa", pattern)
    return ", ".join(str(format_time(at, pattern, locale=locale)) for at in times)


def load_dates(language: str) -> None:
    """Read what `dates.yaml` says now, so that it is checked at start and a later edit changes nothing."""
    _style(language)


@cache
def _day_pattern(language: str) -> str:
    """CLDR's own pattern for weekday, month and day, widened: its skeletons abbreviate the weekday."""
    skeletons = Locale.parse(language).datetime_skeletons
    matched = match_skeleton("MMMMEEEEd", skeletons)
    if matched is None:
        raise LookupError(f"CLDR has no pattern of weekday, month and day for {language}")
    pattern = skeletons[matched].pattern
    return _ABBREVIATED_MONTH.sub("MMMM", _ABBREVIATED_DAY.sub("EEEE", pattern))


@cache
def _style(language: str) -> _Style:
    path = locales_dir() / language / "dates.yaml"
    if not path.exists():
        return _Style(clock=language)
    raw = read_yaml(path)
    style = _Style(
        clock=str(raw.get("clock", language)),
        period=str(raw.get("period", "short")),
        weekdays=tuple(map(str, raw.get("weekdays") or ())),
        months=tuple(map(str, raw.get("months") or ())),
        pattern=str(raw.get("pattern") or ""),
        first=str(raw.get("first") or ""),
    )
    if style.pattern and (len(style.weekdays), len(style.months)) != (_WEEKDAYS, _MONTHS):
        raise ContentError(path, "pattern", "needs 7 `weekdays` (Monday first) and 12 `months`")
    return style
