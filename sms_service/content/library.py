"""All content, loaded and checked once, and served without touching a file again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sms_service.content.catalogs import SOURCE_LANGUAGE, LoadedCatalog, load_catalog, source_catalog
from sms_service.content.errors import ContentError
from sms_service.content.keyword_files import LanguageWords, join, load_words
from sms_service.content.pathway_files import load_pathway, load_texts
from sms_service.content.places import locales_dir, pathways_dir
from sms_service.domain.pathway import Pathway, Variant
from sms_service.domain.understand import Keywords

_SINGLE_TEXTS = "common"


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Pathways by id, answers by id, catalogs and reply words by language."""

    pathways: Mapping[str, Pathway]
    answers: Mapping[str, Variant]
    catalogs: Mapping[str, LoadedCatalog]
    words: Mapping[str, LanguageWords]
    keywords: Mapping[str, Keywords]

    def catalog(self, language: str | None, default: str) -> LoadedCatalog:
        """The catalog of a language, else of the clinic's default, else English."""
        for tag in (language, default, SOURCE_LANGUAGE):
            if tag is not None and tag in self.catalogs:
                return self.catalogs[tag]
        raise KeyError(SOURCE_LANGUAGE)

    def offers(self, languages: tuple[str, ...], spoken: str) -> str:
        """Up to four other languages, each in its own words: `Español: ES`."""
        tags = [tag for tag in languages if tag != spoken and tag in self.words][:4]
        return " / ".join(f"{self.words[tag].name}: {self.words[tag].keyword}" for tag in tags)


def load_library(pathways: Path | None = None, locales: Path | None = None) -> Library:
    """Load everything. Raises ContentError for the first thing that could not be sent."""
    folder, homes = pathways or pathways_dir(), locales or locales_dir()
    if not homes.is_dir():
        raise ContentError(homes, "folder", "is missing; it holds one folder per language")
    sources = [path for path in sorted(folder.glob("*.yaml")) if path.stem != _SINGLE_TEXTS]
    loaded = [load_pathway(path) for path in sources]
    answers = load_texts(folder / f"{_SINGLE_TEXTS}.yaml")
    by_id = {pathway.id: pathway for pathway in loaded}
    for path, pathway in zip(sources, loaded, strict=True):
        if by_id[pathway.id] is not pathway:
            raise ContentError(path, "domain", f"{pathway.id!r} is taken by another file; give each its own")
    catalogs = {SOURCE_LANGUAGE: source_catalog(_variants(by_id, answers))}
    words = {}
    for home in sorted(path for path in homes.iterdir() if path.is_dir()):
        words[home.name] = load_words(home / "keywords.yaml")
        if home.name != SOURCE_LANGUAGE:
            catalogs[home.name] = load_catalog(home.name, home)
    return Library(
        pathways=by_id,
        answers=answers,
        catalogs=catalogs,
        words=words,
        keywords={tag: join(words, tag) for tag in words},
    )


def _variants(pathways: Mapping[str, Pathway], answers: Mapping[str, Variant]) -> Iterator[Variant]:
    for pathway in pathways.values():
        for step in pathway.steps:
            yield from step.variants
    yield from answers.values()
