"""Reads a text as its patient does: what is it about, and which time does it name?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

_TOLD = re.compile(r"(?:When|Fecha|on this date|en esta fecha): (?P<day>.+?), (?P<clock>\d{1,2}:\d{2}.*)")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})\D*?([apAP])\.?\s?[mM]")
_LINK = re.compile(r"https?://\S+/l/\w+")
_NOON = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The time a text names; texts leave the year out."""

    month: int
    day: int
    hour: int
    minute: int

    def is_at(self, wall: datetime) -> bool:
        """Whether it names this wall time."""
        return (self.month, self.day, self.hour, self.minute) == (
            wall.month,
            wall.day,
            wall.hour,
            wall.minute,
        )

    def is_one_of(self, walls: Iterable[datetime]) -> bool:
        """Whether it names one of these."""
        return any(self.is_at(wall) for wall in walls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a text is: a step, an answer (of provider or clinic), or words the judge does not know."""

    step: str | None = None
    answer: str | None = None
    by_provider: bool = False
    told: tuple[Told, ...] = ()
    """The times it names: several where visits of one day share a text."""

    @property
    def own(self) -> Told | None:
        """The time of the visit it belongs to: the first of its day."""
        return min(self.told, key=lambda told: (told.hour, told.minute), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """An instant, seen from the start of a visit or from its end."""

    anchor: str
    days: int = 0
    minutes: int = 0
    at: time | None = None

    def of(self, anchor: datetime) -> datetime:
        """The wall time that lies so far from the anchor's wall time."""
        if self.at is not None:
            return datetime.combine(anchor.date() + timedelta(days=self.days), self.at)
        return anchor + timedelta(days=self.days, minutes=self.minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What the judge expects of one kind of text."""

    name: str
    words: tuple[re.Pattern[str], ...]
    once: bool
    names: bool
    after: str | None
    due: Limit | None
    until: Limit | None


@cache
def steps() -> tuple[Step, ...]:
    """Every kind of text, in the order in which its words are tried."""
    return tuple(
        Step(
            name=entry["step"],
            words=tuple(_pattern(phrase) for phrase in entry["words"]),
            once=entry.get("once", False),
            names=entry.get("names", False),
            after=entry.get("after"),
            due=_limit(entry.get("due")),
            until=_limit(entry.get("until")),
        )
        for entry in _table()["steps"]
    )


@cache
def step_named(name: str) -> Step:
    """The step of this name."""
    return next(step for step in steps() if step.name == name)


@cache
def read(body: str) -> Read:
    """What a patient understands of a text."""
    provided = next((name for name, pattern in _providers() if pattern.search(body)), None)
    if provided is not None:
        return Read(answer=provided, by_provider=True)
    answer = next((name for name, pattern in _answers() if pattern.search(body)), None)
    told = _told(body)
    if answer is not None:
        return Read(answer=answer, told=told)
    found = next((step for step in steps() if any(words.search(body) for words in step.words)), None)
    return Read(step=found.name if found else None, told=told)


@cache
def _providers() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, _pattern(phrase)) for name, phrase in _table()["provider"])


@cache
def _answers() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, _pattern(phrase)) for name, *phrases in _table()["answers"] for phrase in phrases)


def carries(body: str, step: str) -> bool:
    """Whether a text of another step also does the work of this one."""
    return any(_pattern(phrase).search(body) for phrase in _table()["carries"].get(step, ()))


def linkless(body: str) -> str:
    """The words without the address of a page: two texts that differ in it alone say the same."""
    return _LINK.sub("", body)


def _told(body: str) -> tuple[Told, ...]:
    found = _TOLD.search(body)
    if found is None:
        return ()
    day = re.search(r"\d{1,2}", found["day"])
    month = next(
        (n for n, names in enumerate(_table()["months"], 1) if any(name in found["day"] for name in names)), 0
    )
    if day is None or not month:
        return ()
    return tuple(
        Told(
            month=month,
            day=int(day[0]),
            hour=int(hour) % _NOON + (_NOON if half in "pP" else 0),
            minute=int(minute),
        )
        for hour, minute, half in _CLOCK.findall(found["clock"])
    )


def _pattern(phrase: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in phrase.split(" … ")), re.DOTALL)


def _limit(entry: Mapping[str, Any] | None) -> Limit | None:
    if entry is None:
        return None
    at = time.fromisoformat(entry["at"]) if "at" in entry else None
    return Limit(anchor=entry["anchor"], days=entry.get("days", 0), minutes=entry.get("minutes", 0), at=at)


@cache
def _table() -> dict[str, Any]:
    return dict(yaml.safe_load(files(__package__).joinpath("words.yaml").read_text(encoding="utf-8")))
