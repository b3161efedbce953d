"""`content update`: catalogs brought in line with the English texts, new entries filled from the memory."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sms_service.cli.content.places import chosen
from sms_service.content.catalogs import SOURCE_LANGUAGE
from sms_service.content.compendium import COMPENDIUM, load_compendium
from sms_service.content.library import load_source
from sms_service.content.places import locales_dir
from sms_service.content.po_files import compendium_of, domains, updated, write_catalog


def install(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="update")(update)


def update(
    locale: Annotated[list[str] | None, typer.Option(help="a language; all of them by default")] = None,
    locales: Annotated[Path | None, typer.Option(help="folder of the catalogs")] = None,
    refill: Annotated[
        bool,
        typer.Option("--refill", help="write every text anew from the memory; edits of whole texts are lost"),
    ] = False,
) -> None:
    """Bring catalogs in line with the English texts.

    New texts are filled from the language's memory (compendium.po) where it knows all their sentences; texts
    whose English changed are too, or are marked fuzzy. Everything else stays as it is.
    """
    folder = locales or locales_dir()
    source = load_source()
    for language in chosen(folder, locale):
        if language == SOURCE_LANGUAGE:
            continue
        home = folder / language
        memory = load_compendium(language, home)
        write_catalog(compendium_of(language, source.texts, home / COMPENDIUM), home / COMPENDIUM)
        for domain, texts in domains(source.purposes):
            path = home / "LC_MESSAGES" / f"{domain}.po"
            if refill and path.exists():
                path.unlink()
            catalog = updated(language, domain, texts, path, memory)
            write_catalog(catalog, path)
        missing = len(memory.missing(source.texts))
        typer.echo(
            f"{language}: " + (f"{missing} sentences are not in the memory yet" if missing else "up to date")
        )
