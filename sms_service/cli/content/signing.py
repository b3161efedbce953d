"""`content sign` and `content coverage`: who vouches for which words, and how far that has come."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from sms_service.cli.content.example import load, wrong
from sms_service.cli.content.places import chosen
from sms_service.cli.content.signatures import as_owner, ledger_if_any
from sms_service.content.coverage import coverage
from sms_service.content.pairs import present_pairs, texts_of_domain
from sms_service.content.places import locales_dir
from sms_service.domain.signing import VALID_FOR, Act, Role, SignError
from sms_service.use_cases.sign_words import MEANINGS, Signer, sign_words

_out = Console()


def install(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(name="sign")(sign)
    app.command(name="coverage")(show_coverage)


def sign(
    domain: Annotated[str, typer.Argument(help="common, or a pathway")],
    locale: Annotated[str, typer.Option(help="the language, e.g. es")],
    act: Annotated[Act, typer.Option(help="what was done")],
    role: Annotated[Role, typer.Option(help="in which capacity")],
    person: Annotated[str, typer.Option("--as", help="full name and qualification")],
    clinic: Annotated[str | None, typer.Option(help="slug of the clinic a clinician signs for")] = None,
    step: Annotated[str | None, typer.Option(help="only the texts of this step, or this answer")] = None,
    meaning: Annotated[str | None, typer.Option(help="what the act says, in the person's own words")] = None,
    days: Annotated[int, typer.Option(help="how long a signature holds", min=1, max=366)] = VALID_FOR.days,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
) -> None:
    """Record that a named person translated, reviewed or signed the words as they are now. All, or none.

    Order: translated, reviewed by another person, signed by a qualified translator (not for English) and,
    for each clinic, by a clinician. Exit code 2 where the order is broken.
    """
    library = load()
    if locale not in library.catalogs:
        raise wrong(f"there is no language {locale!r}; there are {', '.join(sorted(library.catalogs))}")
    texts = texts_of_domain(library, domain, step)
    pairs = list(present_pairs(library, [locale], texts))
    if not pairs:
        raise wrong(f"there are no words for {domain}{f'.{step}' if step else ''} in {locale}")
    said = meaning or MEANINGS[act, role]
    if not yes:
        typer.echo(f"{len(pairs)} texts of {domain} in {locale}, as they are now:", err=True)
        typer.confirm(f'{person}: "{said}" Is that what is to be recorded?', abort=True, err=True)
    signer = Signer(person=person, role=role, clinic=clinic, meaning=meaning)
    try:
        with as_owner() as owner:
            done = sign_words(owner, pairs, act, signer, datetime.now(UTC), timedelta(days=days))
    except SignError as error:
        raise wrong(str(error)) from None
    typer.echo(f"{act.value}: {done} texts of {domain} in {locale}, by {person}")


def show_coverage(
    locale: Annotated[list[str] | None, typer.Option(help="a language; all of them by default")] = None,
    clinic: Annotated[
        str | None, typer.Option(help="count the signatures of this clinic's clinicians")
    ] = None,
    price: Annotated[float, typer.Option(help="what one segment costs", min=0)] = 0.0083,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON array on stdout")] = False,
) -> None:
    """Show languages by pathways: how many texts are translated, reviewed, signed, and what they cost."""
    library = load()
    rows = list(
        coverage(
            library,
            ledger_if_any(),
            chosen(locales_dir(), locale),
            datetime.now(UTC),
            clinic=clinic,
            price=price,
        )
    )
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], ensure_ascii=False))
        return
    table = Table(title="How far the words have come")
    for heading in ("language", "texts of"):
        table.add_column(heading)
    for heading in ("there", "translated", "reviewed", "signed", "segments", "cost"):
        table.add_column(heading, justify="right")
    for row in rows:
        counts = [f"{n}/{row.texts}" for n in (row.present, row.translated, row.reviewed, row.signed)]
        table.add_row(row.locale, row.domain, *counts, f"{row.segments:.1f}", f"{row.cost:.4f}")
    _out.print(table)
