"""Which languages a content command is about."""

from __future__ import annotations

from pathlib import Path

import typer

from sms_service.content.library import languages_in


def chosen(locales: Path, wanted: list[str] | None) -> list[str]:
    """The languages asked for, all of them by default. Exits with 2 for one that has no folder."""
    known = languages_in(locales)
    for language in wanted or []:
        if language not in known:
            typer.echo(
                f"sms-service: there is no language {language!r}; there are {', '.join(known)}"
                f" (a new one begins with a folder {locales.name}/{language})",
                err=True,
            )
            raise typer.Exit(2)
    return list(dict.fromkeys(wanted)) if wanted else known
