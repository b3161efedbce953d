"""Advice on which sources disagree: the clinic chooses, and what it has not chosen is the safe default."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

Choice = str | int | bool

#: The choices for each disputed point, the safe default first. Each has whole texts of its own; a point
#: with one choice alone has one wording that is safe for every clinic.
DISPUTED: Mapping[str, tuple[Choice, ...]] = {
    "blood_thinners": ("tell_us",),
    "pain_pills": ("ask_us",),
    "cold": ("first_day", "either"),
    "rest_days": (3, 1, 2, 4),
    "driving": ("ask", "ride"),
    "food": ("usual", "light", "fast"),
}
#: From which temperature in °C a patient should call: default, least, most.
FEVER_C = (38.0, 37.5, 38.5)


def advice(chosen: Mapping[str, Choice]) -> dict[str, Choice]:
    """Every disputed point with the clinic's choice. Raises ValueError for one that has no texts."""
    for point, choice in chosen.items():
        if point not in DISPUTED:
            raise ValueError(f"advice.{point} is not known; there are {', '.join(DISPUTED)}")
        if choice not in DISPUTED[point]:
            choices = ", ".join(str(each) for each in DISPUTED[point])
            raise ValueError(f"advice.{point} has texts for {choices} only")
    return {point: chosen.get(point, choices[0]) for point, choices in DISPUTED.items()}


@cache
def fever(celsius: float) -> str:
    """The limit as a patient reads it, in both units: `100.4 F (38 C)`. Raises ValueError out of range."""
    _, least, most = FEVER_C
    if not least <= celsius <= most:
        raise ValueError(f"advice fever_c must be between {least:g} and {most:g}")
    return f"{celsius * 9 / 5 + 32:.1f} F ({celsius:g} C)"
