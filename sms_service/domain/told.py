"""What already happened to a visit's texts, and what the patient therefore believes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sms_service.domain.pathway import Tells


@dataclass(frozen=True, slots=True, kw_only=True)
class Already:
    """One text that reached *sending* (or, with `pending`, one planned for another visit of the patient).

    `at` is the moment of sending, or the planned one; `start` the visit's start (UTC) in force then.
    """

    step: str
    at: datetime
    occasion: int = 0
    merged: tuple[str, ...] = ()
    pathway: str = ""
    start: datetime | None = None
    tells: Tells | None = None
    counts: bool = False
    answered: bool = False
    undelivered: bool = False
    own: bool = True
    """Sent for this very visit; else for one that it replaces, or for another visit of the patient."""
    same_chain: bool = True
    """Part of this visit's story (its own, or of the visit it replaces), not only of the patient's caps."""
    pending: bool = False

    def carries(self, step: str) -> bool:
        """Whether the text is, or has merged into it, that step."""
        return step == self.step or step in self.merged


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The patient's belief about the visit: `start` (UTC) is when they think it is."""

    texted: bool = False
    cancelled: bool = False
    start: datetime | None = None
    since: datetime | None = None
    """When a text last changed that belief; None while none did."""


def chain(already: Iterable[Already]) -> list[Already]:
    """The texts of this visit's story that reached sending, oldest first."""
    return sorted((a for a in already if a.same_chain and not a.pending), key=lambda a: a.at)


def told(already: Iterable[Already]) -> Told:
    """Fold the texts that may have arrived into what the patient believes.

    While no text named a time, the patient is taken to know the one in force at the first text. That another
    visit of the same day is off says nothing of this one.
    """
    arrived = [text for text in chain(already) if not text.undelivered]
    if not arrived:
        return Told()
    named = [text for text in arrived if text.tells is not None]
    start, cancelled, since = arrived[0].start, False, None
    for text in named:
        off = text.tells is Tells.CANCELLED
        if off and not text.own and text.start != start:
            continue
        if off != cancelled or (not off and text.start != start):
            since = text.at
        start, cancelled = (start if off else text.start), off
    return Told(texted=True, cancelled=cancelled, start=start, since=since)


def next_occasion(already: Iterable[Already], step: str) -> int:
    """The counter for the next time a repeatable step is told; it moves only when one reached sending."""
    return max((a.occasion + 1 for a in already if a.own and not a.pending and a.step == step), default=0)
