"""The pairs of source and translation as the catalogs hold them now."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sms_service.content.library import Library
from sms_service.domain.pathway import Variant
from sms_service.domain.signing import Pair


def texts_of_domain(library: Library, domain: str, step: str | None = None) -> list[Variant]:
    """The texts of a domain (`common`, a pathway), or of one of its steps or answers."""
    start = f"{domain}.{step}." if step else f"{domain}."
    return [
        variant
        for variant in library.texts
        if variant.context.startswith(start) or variant.context == f"{domain}.{step}"
    ]


def present_pairs(library: Library, languages: Collection[str], texts: Collection[Variant]) -> Iterator[Pair]:
    """One pair for each of the texts in each language that has words for it."""
    for language in languages:
        catalog = library.catalogs[language]
        for variant in texts:
            if catalog.has(variant):
                yield Pair(
                    context=variant.context,
                    locale=language,
                    sources=variant.msgids,
                    strings=catalog.words[variant.context][1],
                    edition=variant.edition,
                )
