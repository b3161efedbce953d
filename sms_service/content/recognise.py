"""Which text is this? From words that were sent back to the variant, the language and the facts in them."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass, field

from sms_service.content.library import Library
from sms_service.content.writing import HELP_LINE
from sms_service.domain.compose import as_sent
from sms_service.domain.pathway import Pathway, Step, Variant

_MARKS = "\u200f\u2066\u2069"
#: The first name that stands in front where a phone is shared.
_ADDRESSEE = r"(?:(?P<addressee>[^:\n]{1,60}): )?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A text by its words; `step` is None for an answer, `addressee` where no first name can be in front."""

    variant: Variant
    language: str
    pathway: Pathway | None
    step: Step | None
    facts: frozenset[str]
    """The placeholders of its words."""
    addressee: str | None = field(repr=False)
    body: str = field(repr=False)

    def says(self, fact: str) -> bool:
        """Whether the words hold this fact, not as a part of a longer number: 1:30 PM is not in 11:30 PM."""
        written = re.escape(as_sent(fact))
        return re.search(rf"(?<!\d){written}(?!\d)", self.body) is not None


_Home = tuple[Pathway | None, Step | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Template:
    words: re.Pattern[str]
    longest: str
    """Its longest fixed part: looked for first, which is quicker by far than to try the whole pattern."""
    fixed: int
    facts: frozenset[str]
    variant: Variant
    language: str
    homes: tuple[_Home, ...]
    """Every pathway and step that has the text; several where they share it."""


class Recogniser:
    """Every text of a library as a pattern. Made when it is needed: only after a restore."""

    def __init__(self, library: Library) -> None:
        self._templates = sorted(_templates(library), key=lambda template: -template.fixed)
        self._help_lines = [
            template.words for template in self._templates if template.variant.id == HELP_LINE
        ]

    def read(self, body: str) -> list[Recognised]:
        """What the words can be: the text with the most fixed words that fits, and others with the very same.

        Two pathways may share a text. Empty for words that are no text of the library.
        """
        written = as_sent(body)
        found = self._read(written)
        text, line, last = written.rpartition("\n")
        if not found and line and any(help_line.fullmatch(last) for help_line in self._help_lines):
            return self._read(text)  # English, with the line of a language that has no words for it
        return found

    def _read(self, written: str) -> list[Recognised]:
        found: list[Recognised] = []
        best: str | None = None
        for template in self._templates:
            if best is not None and template.words.pattern != best:
                continue
            match = template.words.fullmatch(written) if template.longest in written else None
            if match is not None:
                best = template.words.pattern
                found += [
                    Recognised(
                        variant=template.variant,
                        language=template.language,
                        pathway=pathway,
                        step=step,
                        facts=template.facts,
                        addressee=_name(match["addressee"]),
                        body=written,
                    )
                    for pathway, step in template.homes
                ]
        return found


def _name(addressee: str | None) -> str | None:
    """The first name without the marks that keep it in place in a right-to-left text."""
    return addressee.strip(_MARKS) if addressee is not None else None


def _templates(library: Library) -> Iterator[_Template]:
    homes: dict[str, list[_Home]] = {}
    texts: dict[str, Variant] = {}
    for pathway, step, variant in _variants(library):
        homes.setdefault(variant.context, []).append((pathway, step))
        texts[variant.context] = variant
    for catalog in library.catalogs.values():
        for variant in texts.values():
            # an older translation is good enough here: it may be the one that was sent
            for words in filter(None, catalog.words.get(variant.context, ((), ()))[1]):
                fixed, facts = _parts(words)
                yield _Template(
                    words=re.compile(_ADDRESSEE + ".+?".join(map(re.escape, fixed)), re.DOTALL),
                    longest=max(fixed, key=len),
                    fixed=sum(map(len, fixed)),
                    facts=facts,
                    variant=variant,
                    language=catalog.language,
                    homes=tuple(homes[variant.context]),
                )


def _variants(library: Library) -> Iterator[tuple[Pathway | None, Step | None, Variant]]:
    for pathway in library.pathways.values():
        for step in pathway.steps:
            for variant in step.variants:
                yield pathway, step, variant
    for variant in library.answers.values():
        yield None, None, variant


def _parts(words: str) -> tuple[list[str], frozenset[str]]:
    """The fixed parts as they are sent, with a gap between each two, and the names of the gaps."""
    fixed, facts, held = [], set(), ""
    for literal, name, _, _ in string.Formatter().parse(words):
        held += literal
        if name is not None:
            fixed.append(as_sent(held))
            facts.add(name)
            held = ""
    return [*fixed, as_sent(held)], frozenset(facts)
