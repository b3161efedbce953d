"""How a text is written: script, left-over English, direction, and characters that cost or confuse."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from sms_service.content.checks.finding import Entry

_IN_BRACES = re.compile(r"\{[^{}]*\}")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
#: Words that stay Latin in every language: what a patient may text, and what phones call it.
_STAYS_LATIN = frozenset({"STOP", "HELP", "START", "SMS", "MMS", "F", "C"})
#: Words that a language writes with one Latin letter, and in no other way.
_WITH_LATIN = re.compile("X(?=[\u5149\u7dda\u7ebf\uc120])")  # X-ray in Chinese, Japanese and Korean
_NAMES: Mapping[str, tuple[str, ...]] = {
    "Latn": ("LATIN",),
    "Cyrl": ("CYRILLIC",),
    "Arab": ("ARABIC",),
    "Deva": ("DEVANAGARI",),
    "Kore": ("HANGUL",),
    "Jpan": ("HIRAGANA", "KATAKANA", "CJK", "KATAKANA-HIRAGANA"),
    "Hans": ("CJK",),
    "Hant": ("CJK",),
}
#: A character set of the language's own tells simplified from traditional characters.
_CHARSETS = {"zh_Hans": "gb2312", "zh_Hant": "big5", "ja": "shift_jis"}
#: Letters of the neighbor that look alike: Arabic for Persian, Persian for Arabic.
_NEIGHBORS = {"fa": "يكىة", "ar": "یکھ"}
_OPENS, _CLOSES, _OVERRIDES = "\u2066\u2067\u2068", "\u2069", "\u202a\u202b\u202c\u202d\u202e"
#: Typography and spaces that turn a cheap text into a dear one, or that no reader can see.
_COSTLY = {
    "\u00a0": "a no-break space", "\u202f": "a narrow no-break space", "\u2009": "a thin space",
    "\u2019": "a curly apostrophe", "\u2018": "a curly quote", "\u201c": "a curly quote",
    "\u201d": "a curly quote", "\u2013": "a dash", "\u2014": "a dash", "\u2026": "an ellipsis",
    "\u00ad": "a soft hyphen", "\u200b": "a zero-width space", "\ufeff": "a byte order mark",
    "\t": "a tab", "\u00b0": "a degree sign",
}  # fmt: skip
_JOINERS = "\u200c\u200d"
_JOINED_SCRIPTS = frozenset({"Arab", "Deva"})
_ENGLISH_RUN = 3


def check_script(entry: Entry) -> Iterator[tuple[str, str]]:
    """Letters of the language's own script alone, and of its own kind where two share one."""
    for words in entry.strings:
        plain = _WITH_LATIN.sub("", _IN_BRACES.sub(" ", words))
        for word in _WORD.findall(plain):
            if word in _STAYS_LATIN:
                continue
            strange = next((c for c in word if c != "'" and not _belongs(c, entry.script)), None)
            if strange:
                yield "script", f"{word!r} is not written in {entry.script}: {unicodedata.name(strange, '?')}"
        charset = _CHARSETS.get(entry.locale)
        for c in dict.fromkeys(plain):
            if charset and unicodedata.name(c, "").startswith("CJK") and not _encodes(c, charset):
                yield "script", f"{c} is no character of {entry.locale}; write it as its readers do"
            if c in _NEIGHBORS.get(entry.locale, ""):
                yield "script", f"{c} ({unicodedata.name(c, '?')}) belongs to a neighbor of {entry.locale}"


def check_english(entry: Entry) -> Iterator[tuple[str, str]]:
    """No run of words that stand in the source in the same way."""
    if entry.is_source:
        return
    source = _plain_words(" ".join(entry.variant.msgids))
    runs = {tuple(source[i : i + _ENGLISH_RUN]) for i in range(len(source) - _ENGLISH_RUN + 1)}
    for words in entry.strings:
        own = _plain_words(words)
        for i in range(len(own) - _ENGLISH_RUN + 1):
            run = tuple(own[i : i + _ENGLISH_RUN])
            if run in runs:
                yield "english", f"{' '.join(run)!r} is still English; translate it"
                break


def check_direction(entry: Entry) -> Iterator[tuple[str, str]]:
    """Isolates are closed, nothing overrides, and a right-to-left line begins with such a letter."""
    for words in entry.strings:
        depth = 0
        for c in words:
            depth += (c in _OPENS) - (c in _CLOSES)
            if depth < 0:
                break
        if depth:
            yield "direction", "opens and closes isolates unevenly; close each one on its line"
        if any(c in _OVERRIDES for c in words):
            yield "direction", "holds an embedding or override; facts are isolated by themselves, take it out"
        if not entry.right_to_left:
            continue
        for line in words.split("\n"):
            if not _IN_BRACES.sub("", line).strip():
                continue  # a fact alone
            first = next((c for c in line if c.isalpha() or c == "{"), " ")
            if unicodedata.bidirectional(first) not in {"R", "AL"}:
                yield (
                    "direction",
                    "a line begins with a fact or a Latin letter; begin it with a word of your own",
                )


def check_characters(entry: Entry) -> Iterator[tuple[str, str]]:
    """Composed form, plain quotes, dashes and spaces, and nothing that cannot be seen."""
    for words in entry.strings:
        if words != unicodedata.normalize("NFC", words):
            yield "characters", "is not in composed form (NFC); save it again in that form"
        for c in dict.fromkeys(words):
            if c in _COSTLY:
                yield "characters", f"holds {_COSTLY[c]} (U+{ord(c):04X}); write the plain character"
            elif c in _JOINERS and entry.script not in _JOINED_SCRIPTS:
                yield "characters", f"holds an invisible joiner (U+{ord(c):04X}); take it out"
        if "  " in words or words != words.strip() or re.search(r" \n|\n ", words):
            yield "characters", "has a space too many; take it out"
        if words.count("\n") != entry.variant.text.count("\n"):
            yield "lines", "has another number of lines than the source; keep each line break where it is"


def _belongs(c: str, script: str) -> bool:
    name = unicodedata.name(c, "")
    return name.startswith(_NAMES.get(script, ("LATIN",))) or unicodedata.category(c) in {"Lm", "Mn", "Mc"}


def _encodes(c: str, charset: str) -> bool:
    try:
        c.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _plain_words(words: str) -> list[str]:
    return [w.casefold() for w in _WORD.findall(_IN_BRACES.sub(" . ", words)) if w not in _STAYS_LATIN]
