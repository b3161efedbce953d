"""The exact words of a text: which whole variant, in which language, with which facts."""

from __future__ import annotations

import hashlib
import re
import string
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Protocol

from sms_service.domain.pathway import Step, Variant
from sms_service.domain.segments import measure

#: Spaces that Babel puts into dates and times; each would turn a one-segment text into a UCS-2 one.
_SPACES = ("\u202f", "\u00a0", "\u2009")


PRIVACY = "privacy"
_LRI, _PDI, _RLM = "\u2066", "\u2069", "\u200f"
_NUMBER = re.compile(r"[\d:.,]+")
_RIGHT_TO_LEFT = frozenset({"R", "AL"})


class Catalog(Protocol):
    """The words of one language, as gettext gives them."""

    @property
    def language(self) -> str:
        """The locale of the words, e.g. `es`."""

    @property
    def right_to_left(self) -> bool:
        """Whether the language is written from right to left."""

    def lookup(self, variant: Variant, count: int | None) -> str | None:
        """The translation of a variant, for `count` where it has a plural; None when there is none."""

    def digest(self, variant: Variant) -> str:
        """The `words_hash` of a variant and all its translations in this language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What chooses between the whole texts of a step."""

    merged: tuple[str, ...] = ()
    flags: Mapping[str, str | bool | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text ready to send. `catalog_hash` binds it to the exact source and translation (SHA-256, hex)."""

    variant: Variant
    language: str
    body: str = field(repr=False)
    encoding: str
    units: int
    segments: int
    catalog_hash: str


class CannotComposeError(Exception):
    """No text may go out: `missing` names what is not known, never a patient's data."""

    def __init__(self, context: str, missing: str) -> None:
        super().__init__(f"{context}: {missing}")
        self.missing = missing


def choose(step: Step, situation: Situation) -> Variant | None:
    """The variant written for the situation: its conditions hold and it carries all merged steps.

    Where texts may not say what a visit is for (`privacy` 0), only those fit that are marked for it.
    """
    private = situation.flags.get(PRIVACY) == 0
    fits = [
        variant
        for variant in step.variants
        if variant.merges.issuperset(situation.merged)
        and all(situation.flags.get(name) == wanted for name, wanted in variant.when.items())
        and (not private or variant.when.get(PRIVACY) == 0)
    ]
    return min(fits, key=lambda variant: len(variant.merges), default=None)


def compose(
    variant: Variant, catalog: Catalog, facts: Mapping[str, str], addressee: str | None = None
) -> Text:
    """Fill the catalog's words with facts (already written in the language) and measure the result.

    `addressee` is the first name put in front where a phone is shared. Raises CannotComposeError when the
    catalog lacks the words or a placeholder has no value: no text leaves with a gap in it.
    """
    count = int(facts[variant.plural_by]) if variant.plural_by and variant.plural_by in facts else None
    words = catalog.lookup(variant, count)
    if not words:
        raise CannotComposeError(variant.context, f"no words in {catalog.language}")
    named = placeholders(words)
    for name in named:
        if not facts.get(name, "").strip():
            raise CannotComposeError(variant.context, f"fact {name} is not known")
    shown = {name: isolated(facts[name]) for name in named} if catalog.right_to_left else facts
    body = words.format_map(shown)
    if addressee:
        name = f"{_RLM}{isolated(addressee)}" if catalog.right_to_left else addressee
        body = f"{name}: {body}"
    body = as_sent(body)
    size = measure(body)
    return Text(
        variant=variant,
        language=catalog.language,
        body=body,
        encoding=size.encoding,
        units=size.units,
        segments=size.segments,
        catalog_hash=catalog.digest(variant),
    )


def joined(text: Text, line: Text) -> Text:
    """A text with one line in the reader's own language below it: the one permitted mixture of languages."""
    body = f"{text.body}\n{line.body}"
    size = measure(body)
    return replace(text, body=body, encoding=size.encoding, units=size.units, segments=size.segments)


@lru_cache(maxsize=4096)
def isolated(fact: str) -> str:
    """A fact inside a right-to-left text: a left-to-right isolate around what would be reordered.

    Source: Unicode Standard Annex 9. A phone shows `(555) 010-2000` in another order without it; plain
    numbers, and facts written from right to left themselves, need none.
    """
    if _NUMBER.fullmatch(fact) or any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in fact):
        return fact
    return f"{_LRI}{fact}{_PDI}"


def as_sent(words: str) -> str:
    """The words as they leave: NFC, and with plain spaces."""
    if words.isascii():
        return words
    words = unicodedata.normalize("NFC", words)
    for space in _SPACES:
        words = words.replace(space, " ")
    return words


@lru_cache(maxsize=8192)
def placeholders(words: str) -> tuple[str, ...]:
    """The names in braces, in order; ValueError when braces do not match or hold more than a name."""
    fields = [field for field in string.Formatter().parse(words) if field[1] is not None]
    for _, name, spec, conversion in fields:
        if spec or conversion or not str(name).isidentifier():
            raise ValueError(f"{name!r} must be a plain name in braces")
    return tuple(str(name) for _, name, _, _ in fields)


def unknown_placeholders(words: str, known: Collection[str]) -> list[str]:
    """The placeholders that no fact will ever fill."""
    return [name for name in placeholders(words) if name not in known]


def words_hash(variant: Variant, language: str, translations: Sequence[str]) -> str:
    """The hash that a sign-off of a variant's words in a language is bound to."""
    return words_hash_of(variant.context, variant.msgids, language, translations)


def words_hash_of(context: str, msgids: Sequence[str], language: str, translations: Sequence[str]) -> str:
    """SHA-256 (hex) over NFC msgctxt, msgids, locale and all msgstr.

    Each part is preceded by its length, so that no two lists of parts share a hash.
    """
    parts = [context, str(len(msgids)), *msgids, language, *translations]
    hashed = hashlib.sha256()
    for part in parts:
        held = unicodedata.normalize("NFC", part).encode()
        hashed.update(len(held).to_bytes(4, "big") + held)
    return hashed.hexdigest()
