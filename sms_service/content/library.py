"""All content, loaded and checked once, and served without touching a file again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sms_service.content.catalogs import SOURCE_LANGUAGE, LoadedCatalog, load_catalog, source_catalog
from sms_service.content.dates import load_dates
from sms_service.content.errors import ContentError
from sms_service.content.keyword_files import LanguageWords, join, load_words
from sms_service.content.leaflet_files import load_leaflet
from sms_service.content.pathway_files import load_pathway, load_shared
from sms_service.content.places import COMMON, LEAFLET, PHRASES, SOURCES, locales_dir, pathways_dir
from sms_service.content.source_files import Source, load_sources
from sms_service.content.text_files import load_phrases
from sms_service.domain.pathway import Pathway, Purpose, Variant
from sms_service.domain.understand import Keywords


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Pathways, answers, phrases, words of the page and sources by id; catalogs, reply words by language."""

    pathways: Mapping[str, Pathway]
    answers: Mapping[str, Variant]
    catalogs: Mapping[str, LoadedCatalog]
    words: Mapping[str, LanguageWords]
    keywords: Mapping[str, Keywords]
    phrases: Mapping[str, Variant] = field(default_factory=dict)
    page: Mapping[str, Variant] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)

    @property
    def texts(self) -> list[Variant]:
        """Every text that a patient could get or read."""
        return [variant for variant, _ in self.purposes]

    @property
    def purposes(self) -> list[tuple[Variant, Purpose]]:
        """Every text once, also where several pathways share it, with what it is for."""
        return list(_purposes(self.pathways, self.answers, self.phrases, self.page))

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


def load_source(pathways: Path | None = None) -> Library:
    """The English texts alone, without any translation. Raises ContentError for a broken file."""
    folder = pathways or pathways_dir()
    facts = load_sources(folder / SOURCES)
    known = frozenset(facts)
    shared = load_shared(folder / COMMON, known)
    page = load_leaflet(folder / LEAFLET, shared.sentences, known)
    phrases = load_phrases(folder / PHRASES, known)
    others = {COMMON, SOURCES, LEAFLET, PHRASES}
    sources = [path for path in sorted(folder.glob("*.yaml")) if path.name not in others]
    loaded = [load_pathway(path, shared, page) for path in sources]
    by_id = {pathway.id: pathway for pathway in loaded}
    for path, pathway in zip(sources, loaded, strict=True):
        if by_id[pathway.id] is not pathway:
            raise ContentError(path, "domain", f"{pathway.id!r} is taken by another file; give each its own")
    texts = _purposes(by_id, shared.answers, phrases, page.words)
    return Library(
        pathways=by_id,
        answers=shared.answers,
        phrases=phrases,
        page=page.words,
        sources=facts,
        catalogs={SOURCE_LANGUAGE: source_catalog(variant for variant, _ in texts)},
        words={},
        keywords={},
    )


def languages_in(locales: Path) -> list[str]:
    """Every language that has a folder, English among them."""
    return sorted(path.name for path in locales.iterdir() if path.is_dir())


class CatalogsOnDemand(Mapping[str, LoadedCatalog]):
    """The same catalogs, each read when it is first asked for.

    A process that is started again after a crash has to be back soon, and a sender needs few languages.
    """

    def __init__(self, english: LoadedCatalog, homes: Path, languages: Sequence[str]) -> None:
        self._homes = homes
        self._languages = tuple(languages)
        self._loaded = {SOURCE_LANGUAGE: english}

    def __getitem__(self, language: str) -> LoadedCatalog:
        if language not in self._loaded:
            if language not in self._languages:
                raise KeyError(language)
            # two threads may both read it: the first one's is kept
            self._loaded.setdefault(language, load_catalog(language, self._homes / language))
        return self._loaded[language]

    def __contains__(self, language: object) -> bool:
        return language in self._languages

    def __iter__(self) -> Iterator[str]:
        return iter(self._languages)

    def __len__(self) -> int:
        return len(self._languages)


def load_library(pathways: Path | None = None, locales: Path | None = None) -> Library:
    """Load everything. Raises ContentError for the first thing that could not be sent."""
    library = open_library(pathways, locales)
    return replace(library, catalogs={language: library.catalogs[language] for language in library.catalogs})


def open_library(pathways: Path | None = None, locales: Path | None = None) -> Library:
    """The same with each catalog read when it is first asked for, where `load_library` was content before."""
    homes = locales or locales_dir()
    if not homes.is_dir():
        raise ContentError(homes, "folder", "is missing; it holds one folder per language")
    source = load_source(pathways)
    languages = languages_in(homes)
    words = {language: load_words(homes / language / "keywords.yaml") for language in languages}
    for language in languages:
        load_dates(language)
    return replace(
        source,
        catalogs=CatalogsOnDemand(source.catalogs[SOURCE_LANGUAGE], homes, languages),
        words=words,
        keywords={tag: join(words, tag) for tag in words},
    )


def _purposes(
    pathways: Mapping[str, Pathway],
    answers: Mapping[str, Variant],
    phrases: Mapping[str, Variant],
    page: Mapping[str, Variant],
) -> Iterable[tuple[Variant, Purpose]]:
    every: dict[str, tuple[Variant, Purpose]] = {}
    for pathway in pathways.values():
        every |= {v.context: (v, step.purpose) for step in pathway.steps for v in step.variants}
    every |= {v.context: (v, Purpose.ANSWER) for v in answers.values()}
    every |= {v.context: (v, Purpose.PHRASE) for v in phrases.values()}
    every |= {v.context: (v, Purpose.LEAFLET) for v in page.values()}
    for pathway in pathways.values():
        every |= {v.context: (v, Purpose.LEAFLET) for part in pathway.leaflet for v in part.variants}
    return every.values()
