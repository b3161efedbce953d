"""Take translations in from a translator's file: every one of them fits, or none is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from sms_service.content.catalogs import read_catalog, texts_in
from sms_service.content.errors import ContentError
from sms_service.content.po_files import write_catalog
from sms_service.content.workbook import read_workbook
from sms_service.domain.pathway import Variant, Words


def entries_of(path: Path, language: str) -> list[tuple[str, Words, Words]]:
    """(context, msgids, translations) of a PO or XLSX file. ContentError for anything else."""
    if path.suffix == ".xlsx":
        return list(read_workbook(path))
    if path.suffix != ".po":
        raise ContentError(path, "file", "is neither .po nor .xlsx")
    return [
        (message.context, texts_in(message.id), texts_in(message.string))
        for message in read_catalog(path, language)
        if message.context is not None and message.id and not message.fuzzy
    ]


def take_in(path: Path, language: str, texts: Mapping[str, Variant], home: Path) -> int:
    """Write the translations into the language's catalogs; how many differ from before.

    Empty translations leave what is there. ContentError, and nothing written, for a text that does not
    exist or whose English is not ours any more.
    """
    wanted = _checked(path, entries_of(path, language), texts)
    changed, ready = 0, []
    for catalog_path in sorted((home / "LC_MESSAGES").glob("*.po")):
        catalog = read_catalog(catalog_path, language)
        before = changed
        for message in catalog:
            strings = wanted.get(message.context or "")
            if strings is None or (texts_in(message.string) == strings and not message.fuzzy):
                continue
            if len(strings) != len(texts_in(message.string)):
                raise ContentError(
                    path, str(message.context), "has another number of plural forms than the language"
                )
            message.string = strings if isinstance(message.id, tuple) else strings[0]
            message.flags.discard("fuzzy")
            changed += 1
        if changed > before:
            ready.append((catalog, catalog_path))
    for catalog, catalog_path in ready:
        write_catalog(catalog, catalog_path)
    return changed


def _checked(
    path: Path, entries: Iterable[tuple[str, Words, Words]], texts: Mapping[str, Variant]
) -> dict[str, Words]:
    wanted: dict[str, Words] = {}
    for context, sources, strings in entries:
        variant = texts.get(context)
        if variant is None:
            raise ContentError(path, context, "no text is called so; was the file made by an older version?")
        if sources != variant.msgids:
            raise ContentError(
                path, context, "its English has changed since the file was made; export it again"
            )
        if all(strings):
            wanted[context] = strings
        elif any(strings):
            raise ContentError(path, context, "lacks some of its plural forms; fill all of them or none")
    return wanted
