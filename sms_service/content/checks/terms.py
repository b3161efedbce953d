"""What a text may not say, must say, and says in the same words everywhere."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from sms_service.content.checks.finding import Entry
from sms_service.domain.compose import PRIVACY, placeholders

_IN_BRACES = re.compile(r"\{[^{}]*\}")


def check_promises(entry: Entry) -> Iterator[tuple[str, str]]:
    """No word that sells, sets a price or promises: the list is the language's own."""
    for words in entry.strings:
        plain = _fold(words)
        for never in entry.glossary.never:
            if _has_word(plain, _fold(never)):
                yield "promise", f"says {never!r}, which sells, sets a price or promises; say it plainly"


def check_terms(entry: Entry) -> Iterator[tuple[str, str]]:
    """Where the source has a term of the glossary, the translation has its word for it."""
    source = _fold(" ".join(entry.variant.msgids))
    for name, term in entry.glossary.terms.items():
        plain = [_fold(words) for words in entry.strings]
        if _has_word(source, _fold(name)) and not all(
            any(_fold(use) in words for use in term.use) for words in plain
        ):
            yield "term", f"{name!r} is {' or '.join(term.use)} in the glossary; use it"
        for avoid in term.avoid:
            if any(_has_word(words, _fold(avoid)) for words in plain):
                yield "term", f"says {avoid!r}; the glossary has {term.use[0]!r} for {name!r}"


def check_danger(entry: Entry) -> Iterator[tuple[str, str]]:
    """Aftercare names what to call for, and the emergency number, as its last words of care."""
    if entry.step is None or entry.step.id != "aftercare":
        return
    needed = {"emergency"} if entry.variant.when.get(PRIVACY) == 0 else {"emergency", "phone"}
    for words in entry.strings:
        try:
            missing = needed - set(placeholders(words))
        except ValueError:
            return  # the check of placeholders says it
        for name in sorted(missing):
            yield "danger", f"aftercare without {{{name}}}: say whom to call, and for what"
    if "911" not in entry.variant.sources:
        yield "danger", "aftercare without the signs of an emergency (source 911); add the line"


def _fold(words: str) -> str:
    return unicodedata.normalize("NFC", _IN_BRACES.sub(" ", words)).casefold()


def _has_word(plain: str, word: str) -> bool:
    """Whole words where the script has spaces; anywhere in it where it has none."""
    if not word.isascii() and unicodedata.name(word[0], "").startswith(
        ("CJK", "HIRAGANA", "KATAKANA", "HANGUL")
    ):
        return word in plain
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", plain) is not None
