"""Commands for whoever connects a clinic's feed: read its messages as the service would, and say how."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sms_service.intake.formats import FORMATS
from sms_service.intake.outcome import Outcome, outcome_of
from sms_service.intake.profile import Profile, profile_of
from sms_service.intake.profile_check import faults

_ZONE = "America/New_York"


def install(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Connect a clinic's feed.")
    group.command("dry-run")(dry_run)
    app.add_typer(group, name="feed")


def dry_run(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="what the clinic's system sends")],
    form: Annotated[str, typer.Option("--format", help=", ".join(FORMATS))],
    profile: Annotated[
        Path | None, typer.Option(help="the feed's settings: the file for `sms-service clinic`, or its feed")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line for each message")] = False,
) -> None:
    """Read messages and say what would become of them. No database is touched and nothing is sent."""
    if form not in FORMATS:
        raise typer.BadParameter(
            f"there is no {form!r}; there are {', '.join(FORMATS)}", param_hint="--format"
        )
    settings = _profile(profile)
    now = datetime.now(UTC)
    outcomes = (
        (file, outcome_of(reading, settings, now))
        for file, raw in _read(files)
        for reading in FORMATS[form](raw, settings, now)
    )
    if as_json:
        for file, outcome in outcomes:
            typer.echo(json.dumps({"file": str(file), **_shown(outcome)}, ensure_ascii=True, default=str))
    else:
        Console().print(_table(outcomes))


def _read(files: list[Path]) -> Iterator[tuple[Path, bytes]]:
    for file in files:
        try:
            yield file, file.read_bytes()
        except OSError as error:
            raise typer.BadParameter(f"{file} cannot be read: {error.strerror}", param_hint="FILE") from None


def _profile(file: Path | None) -> Profile:
    """The profile in a file: either only a feed's settings, or those of a clinic with its feed."""
    if file is None:
        return profile_of({}, _ZONE)
    try:
        held: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        profile = profile_of(held.get("feed", held), (held.get("clinic") or {}).get("zone", _ZONE))
    except (OSError, ValueError, yaml.YAMLError, AttributeError, TypeError):
        raise typer.BadParameter(
            f"{file} is no YAML file with a feed's settings; compare examples/clinic.yaml",
            param_hint="--profile",
        ) from None
    for fault in faults(profile):
        raise typer.BadParameter(f"{file}: {fault}", param_hint="--profile")
    return profile


def _shown(outcome: Outcome) -> dict[str, Any]:
    return {
        "event": outcome.body,
        "problems": [{"code": p.code, "field": p.field, "detail": p.detail} for p in outcome.problems],
    }


def _table(outcomes: Iterator[tuple[Path, Outcome]]) -> Table:
    table = Table(show_lines=True)
    for heading in ("message", "says", "problems"):
        table.add_column(heading, overflow="fold")
    for file, outcome in outcomes:
        # as Text: what a message holds must not be taken for markup
        table.add_row(*(Text(cell) for cell in (f"{file.name}\n{_fate(outcome)}", *_cells(outcome))))
    return table


def _cells(outcome: Outcome) -> tuple[str, str]:
    """The facts, and what is wrong with them."""
    body = outcome.body or {}
    data = _mapping(body.get("data"))
    visit, patient = (_mapping(data.get(name)) for name in ("appointment", "patient"))
    kind = _mapping(visit.get("type"))
    facts = [
        str(body.get("type", "")).removeprefix("clinic.").removesuffix(".v1"),
        _told(visit, "id", "status", "reason"),
        _told(visit, "start", "timezone"),
        _told(kind, "code", "text"),
        _told(patient, "id", "given", "phone", "language"),
        "a test" if data.get("test") is True else "",
    ]
    problems = "\n".join(f"{p.code} {p.field}: {p.detail}" for p in outcome.problems)
    return "\n".join(fact for fact in facts if fact), problems


def _told(held: dict[str, Any], *names: str) -> str:
    return " ".join(str(held[name]) for name in names if held.get(name))


def _fate(outcome: Outcome) -> str:
    if outcome.read is None:
        return "refused"
    return "quarantined" if outcome.read.quarantined else "applied"


def _mapping(held: object) -> dict[str, Any]:
    return held if isinstance(held, dict) else {}
