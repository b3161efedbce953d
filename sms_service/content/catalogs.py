"""gettext catalogs, read straight from the `.po` files: nothing compiled can go stale."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from gettext import c2py
from pathlib import Path

from babel.core import UnknownLocaleError
from babel.messages.catalog import Catalog as BabelCatalog
from babel.messages.plurals import get_plural
from babel.messages.pofile import PoFileError, read_po

from sms_service.content.errors import ContentError
from sms_service.content.scripts import right_to_left
from sms_service.domain.compose import placeholders, words_hash
from sms_service.domain.pathway import Variant

SOURCE_LANGUAGE = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedCatalog:
    """The words of one language over all domains; msgctxt to (msgids, translations)."""

    language: str
    words: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
    plural_form: Callable[[int], int]
    digests: dict[str, str] = field(default_factory=dict)
    right_to_left: bool = False

    def lookup(self, variant: Variant, count: int | None) -> str | None:
        """The translation; None when missing, fuzzy, or made from another source text."""
        held = self.words.get(variant.context)
        if held is None or held[0] != variant.msgids:
            return None
        form = self.plural_form(count) if count is not None and len(held[1]) > 1 else 0
        return held[1][min(form, len(held[1]) - 1)] or None

    def has(self, variant: Variant) -> bool:
        """Whether all forms of the text are there, made from exactly its source."""
        held = self.words.get(variant.context)
        return held is not None and held[0] == variant.msgids and all(held[1])

    def digest(self, variant: Variant) -> str:
        """The hash that a sign-off of these words is bound to."""
        if variant.context not in self.digests:
            held = self.words[variant.context]
            self.digests[variant.context] = words_hash(variant, self.language, held[1])
        return self.digests[variant.context]


@cache
def plural_rule(language: str) -> Callable[[int], int]:
    """Which form a number takes in a language, from CLDR. Raises LookupError for an unknown language."""
    if language == SOURCE_LANGUAGE:
        return lambda n: 0 if n == 1 else 1
    try:
        return c2py(get_plural(language).plural_expr)
    except (UnknownLocaleError, ValueError) as error:
        raise LookupError(f"{language} is not a language that CLDR knows") from error


def source_catalog(variants: Iterable[Variant]) -> LoadedCatalog:
    """English: the source texts themselves."""
    return LoadedCatalog(
        language=SOURCE_LANGUAGE,
        words={v.context: (v.msgids, v.msgids) for v in variants},
        plural_form=plural_rule(SOURCE_LANGUAGE),
    )


def load_catalog(language: str, folder: Path) -> LoadedCatalog:
    """All domains of a language under `folder/LC_MESSAGES`. Raises ContentError for a broken file."""
    words: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    try:
        expression = get_plural(language).plural_expr
    except (UnknownLocaleError, ValueError) as error:
        raise ContentError(folder, "name", f"is not a language that CLDR knows: {error}") from error
    files = sorted((folder / "LC_MESSAGES").glob("*.po"))
    if not files:
        raise ContentError(folder, "LC_MESSAGES", f"no catalog for {language}; add one .po file a domain")
    for path in files:
        catalog = read_catalog(path, language)
        expression = catalog.plural_expr
        for message in catalog:
            if not message.id or message.fuzzy or not message.string or message.context is None:
                continue
            sources, strings = texts_in(message.id), texts_in(message.string)
            _check(path, message.context, sources, strings)
            words[message.context] = (sources, strings)
    return LoadedCatalog(
        language=language,
        words=words,
        plural_form=c2py(expression),
        right_to_left=right_to_left(language),
    )


def read_catalog(path: Path, language: str) -> BabelCatalog:
    """One PO file as Babel reads it. Raises ContentError with the place when it is broken."""
    try:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line.strip() and not line.startswith("#") and not line.rstrip().endswith('"'):
                raise ContentError(
                    path, f"line {number}", "does not end with a quote; Babel would cut the text"
                )
        with path.open("rb") as file:
            return read_po(file, locale=language, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError, ValueError) as error:
        raise ContentError(path, "file", f"is not a valid PO file: {error}") from error


def texts_in(held: object) -> tuple[str, ...]:
    """One form, or all plural forms."""
    return tuple(str(text) for text in held) if isinstance(held, tuple | list) else (str(held),)


def _check(path: Path, context: str, sources: Iterable[str], strings: Iterable[str]) -> None:
    """A translation uses the placeholders of its source, all of them and no other."""
    try:
        known = {name for text in sources for name in placeholders(text)}
        extra = {name for text in strings for name in placeholders(text)} - known
    except ValueError as error:
        raise ContentError(path, context, f"braces do not match: {error}") from error
    if extra:
        raise ContentError(path, context, f"uses {min(extra)!r}, which the source does not have")
    # a plural form may name its one thing without the count
    lost = {name for text in strings if text for name in known - set(placeholders(text)) - {"count"}}
    if lost:
        raise ContentError(path, context, f"lacks {min(lost)!r}, which the source has")
