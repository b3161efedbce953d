"""`preview`: every text of a pathway as the patient will read it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from sms_service.cli.content.bubble import bubble
from sms_service.cli.content.example import example_clinic, load, the_language, the_pathway, wrong
from sms_service.cli.content.signatures import ledger_if_any
from sms_service.content.example_facts import example_facts
from sms_service.content.gate import Drafts
from sms_service.content.library import Library
from sms_service.content.pairs import present_pairs
from sms_service.content.scripts import right_to_left
from sms_service.content.signed_gate import Ledger
from sms_service.content.writing import About, facts_of
from sms_service.domain.compose import CannotComposeError, Text, compose
from sms_service.domain.pathway import Pathway, Variant
from sms_service.domain.people import Clinic
from sms_service.domain.signing import State

_out = Console()
_ZONE = "America/New_York"


def install(root: typer.Typer) -> None:
    """Add the command."""
    root.command()(preview)


def preview(
    pathway: Annotated[str, typer.Argument(help="its id, e.g. trigger_point_injection")],
    locale: Annotated[str, typer.Option(help="a language, e.g. es or pt-BR")],
    step: Annotated[str | None, typer.Option(help="only this step")] = None,
    clinic: Annotated[Path | None, typer.Option(help="a clinic's file, for its own facts")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON array on stdout")] = False,
) -> None:
    """Show every text with example facts, in all its variants, what it costs, how far it is signed."""
    library = load()
    speaks = example_clinic(_ZONE, clinic)
    language = the_language(library, locale, speaks)
    shown = the_pathway(library, pathway)
    steps = [each.id for each in shown.steps]
    if step is not None and step not in steps:
        raise wrong(f"{pathway} has no step {step!r}; there are {', '.join(steps)}")
    rows = list(_rows(library, ledger_if_any(), shown, speaks, language, step))
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        cost = f"{row['segments']} x {row['encoding']} · {row['state']}"
        title = f"{row['step']} · {row['variant']}"
        bubble(_out, row["body"] or "(no words yet)", title, cost, right_to_left=right_to_left(language))


def _rows(
    library: Library, ledger: Ledger, pathway: Pathway, clinic: Clinic, language: str, only: str | None
) -> Iterator[dict[str, Any]]:
    for step in pathway.steps:
        if only not in (None, step.id):
            continue
        for variant in step.variants:
            text = _text(library, clinic, variant, language)
            yield {
                "step": step.id,
                "variant": variant.id,
                "purpose": step.purpose.value,
                "locale": language,
                "body": text.body if text else None,
                "encoding": text.encoding if text else None,
                "units": text.units if text else 0,
                "segments": text.segments if text else 0,
                "state": _state(library, ledger, variant, language).word,
            }


def _state(library: Library, ledger: Ledger, variant: Variant, language: str) -> State:
    pair = next(iter(present_pairs(library, [language], [variant])), None)
    return ledger.state(pair, None, datetime.now(UTC)) if pair else State.DRAFT


def _text(library: Library, clinic: Clinic, variant: Variant, language: str) -> Text | None:
    catalog = Drafts(library).catalog(variant, language)
    if catalog is None:
        return None
    facts = {**example_facts(language), **facts_of(library, clinic, variant, About(), language)}
    facts |= {name: example_facts(language)[name] for name in ("date", "time", "count", "offers")}
    try:
        return compose(variant, catalog, facts)
    except CannotComposeError:
        return None
