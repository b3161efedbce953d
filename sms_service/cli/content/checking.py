"""`content check`: everything that can be wrong with the words, as a table or as JSON."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from sms_service.cli.content.places import chosen
from sms_service.content.check import check
from sms_service.content.library import load_source
from sms_service.content.places import locales_dir

_out = Console()


def install(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="check")(check_words)


def check_words(
    locale: Annotated[list[str] | None, typer.Option(help="a language; all of them by default")] = None,
    locales: Annotated[Path | None, typer.Option(help="folder of the catalogs")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on stdout")] = False,
) -> None:
    """Find what is wrong with the words. Exit code 1 when something is, 2 for a wrong call."""
    folder = locales or locales_dir()
    languages = chosen(folder, locale)
    findings = sorted(
        check(load_source(), folder, languages), key=lambda f: (f.locale, f.file, f.line, f.context)
    )
    if as_json:
        typer.echo(
            json.dumps(
                {"languages": languages, "findings": [asdict(finding) for finding in findings]},
                ensure_ascii=False,
            )
        )
    elif findings:
        table = Table(
            "language", "where", "text", "what", "how to mend it", title="What is wrong with the words"
        )
        for finding in findings:
            where = f"{finding.file}:{finding.line}" if finding.line else finding.file
            table.add_row(finding.locale, where, finding.context, finding.code, finding.problem)
        _out.print(table)
        counts = Counter(finding.locale for finding in findings)
        _out.print(", ".join(f"{language}: {count}" for language, count in counts.items()))
    else:
        _out.print(f"nothing is wrong in {', '.join(languages)}; no text is signed by that")
    raise typer.Exit(1 if findings else 0)
