"""`doctor`: examine the whole set-up, say what is wrong and how to mend it, change nothing."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.markup import escape
from sqlalchemy.exc import DBAPIError

from sms_service.cli.embedded import DEFAULT_DATA, environment_of
from sms_service.content.errors import ContentError
from sms_service.content.library import Library, load_library
from sms_service.settings import TWILIO, ConfigurationError, Settings, load_settings
from sms_service.store.database import Database
from sms_service.store.deployment import clinics
from sms_service.store.keyring import KeyRing
from sms_service.store.tenants import Sender, load_senders
from sms_service.use_cases.doctor import Finding, Level, error, ok
from sms_service.use_cases.doctor_clinics import examine_clinics, examine_signatures, examine_zone_rules
from sms_service.use_cases.doctor_database import (
    examine_clock,
    examine_roles,
    examine_schema,
    examine_state,
)
from sms_service.use_cases.doctor_machine import (
    examine_address,
    examine_broker,
    examine_disk,
    examine_keys,
)
from sms_service.use_cases.doctor_provider import examine_provider
from sms_service.wiring import check_senders, make_inquiry

_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.ERROR: "red"}


def install(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on stdout")] = False,
) -> None:
    """Examine configuration, database, broker, content, provider and what runs; exit 1 on errors."""
    data = Path(os.environ.get("SMS_DATA", DEFAULT_DATA))
    findings = list(examine(environment_of(data, os.environ), data))
    levels = Counter(finding.level for finding in findings)
    if as_json:
        typer.echo(json.dumps({"findings": [asdict(f) for f in findings], "counts": levels}))
    else:
        _print(findings)
    raise typer.Exit(1 if levels[Level.ERROR] else 0)


def examine(environment: dict[str, str], data: Path) -> Iterator[Finding]:
    """Everything, in the order in which one thing depends on another."""
    try:
        settings = load_settings(environment)
    except ConfigurationError as refused:
        for line in str(refused).splitlines()[1:] or [str(refused)]:
            yield error("configuration", line.removeprefix("  - "), "set it as the README's table says")
        return
    yield ok("configuration", "every setting can be used")
    yield examine_keys(settings.master_keys, settings.index_keys)
    yield examine_address(settings.public_base_url, provider_is_real=settings.twilio_base_url == TWILIO)
    yield examine_disk(data)
    try:
        library: Library | None = load_library()
        yield ok("content", "pathways and catalogs can be used")
    except ContentError as broken:
        library = None
        yield error("content", str(broken), "mend the file that is named")
    yield from examine_broker(settings.redis_url)
    db = Database(settings.database_url, pool_size=1)
    senders: Sequence[Sender] = ()
    try:
        with db.transaction() as connection:
            schema = list(examine_schema(connection))
            yield from schema
            yield from examine_roles(connection)
        if all(finding.level is Level.OK for finding in schema):
            with db.transaction() as connection:
                everyone = clinics(connection)
            with db.transaction(everyone) as connection:
                senders = load_senders(connection)
                if library is not None:
                    yield from _senders(connection, settings, library)
                    yield examine_signatures(connection, senders, library)
                yield examine_zone_rules(connection)
                yield from examine_clock(connection)
                yield from examine_state(connection, settings.grace_seconds)
            keys = KeyRing(settings.master_keys, settings.index_keys)
            yield from examine_clinics(db, keys, library, settings.public_base_url)
    except DBAPIError as away:
        yield error(
            "database",
            f"it does not answer at the address in DATABASE_URL, or refuses ({type(away.orig).__name__})",
            "is PostgreSQL running there (`sms-service up` starts one), and are name and password right?",
        )
    finally:
        db.close()
    yield from asyncio.run(_provider(settings, senders))


def _senders(connection: sa.Connection, settings: Settings, library: Library) -> Iterable[Finding]:
    """What every process asks before it starts."""
    try:
        check_senders(connection, settings, library)
    except ConfigurationError as refused:
        return [error("start", " ".join(str(refused).split()), "until then no process starts")]
    return [ok("start", "every process may start with these senders")]


async def _provider(settings: Settings, senders: Sequence[Sender]) -> list[Finding]:
    if not settings.twilio_account_sid or not settings.twilio_auth_tokens:
        return [
            error(
                "account",
                "SMS_TWILIO_ACCOUNT_SID and SMS_TWILIO_AUTH_TOKENS are not set",
                "set them; nothing can be sent without",
            )
        ]
    inquiry = make_inquiry(settings)
    try:
        inbound = f"{settings.public_base_url.rstrip('/')}/v1/twilio/inbound"
        is_real = settings.twilio_base_url == TWILIO
        return [finding async for finding in examine_provider(inquiry, senders, inbound, is_real=is_real)]
    finally:
        await inquiry.close()


def _print(findings: Iterable[Finding]) -> None:
    out = Console(soft_wrap=True)
    for finding in findings:
        colour = _COLOURS[finding.level]
        out.print(f"[{colour}]{finding.level:<8}[/] {escape(finding.check)}: {escape(finding.says)}")
        if finding.cure:
            out.print(f"         {escape(finding.cure)}")
