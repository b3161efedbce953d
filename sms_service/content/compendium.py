"""The translators' memory: `locales/<lang>/compendium.po`, one entry for each whole sentence.

gettext calls such a file a compendium. A new text whose sentences are all in it is filled in from it, so that
a sentence that twenty texts share is the same in all of them; a person still reads the whole text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sms_service.content.catalogs import SOURCE_LANGUAGE, read_catalog, texts_in
from sms_service.content.scripts import sentence_space
from sms_service.content.sentences import join_lines
from sms_service.domain.pathway import Variant, Words

COMPENDIUM = "compendium.po"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compendium:
    """The sentences of one language, by their English words."""

    language: str
    sentences: Mapping[Words, Words] = field(default_factory=dict)

    def fill(self, variant: Variant) -> Words | None:
        """The whole text, where every sentence of it is known; None else."""
        if self.language == SOURCE_LANGUAGE:
            return variant.msgids
        lines = [[self.sentences.get(words) for words in line] for line in variant.lines]
        if any(words is None for line in lines for words in line):
            return None
        return join_lines([[w for w in line if w] for line in lines], sentence_space(self.language))

    def missing(self, variants: Iterable[Variant]) -> list[Words]:
        """Every sentence of these texts that is not translated yet, once, in order."""
        every = dict.fromkeys(words for v in variants for line in v.lines for words in line)
        return [words for words in every if words not in self.sentences]


def load_compendium(language: str, folder: Path) -> Compendium:
    """The memory of a language; empty where there is none. Raises ContentError for a broken file."""
    path = folder / COMPENDIUM
    if not path.exists():
        return Compendium(language=language)
    entries = read_catalog(path, language)
    return Compendium(
        language=language,
        sentences={
            texts_in(message.id): texts_in(message.string)
            for message in entries
            if message.id and message.string and all(texts_in(message.string)) and not message.fuzzy
        },
    )
