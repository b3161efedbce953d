"""How a language is written: its script, its direction, what stands between two sentences."""

from __future__ import annotations

from functools import cache

from babel import Locale
from babel.core import get_global

#: Scripts that write sentences one after the other without a space.
_NO_SPACE = frozenset({"Hans", "Hant", "Jpan"})
_RIGHT_TO_LEFT = frozenset({"Arab", "Hebr", "Nkoo", "Syrc", "Thaa"})


@cache
def script_of(language: str) -> str:
    """ISO 15924 code, e.g. `Latn`, `Arab`, `Hans`, from CLDR."""
    locale = Locale.parse(language)
    if locale.script:
        return str(locale.script)
    return str(get_global("likely_subtags").get(locale.language, "und_Latn_ZZ").split("_")[1])


def right_to_left(language: str) -> bool:
    """Whether the language is written from right to left: asked of its script, which is quick to know."""
    return script_of(language) in _RIGHT_TO_LEFT


@cache
def sentence_space(language: str) -> str:
    """What stands between two sentences of a line."""
    return "" if script_of(language) in _NO_SPACE else " "
