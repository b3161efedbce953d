"""The command `reconcile`: look up what nobody can vouch for, compare with the provider, say what to do."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from sms_service.cli.embedded import DEFAULT_DATA, environment_of
from sms_service.domain.ledger import Kind
from sms_service.provider.errors import ProviderUnavailable
from sms_service.settings import ConfigurationError, Settings, load_settings
from sms_service.store.clock import patient_now
from sms_service.store.deployment import clinics
from sms_service.store.differences import close_by_hand, list_open, open_differences
from sms_service.store.tenants import load_senders
from sms_service.use_cases.compare_ledger import compare_now
from sms_service.use_cases.guard_restore import reconcile_since
from sms_service.use_cases.reconcile import reconcile_all
from sms_service.use_cases.service import Service
from sms_service.use_cases.sweep_orphans import sweep_orphans
from sms_service.wiring import make_provider, make_service

if TYPE_CHECKING:
    from sms_service.provider.twilio import Twilio

_PROVIDER_AWAY = 3
_SHOWN = 20
_INSTANT = "a date, a time and a zone, such as 2026-11-20T03:00:00Z or 2026-11-20T03:00:00-05:00"
_out = Console(soft_wrap=True)


def reconcile(
    since: Annotated[
        str | None, typer.Option(help="after a restore: when the snapshot was taken, with its zone")
    ] = None,
    resolve: Annotated[
        list[int] | None, typer.Option(help="number of a difference that somebody has looked into")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on stdout")] = False,
) -> None:
    """Settle what nobody can vouch for, and compare with the provider. --since: after a restore; it releases.

    Exit code 0 when it was done, whatever it found; 2 for a wrong call or configuration; 3 when the provider
    could not be asked: what was done until then is kept, run it again.
    """
    settings = load_settings(environment_of(Path(os.environ.get("SMS_DATA", DEFAULT_DATA)), os.environ))
    service = make_service(settings, pool_size=1)
    if resolve:
        _resolve(service, resolve)
        _say(service, {"resolved": resolve}, as_json=as_json)
        return
    instant = _instant(since)
    _check(service, settings)
    try:
        done = asyncio.run(_reconcile(service, settings, instant))
    except ProviderUnavailable as error:
        typer.echo(
            f"sms-service: the provider cannot be asked: {error}; what was done is kept, run it again later"
            + ("; sending stays on hold" if instant else ""),
            err=True,
        )
        raise typer.Exit(_PROVIDER_AWAY) from None
    _say(service, done, as_json=as_json)


async def _reconcile(service: Service, settings: Settings, since: datetime | None) -> dict[str, Any]:
    provider: Twilio = make_provider(settings)
    try:
        if since is None:
            unknown = await reconcile_all(service, provider, grace_seconds=settings.grace_seconds)
        else:
            with service.db.transaction() as connection:
                now = patient_now(connection)
            unknown = await reconcile_since(service, provider, since, now)
        orphans = sweep_orphans(service)
        ledger = await compare_now(service, provider, since, grace_seconds=settings.grace_seconds)
    finally:
        await provider.close()
    return {"unknown": unknown, "orphans": orphans, "ledger": ledger}


def _instant(written: str | None) -> datetime | None:
    if written is None:
        return None
    try:
        instant = datetime.fromisoformat(written)
    except ValueError:
        raise typer.BadParameter(f"say {_INSTANT}", param_hint="--since") from None
    if instant.tzinfo is None:
        raise typer.BadParameter(f"the zone is missing: say {_INSTANT}", param_hint="--since")
    if instant > datetime.now(UTC):
        raise typer.BadParameter(
            "that is in the future: say when the snapshot was taken", param_hint="--since"
        )
    return instant.astimezone(UTC)


def _check(service: Service, settings: Settings) -> None:
    if not settings.twilio_account_sid or not settings.twilio_auth_tokens:
        raise ConfigurationError(
            "SMS_TWILIO_ACCOUNT_SID and SMS_TWILIO_AUTH_TOKENS are not set: the provider answers nobody else"
        )
    with service.db.transaction() as connection:
        if not load_senders(connection):
            raise ConfigurationError(
                "no sender is set up, so nothing was sent: run `sms-service clinic` first"
            )


def _resolve(service: Service, ids: list[int]) -> None:
    with service.db.transaction() as connection:
        everyone = clinics(connection)
    with service.db.transaction(everyone) as connection:
        for one in ids:
            if not close_by_hand(connection, one):
                raise typer.BadParameter(f"there is no open difference {one}", param_hint="--resolve")


def _say(service: Service, done: dict[str, Any], *, as_json: bool) -> None:
    with service.db.transaction() as connection:
        counts, everyone = open_differences(connection), clinics(connection)
    with service.db.transaction(everyone) as connection:
        first = list_open(connection, _SHOWN)
    if as_json:
        found = {"open": counts, "differences": [asdict(one) for one in first]}
        typer.echo(json.dumps(done | found, default=str))
        return
    for part, numbers in done.items():
        words = _words(numbers)
        _out.print(f"{part}: {words or 'nothing to do'}")
    if not counts:
        _out.print("no difference is open")
        return
    table = Table("kind", "open", "what to do", title="open differences", title_justify="left")
    for kind in Kind:
        if kind.value in counts:
            table.add_row(kind.value, str(counts[kind.value]), kind.advice)
    _out.print(table)
    for one in first:
        attempt = f"attempt {one.attempt_id}" if one.attempt_id else "no attempt"
        _out.print(f"  {one.id}: {one.kind} {one.sid} ({attempt}) ours {one.ours}, theirs {one.theirs}")
    _out.print("`--resolve NUMBER` closes one that somebody has looked into")


def _words(numbers: dict[str, int] | list[int]) -> str:
    if isinstance(numbers, list):
        return ", ".join(map(str, numbers))
    return ", ".join(
        f"{name.replace('_', ' ')} {count}" for name, count in numbers.items() if name != "steps"
    )
