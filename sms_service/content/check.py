"""Check every text in every language: what a writer runs before a reviewer reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from babel.messages.catalog import Message

from sms_service.content.catalogs import SOURCE_LANGUAGE, read_catalog, texts_in
from sms_service.content.checks.finding import Check, Entry, Finding
from sms_service.content.checks.placeholders import check_numbers, check_placeholders, check_prompts
from sms_service.content.checks.size import check_reading, check_segments
from sms_service.content.checks.terms import check_danger, check_promises, check_terms
from sms_service.content.checks.writing import (
    check_characters,
    check_direction,
    check_english,
    check_script,
)
from sms_service.content.errors import ContentError
from sms_service.content.example_facts import longest_facts
from sms_service.content.glossary import Glossary, load_glossary
from sms_service.content.keyword_files import load_words
from sms_service.content.library import Library
from sms_service.content.places import home_of
from sms_service.domain.pathway import Step, Variant

#: Each on its own; the order is the order in which a writer would mend them.
CHECKS: tuple[Check, ...] = (
    check_placeholders,
    check_numbers,
    check_script,
    check_english,
    check_direction,
    check_characters,
    check_prompts,
    check_promises,
    check_danger,
    check_terms,
    check_segments,
    check_reading,
)


def check(library: Library, locales: Path, languages: Collection[str]) -> Iterator[Finding]:
    """Every finding, language by language. A broken file is a finding too, and the others are still read."""
    texts = {variant.context: variant for variant in library.texts}
    steps = {v.context: step for p in library.pathways.values() for step in p.steps for v in step.variants}
    for language in languages:
        folder = locales / language
        try:
            glossary = load_glossary(folder / "glossary.yaml")
            load_words(folder / "keywords.yaml")
        except ContentError as error:
            yield _broken(language, error)
            continue
        if language == SOURCE_LANGUAGE:
            for variant in texts.values():
                yield from _look(
                    variant, steps.get(variant.context), language, variant.msgids, glossary, "", 0
                )
            continue
        yield from _language(texts, steps, language, folder, glossary)


def _language(
    texts: Mapping[str, Variant],
    steps: Mapping[str, Step],
    language: str,
    folder: Path,
    glossary: Glossary,
) -> Iterator[Finding]:
    seen: set[str] = set()
    for domain in sorted({context.split(".")[0] for context in texts}):
        path = folder / "LC_MESSAGES" / f"{domain}.po"
        if not path.exists():
            yield Finding(
                code="missing", locale=language, file=path.name, context=domain,
                problem="there is no such catalog; make it with `sms-service content update`",
            )  # fmt: skip
            continue
        try:
            catalog = read_catalog(path, language)
        except ContentError as error:
            yield _broken(language, error)
            continue
        for message in catalog:
            if message.context is None or not message.id:
                continue
            seen.add(message.context)
            variant = texts.get(message.context)
            problem = _state(message, variant)
            if problem is not None or variant is None:
                code, words = problem or ("stale", "no text is called so any more; take the entry out")
                yield Finding(
                    code=code, locale=language, file=path.name, context=message.context,
                    line=message.lineno or 0, problem=words,
                )  # fmt: skip
                continue
            strings = texts_in(message.string)
            step = steps.get(message.context)
            yield from _look(variant, step, language, strings, glossary, path.name, message.lineno or 0)
    for context in texts.keys() - seen:
        if (folder / "LC_MESSAGES" / f"{context.split('.')[0]}.po").exists():
            yield Finding(
                code="missing", locale=language, file=f"{context.split('.')[0]}.po", context=context,
                problem="has no entry; `sms-service content update` adds it",
            )  # fmt: skip


def _state(message: Message, variant: Variant | None) -> tuple[str, str] | None:
    if variant is None:
        return "stale", "no text is called so any more; take the entry out"
    if texts_in(message.id) != variant.msgids:
        return (
            "stale",
            "its English text has changed; run `sms-service content update` and translate it again",
        )
    if message.fuzzy:
        return "fuzzy", "is marked fuzzy; read it, mend it and take the mark away"
    if not message.string or not all(texts_in(message.string)):
        return "missing", "is not translated"
    return None


def _look(
    variant: Variant,
    step: Step | None,
    language: str,
    strings: tuple[str, ...],
    glossary: Glossary,
    file: str,
    line: int,
) -> Iterator[Finding]:
    entry = Entry(
        variant=variant, step=step, locale=language, strings=strings, glossary=glossary,
        facts=longest_facts(language),
    )  # fmt: skip
    source = home_of(variant.context)
    found = dict.fromkeys(problem for look in CHECKS for problem in look(entry))
    for code, problem in found:
        yield Finding(
            code=code, locale=language, file=file or source, context=variant.context,
            line=line or variant.line, problem=problem,
        )  # fmt: skip


def _broken(language: str, error: ContentError) -> Finding:
    return Finding(
        code="broken", locale=language, file=error.path.name, context=error.place, problem=str(error)
    )
