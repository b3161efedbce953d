"""The direction and the language of a text, read from its own letters; a label only says what is usual."""

import re
import unicodedata
from functools import lru_cache
from typing import Final, Literal

from babel.core import Locale, UnknownLocaleError, get_global

Direction = Literal["ltr", "rtl"]

_LINK = re.compile(r"https?://\S+")
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL"})
_SCRIPTS: Final = get_global("likely_subtags")


@lru_cache(maxsize=512)
def name_of(tag: str) -> str:
    """Return the English name of a language such as `es` or `pt_BR`; the tag itself if nobody knows it."""
    locale = _locale(tag)
    return (locale.get_display_name("en") if locale else None) or tag


def direction(text: str, usual: str, language: str | None) -> Direction:
    """Return the direction in which most letters of a text run.

    Most, not the first: an Arabic text may begin with the clinic's Latin name. Where there are no
    letters, as in the answer "1", the phone's own `usual` direction decides (`auto`: its language's).
    """
    kinds = [unicodedata.bidirectional(letter) for letter in _LINK.sub("", text)]
    right, left = sum(kind in _RIGHT_TO_LEFT for kind in kinds), kinds.count("L")
    if right or left:
        return "rtl" if right > left else "ltr"
    if usual != "auto":
        return "rtl" if usual == "rtl" else "ltr"
    locale = _locale(language or "")
    return "rtl" if locale and locale.character_order == "right-to-left" else "ltr"


def language_of(text: str, language: str | None) -> str:
    """Return the BCP 47 tag of a text on a phone of this language; empty if its script says otherwise.

    A screen reader that reads STOP by the rules of Hindi is worse than one that was told nothing.
    """
    if not language:
        return ""
    letters = [letter for letter in _LINK.sub("", text) if letter.isalpha()]
    latin = sum(unicodedata.name(letter, "").startswith("LATIN") for letter in letters)
    foreign = latin < len(letters) / 2 if _is_latin(language) else latin == len(letters)
    return "" if letters and foreign else language.replace("_", "-")


def _is_latin(language: str) -> bool:
    tag = language.replace("-", "_")
    return "_Latn" in _SCRIPTS.get(tag, _SCRIPTS.get(tag.partition("_")[0], "_Latn"))


@lru_cache(maxsize=512)
def _locale(tag: str) -> Locale | None:
    try:
        return Locale.parse(tag.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return None
