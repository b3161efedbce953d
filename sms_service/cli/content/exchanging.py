"""`content export` and `content import`: files for translators, and the ledger of sign-offs."""

from __future__ import annotations

import shutil
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sms_service.cli.content.example import load, wrong
from sms_service.cli.content.places import chosen
from sms_service.cli.content.signatures import as_owner
from sms_service.content.catalogs import SOURCE_LANGUAGE
from sms_service.content.ledger_lines import LedgerLineError, from_lines, to_lines
from sms_service.content.library import load_source
from sms_service.content.places import locales_dir
from sms_service.content.po_files import domains
from sms_service.content.taking_in import take_in
from sms_service.content.workbook import write_workbook
from sms_service.domain.signing import SignError
from sms_service.store.sign_offs import load_ledger
from sms_service.use_cases.sign_words import take_ledger


class Format(StrEnum):
    """What can be exported."""

    PO = "po"
    XLSX = "xlsx"
    LEDGER = "ledger"


def install(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(name="export")(export)
    app.command(name="import")(take)


def export(
    kind: Annotated[
        Format, typer.Option("--format", help="po, xlsx, or the ledger of sign-offs as JSON Lines")
    ],
    to: Annotated[Path, typer.Option(help="folder for po and xlsx, file for the ledger")],
    locale: Annotated[list[str] | None, typer.Option(help="a language; all of them by default")] = None,
) -> None:
    """Write the catalogs for translators, or the sign-off ledger; files of the same names are replaced."""
    if kind is Format.LEDGER:
        with as_owner() as owner:
            lines = list(to_lines(load_ledger(owner)))
        fresh = to.with_name(f"{to.name}.new")
        fresh.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        fresh.replace(to)
        typer.echo(f"{to}: {len(lines)} lines")
        return
    to.mkdir(parents=True, exist_ok=True)
    library = load()
    for language in chosen(locales_dir(), locale):
        if language == SOURCE_LANGUAGE:
            continue
        words = {context: held[1] for context, held in library.catalogs[language].words.items()}
        for domain, texts in domains(library.purposes):
            path = to / f"{language}-{domain}.{kind.value}"
            if kind is Format.PO:
                shutil.copyfile(locales_dir() / language / "LC_MESSAGES" / f"{domain}.po", path)
            else:
                write_workbook(path, language, texts, words)
            typer.echo(str(path))


def take(
    file: Annotated[
        Path, typer.Argument(help="a .po or .xlsx with translations, or a .jsonl ledger", exists=True)
    ],
    locale: Annotated[str | None, typer.Option(help="the language of the translations")] = None,
) -> None:
    """Take a translator's file in, or a sign-off ledger: all of it, or nothing.

    A changed translation is a new text: its sign-offs begin again.
    """
    if file.suffix == ".jsonl":
        try:
            pairs, signed = from_lines(file.read_text(encoding="utf-8").splitlines())
            with as_owner() as owner:
                done = take_ledger(owner, pairs, signed)
        except (LedgerLineError, SignError, UnicodeDecodeError) as error:
            raise wrong(f"{file.name}: {error}; nothing was taken in") from None
        typer.echo(f"{file.name}: {done} new acts on {len(pairs)} texts")
        return
    if locale is None:
        raise wrong("say which language the translations are in, with --locale")
    (language,) = chosen(locales_dir(), [locale])
    texts = {variant.context: variant for variant in load_source().texts}
    changed = take_in(file, language, texts, locales_dir() / language)
    typer.echo(f"{file.name}: {changed} texts of {language} have changed; run `sms-service content check`")
