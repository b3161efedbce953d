"""Which name a patient is called by, and what a practitioner is called."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sms_service.intake.fhir.datatypes import HumanName
from sms_service.intake.fhir.periods import current

#: By use: what a person is usually called before what is in the passport, a nickname last.
_RANK = {"usual": 0, "official": 1, "nickname": 3}
_PLAIN = 2
#: Names that are no longer the person's, or were never meant to be.
_NEVER = frozenset({"old", "maiden", "anonymous", "temp"})


def given_name(names: Iterable[HumanName], now: datetime) -> str | None:
    """The first given name of the best current name. A text of the whole name is never taken apart."""
    ranked = sorted(
        (name for name in names if name.use not in _NEVER and current(name.period, now)),
        key=lambda name: _RANK.get(name.use or "", _PLAIN),
    )
    for name in ranked:
        for given in name.given or ():
            if given and given.strip():
                return given.strip()
    return None


def full_name(names: Iterable[HumanName]) -> str | None:
    """A practitioner's name as written, else put together."""
    for name in names:
        parts = [*(name.prefix or ()), *(name.given or ()), name.family]
        said = name.text or " ".join(part for part in parts if part)
        if said.strip():
            return said.strip()
    return None
