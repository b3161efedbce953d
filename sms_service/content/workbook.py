"""A domain of one language as a workbook (XLSX), for translators who work in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from sms_service.content.errors import ContentError
from sms_service.content.po_files import comments_of
from sms_service.domain.pathway import Variant, Words

_HEADINGS = ("context", "form", "english", "translation", "budget", "about")
_WIDTHS = (34, 8, 60, 60, 8, 60)
_LARGEST = 20_000_000
_SHEET = "texts"


def write_workbook(
    path: Path, language: str, texts: Sequence[tuple[Variant, str]], words: Mapping[str, Words]
) -> None:
    """One row for each form of each text; only the column `translation` is for writing."""
    # imported here: only who exchanges workbooks needs it
    from openpyxl import Workbook  # noqa: PLC0415
    from openpyxl.styles import Alignment, Font  # noqa: PLC0415

    book = Workbook(write_only=False)
    sheet = book.create_sheet(_SHEET, 0)
    sheet.append(_HEADINGS)
    for variant, purpose in texts:
        held = words.get(variant.context, ("",) * len(variant.msgids))
        for form, string in enumerate(held):
            english = variant.msgids[min(form, len(variant.msgids) - 1)]
            about = "\n".join(comments_of(variant, purpose)) if form == 0 else ""
            sheet.append([variant.context, form, english, string, variant.budget, about])
    for column, width in zip("ABCDEF", _WIDTHS, strict=True):
        sheet.column_dimensions[column].width = width
    for row in sheet.iter_rows():
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    book.properties.title = f"{language}: unsigned drafts"
    book.save(path)


def read_workbook(path: Path) -> Iterator[tuple[str, Words, Words]]:
    """(context, msgids, translations) of each text. ContentError for a file that is no such workbook."""
    from openpyxl import load_workbook  # noqa: PLC0415 - as above
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    if path.stat().st_size > _LARGEST:
        raise ContentError(path, "file", "is larger than 20 MB; no catalog is")
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        rows = list(book[_SHEET].iter_rows(values_only=True))
    except (OSError, KeyError, ValueError, BadZipFile, InvalidFileException) as error:
        raise ContentError(path, "file", f"is no workbook with a sheet {_SHEET!r}: {error}") from error
    if not rows or tuple(rows[0][: len(_HEADINGS)]) != _HEADINGS:
        raise ContentError(path, "line 1", f"must have the headings {', '.join(_HEADINGS)}")
    grouped: dict[str, list[tuple[str, str]]] = {}
    for number, row in enumerate(rows[1:], start=2):
        context, form, english, string = _cells(path, number, row)
        held = grouped.setdefault(context, [])
        if form != len(held):
            raise ContentError(path, f"line {number}", "forms of a text must stand together, from 0 on")
        held.append((english, string))
    for context, forms in grouped.items():
        sources = tuple(dict.fromkeys(english for english, _ in forms))
        yield context, sources, tuple(string for _, string in forms)


def _cells(path: Path, number: int, row: Sequence[Any]) -> tuple[str, int, str, str]:
    context, form, english, string = (*row, None, None, None, None)[:4]
    if not isinstance(context, str) or not isinstance(form, int) or not isinstance(english, str):
        raise ContentError(
            path, f"line {number}", "has no context, form or English; leave those columns as they are"
        )
    return context, form, english, str(string or "").replace("\r\n", "\n").strip()
