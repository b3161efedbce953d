"""`content book`: two languages side by side, as a page and as a PDF."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sms_service.cli.content.example import example_clinic, load, the_language, wrong
from sms_service.cli.content.signatures import ledger_if_any
from sms_service.content.book import book, subjects
from sms_service.content.book_page import page

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PATIENCE_S = 120


def install(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="book")(print_book)


def print_book(
    subject: Annotated[str, typer.Argument(help="a pathway, or common, phrases, leaflet", metavar="PATHWAY")],
    locale: Annotated[str, typer.Option(help="the language to review, e.g. es or pt-BR")],
    beside: Annotated[str, typer.Option(help="the language on the left")] = "en",
    to: Annotated[Path | None, typer.Option(help="the file to write; PATHWAY-LOCALE.html by default")] = None,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="a PDF beside it, printed by the Chromium on PATH")
    ] = False,
) -> None:
    """Write all texts of a pathway in two languages side by side, with segments and state, for review."""
    library = load()
    if subject not in subjects(library):
        raise wrong(f"there is no {subject!r}; there are {', '.join(subjects(library))}")
    clinic = example_clinic("America/New_York", None)
    languages = (the_language(library, beside, clinic), the_language(library, locale, clinic))
    chapters = book(library, ledger_if_any(), subject, languages, datetime.now(UTC))
    left, right = (library.words[language].name for language in languages)
    target = to or Path(f"{subject}-{languages[1]}.html")
    try:
        target.write_text(
            page(chapters, f"{subject.replace('_', ' ')}: {left} and {right}", (left, right)),
            encoding="utf-8",
        )
    except OSError as error:
        raise wrong(f"{target} cannot be written: {error.strerror}") from error
    typer.echo(f"{target}: {sum(len(chapter.rows) for chapter in chapters)} texts")
    if pdf:
        typer.echo(str(_print(target)))


def _print(source: Path) -> Path:
    """The page as the browser prints it. Its name is the page's, ending in .pdf."""
    browser = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise wrong(f"no browser on PATH to print with; looked for {', '.join(_BROWSERS)}")
    target = source.with_suffix(".pdf")
    command = [
        browser,
        "--headless",
        "--no-sandbox",  # it opens our own page, which loads nothing; as root it does not start without
        "--disable-gpu",
        "--no-pdf-header-footer",
        f"--print-to-pdf={target.resolve()}",
        source.resolve().as_uri(),
    ]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=_PATIENCE_S)  # noqa: S603 - as built above
    except (subprocess.SubprocessError, OSError) as error:
        raise wrong(f"{Path(browser).name} could not print {source}: {type(error).__name__}") from error
    return target
