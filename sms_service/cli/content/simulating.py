"""`simulate`: the whole timeline of one visit, by the engine's own functions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from sms_service.cli.content.bubble import bubble
from sms_service.cli.content.example import example_clinic, load, the_language, the_pathway, wrong
from sms_service.content.gate import Drafts
from sms_service.content.scripts import right_to_left
from sms_service.domain.event import Event
from sms_service.domain.ids import PatientId
from sms_service.domain.instants import Wall, WallKind
from sms_service.domain.people import Patient
from sms_service.domain.reasons import explain
from sms_service.domain.signing import State
from sms_service.intake.canonical import read_event
from sms_service.intake.profile import Profile
from sms_service.intake.times import known_zone
from sms_service.use_cases.life import Outcome
from sms_service.use_cases.simulate import Said, simulate

_out = Console()
_TYPES = ("booked", "rescheduled", "updated", "cancelled", "no_show", "arrived", "completed")
#: Answers with a name of their own; every other one is an `answer`.
_ANSWERS = frozenset({"opt_out", "help"})
#: What may stand behind `completed:`; alone it leaves open whether the injection was given.
_PROCEDURE: dict[str, dict[str, Any]] = {
    "done": {"done": True},
    "not_done": {"done": False},
    "steroid": {"done": True, "injectate": "steroid"},
    "none": {"done": True, "injectate": "none"},
}


def install(root: typer.Typer) -> None:
    """Add the command."""
    root.command(name="simulate")(simulate_visit)


def simulate_visit(
    pathway: Annotated[str, typer.Argument(help="its id, e.g. trigger_point_injection")],
    locale: Annotated[str, typer.Option(help="the patient's language, e.g. es")],
    timezone: Annotated[str, typer.Option(help="IANA zone of clinic and patient")],
    booked_at: Annotated[str, typer.Option(help="when the clinic books, e.g. 2027-05-03T10:00")],
    start: Annotated[str, typer.Option(help="when the visit is, e.g. 2027-05-20T09:30")],
    event: Annotated[
        list[str] | None,
        typer.Option(
            help="T=TYPE[:NEWSTART], e.g. 2027-05-10T12:00=rescheduled:2027-05-21T11:00; after completed:"
            " done, not_done, steroid or none"
        ),
    ] = None,
    reply: Annotated[list[str] | None, typer.Option(help="T=TEXT, what the patient texts")] = None,
    clinic: Annotated[Path | None, typer.Option(help="a clinic's file, for its own settings")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON array on stdout")] = False,
) -> None:
    """Show which texts go when, and why the others do not. Consent is assumed.

    A time is local to --timezone unless it carries an offset.
    """
    if not known_zone(timezone):
        raise wrong("--timezone is no IANA zone such as America/New_York")
    library = load()
    speaks = example_clinic(timezone, clinic)
    language = the_language(library, locale, speaks)
    followed = the_pathway(library, pathway)
    events = [_event("booked", _instant(booked_at, timezone, "--booked-at"), timezone, pathway, start, 0)]
    for number, written in enumerate(event or (), start=1):
        at, what = _split(written, "--event")
        kind, _, rest = what.partition(":")
        if kind not in _TYPES:
            raise wrong(f"--event: {kind!r} is no type of event; there are {', '.join(_TYPES)}")
        events.append(
            _event(kind, _instant(at, timezone, "--event"), timezone, pathway, rest or None, number)
        )
    replies = []
    for written in reply or ():
        at, words = _split(written, "--reply")
        replies.append(Said(at=_instant(at, timezone, "--reply"), words=words))
    outcomes = simulate(
        library,
        Drafts(library),
        speaks,
        followed,
        Patient(id=PatientId(1), reachable=True, consent=True, language=language, zone=timezone),
        events,
        replies,
    )
    if as_json:
        typer.echo(json.dumps([_row(outcome, timezone) for outcome in outcomes], ensure_ascii=False))
    else:
        _show(outcomes, replies, timezone, language)


def _split(written: str, option: str) -> tuple[str, str]:
    at, equals, what = written.partition("=")
    if not equals or not what:
        raise wrong(f"{option}: write T=…, for example 2027-05-10T12:00=…")
    return at, what


def _instant(written: str, zone: str, option: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(written)
    except ValueError:
        raise wrong(
            f"{option}: {written!r} is no time; write 2027-05-10T12:00, with or without an offset"
        ) from None
    if parsed.tzinfo is not None:
        return parsed.astimezone(UTC)
    there = Wall(local=parsed, zone=zone)
    if there.kind is WallKind.NONEXISTENT:
        raise wrong(f"{option}: {written} does not exist in {zone}: the clocks jump over it")
    return there.instant


def _event(kind: str, at: datetime, zone: str, pathway: str, rest: str | None, number: int) -> Event:
    visit: dict[str, Any] = {"id": "V1"}
    if kind == "completed" and rest is not None:
        if rest not in _PROCEDURE:
            raise wrong(f"--event: after completed: stands {', '.join(_PROCEDURE)}, not {rest!r}")
        visit["procedure"] = _PROCEDURE[rest]
    elif rest is not None:
        visit["start"] = rest
    if number == 0:
        visit["type"] = {"code": pathway}
    body = {
        "id": str(number),
        "source": "/simulate",
        "type": f"clinic.appointment.{kind}.v1",
        "time": at.isoformat(),
        "data": {"appointment": visit, "patient": {"id": "P1"}},
    }
    read = read_event(body, Profile(zone=zone, types={pathway: pathway}), at)
    if read.quarantined:
        problem = next(p for p in read.problems if p.field.startswith("data.appointment"))
        raise wrong(f"{kind} at {at.astimezone(ZoneInfo(zone)).isoformat()}: {problem.detail}")
    return read.event


def _row(outcome: Outcome, zone: str) -> dict[str, Any]:
    text, at = outcome.text, outcome.at
    row: dict[str, Any] = {
        "step": "answer" if outcome.is_answer and outcome.step not in _ANSWERS else outcome.step,
        "purpose": outcome.purpose.value,
        "at": at.astimezone(ZoneInfo(zone)).isoformat() if at else None,
        "utc": at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None,
        "outcome": "sent" if text else "skipped",
        "reason": outcome.reason.value if outcome.reason else None,
        "body": text.body if text else None,
        "segments": text.segments if text else 0,
        "merged": list(outcome.merged),
    }
    if text is not None:
        row |= {"locale": text.language, "encoding": text.encoding, "state": State.DRAFT.word}
    return row | ({"reply": True} if outcome.is_answer else {})


def _show(outcomes: Sequence[Outcome], replies: Sequence[Said], zone: str, language: str) -> None:
    moments: list[tuple[datetime, int, Outcome | Said]] = [
        (outcome.at, 1, outcome) for outcome in outcomes if outcome.text and outcome.at
    ] + [(said.at, 0, said) for said in replies]
    for at, _, what in sorted(moments, key=lambda moment: moment[:2]):
        when = f"{at.astimezone(ZoneInfo(zone)):%a %b %d, %H:%M}"
        if isinstance(what, Said):
            bubble(_out, what.words, when, "patient", right_to_left=right_to_left(language), mine=True)
        elif what.text:
            names = " + ".join((what.step, *what.merged))
            cost = f"{what.text.segments} x {what.text.encoding} · draft"
            bubble(
                _out,
                what.text.body,
                f"{when} · {names}",
                cost,
                right_to_left=right_to_left(what.text.language),
            )
    for outcome in outcomes:
        if outcome.text is None:
            _out.print(f"[dim]not sent: {outcome.step}: {explain(outcome.reason)}[/dim]")
