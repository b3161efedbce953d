"""Catalogs as files: templates from the pathways, catalogs brought up to date with them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import write_po

from sms_service.content.catalogs import read_catalog, texts_in
from sms_service.content.compendium import Compendium
from sms_service.content.places import home_of
from sms_service.domain.compose import placeholders
from sms_service.domain.pathway import Purpose, Variant, Words

_HEADER = """\
# {what}
# DRAFT: no qualified translator and no clinician has signed these words. Do not send them to patients.
# Change only what stands after msgstr; docs/writing-content.md says what else matters.
#"""
_WIDTH = 100


def comments_of(variant: Variant, purpose: str) -> list[str]:
    """What a translator has to know of a text, line by line."""
    names = ", ".join(f"{{{name}}}" for name in sorted(set(placeholders(variant.text))))
    ascii_room, room = 153 * variant.budget, 67 * variant.budget
    lines = [
        f"Purpose: {purpose}. Sources: {', '.join(variant.sources) or 'none'}.",
        f"Placeholders: {names or 'none'}.",
        (
            f"Budget: {variant.budget} segments, with the longest facts: {ascii_room} characters in plain"
            f" Latin letters, {room} in any other script or with accents."
            if variant.budget
            else "Part of a page: its length is free, but a short text is read and a long one is not."
        ),
        "Reading level: 6th grade; short words, short sentences, no jargon.",
    ]
    if variant.when:
        lines.append(
            "When: " + ", ".join(f"{name} = {wanted}" for name, wanted in variant.when.items()) + "."
        )
    return [*lines, *([variant.comment] if variant.comment else [])]


def template(domain: str, texts: Iterable[tuple[Variant, str]]) -> Catalog:
    """The texts of a domain and their purposes as a gettext template."""
    catalog = Catalog(
        project="sms-service",
        version="draft",
        msgid_bugs_address="the clinic's content owner",
        header_comment=_HEADER.format(what=f"English texts for patients, domain {domain}."),
        charset="utf-8",
        fuzzy=False,
    )
    for variant, purpose in texts:
        catalog.add(
            variant.msgids if variant.plural is not None else variant.text,
            context=variant.context,
            auto_comments=comments_of(variant, purpose),
            locations=[(home_of(variant.context), variant.line)],
        )
    return catalog


def updated(
    language: str, domain: str, texts: Iterable[tuple[Variant, str]], path: Path, memory: Compendium
) -> Catalog:
    """The texts with the translations of an older file, and what the memory knows where there was none.

    An entry whose English changed is filled anew; what the memory cannot fill stays as it was, marked fuzzy.
    """
    held = {m.context: m for m in read_catalog(path, language)} if path.exists() else {}
    catalog = _empty(language, f"{language}: texts for patients, domain {domain}.")
    for variant, purpose in texts:
        old = held.get(variant.context)
        strings, fuzzy = _strings(variant, old, memory)
        several = variant.plural is not None
        catalog.add(
            variant.msgids if several else variant.text,
            string=strings if several else strings[0],
            context=variant.context,
            auto_comments=comments_of(variant, purpose),
            user_comments=old.user_comments if old is not None else [],
            locations=[(home_of(variant.context), variant.line)],
            flags={"fuzzy"} if fuzzy else (),
        )
    return catalog


def _strings(variant: Variant, held: Message | None, memory: Compendium) -> tuple[Words, bool]:
    """The words to begin with, and whether a person has to look at them first."""
    old = texts_in(held.string) if held is not None else ("",)
    same = held is not None and any(old) and texts_in(held.id) == variant.msgids
    if held is not None and same and not held.fuzzy:
        return old, False
    filled = memory.fill(variant)
    if filled is not None:
        return filled, False
    return (old, True) if any(old) else (("",), False)


def compendium_of(language: str, texts: Iterable[Variant], path: Path) -> Catalog:
    """The memory in a file with an entry for every sentence of these texts; what is there stays as it is."""
    held = {texts_in(m.id): m for m in read_catalog(path, language) if m.id} if path.exists() else {}
    catalog = _empty(language, f"{language}: whole sentences, for the translators' memory.")
    where: dict[Words, list[str]] = {}
    for variant in texts:
        for line in variant.lines:
            for words in line:
                where.setdefault(words, []).append(variant.context)
    for words, contexts in where.items():
        old = held.get(words)
        known = texts_in(old.string) if old is not None and old.string else ("",)
        several = len(words) > 1
        catalog.add(
            words if several else words[0],
            string=known if several else known[0],
            auto_comments=[f"In {contexts[0]}" + (f" and {len(contexts) - 1} more" if contexts[1:] else "")],
            user_comments=old.user_comments if old is not None else [],
            flags={"fuzzy"} if old is not None and old.fuzzy else (),
        )
    return catalog


def write_catalog(catalog: Catalog, path: Path) -> None:
    """Write a catalog as a whole, or not at all."""
    held = io.BytesIO()
    write_po(held, catalog, width=_WIDTH, include_lineno=False, sort_output=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_bytes(held.getvalue())
    fresh.replace(path)


def _empty(language: str, what: str) -> Catalog:
    then = datetime(2026, 11, 27, tzinfo=UTC)  # fixed: a file changes only when its words do
    return Catalog(
        locale=language,
        project="sms-service",
        version="draft",
        msgid_bugs_address="the clinic's content owner",
        header_comment=_HEADER.format(what=what),
        last_translator="unsigned draft",
        language_team=language,
        charset="utf-8",
        creation_date=then,
        revision_date=then,
        fuzzy=False,
    )


def domains(texts: Iterable[tuple[Variant, Purpose]]) -> Iterator[tuple[str, list[tuple[Variant, str]]]]:
    """The texts of each domain, with what each is for."""
    grouped: dict[str, list[tuple[Variant, str]]] = {}
    for variant, purpose in texts:
        grouped.setdefault(variant.context.split(".")[0], []).append((variant, purpose.value))
    yield from grouped.items()
