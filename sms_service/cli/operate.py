"""Commands for whoever runs the service: migrate, set clinics up, hold, release, why, keys."""

from __future__ import annotations

import base64
import json
import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
import typer
import yaml
from rich.console import Console
from rich.markup import escape

from sms_service.cli.embedded import DEFAULT_DATA, environment_of
from sms_service.cli.reconcile import reconcile
from sms_service.content.library import load_library
from sms_service.settings import ConfigurationError, load_settings, psycopg_url, read_setting
from sms_service.store.blocks import close_circuit
from sms_service.store.blocks import release as end_hold
from sms_service.store.migrate import migrate as run_migrations
from sms_service.store.roles import Passwords, ensure_database
from sms_service.store.story import message_story, visit_story
from sms_service.use_cases.hold import hold as put_hold
from sms_service.use_cases.replan_all import replan_clinic
from sms_service.use_cases.service import Service
from sms_service.use_cases.set_up import SetUpError, set_up
from sms_service.wiring import check_senders, make_service

Json = Annotated[bool, typer.Option("--json", help="one JSON object on stdout")]
_out = Console(soft_wrap=True)


def install(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (migrate, hold, release, why, clinic, reconcile, keys):
        app.command()(command)


def migrate() -> None:
    """Bring the schema to the newest revision; with DATABASE_ADMIN_URL, make roles and database first.

    Reads every text first, since nothing starts before this command is done: a broken file is told here.
    """
    load_library()
    owner = read_setting(os.environ, "DATABASE_OWNER_URL")
    if not owner:
        raise ConfigurationError(
            "DATABASE_OWNER_URL is not set: the schema belongs to the owner role sms_owner"
        )
    admin = read_setting(os.environ, "DATABASE_ADMIN_URL")
    if admin:
        target, app = sa.make_url(owner), sa.make_url(read_setting(os.environ, "DATABASE_URL") or owner)
        passwords = Passwords(owner=str(target.password or ""), app=str(app.password or ""))
        ensure_database(admin.replace("+psycopg", ""), str(target.database), passwords)
    _out.print(f"the schema is at revision {run_migrations(psycopg_url(owner))}")


def hold(
    clinic: Annotated[str | None, typer.Option(help="slug of a clinic")] = None,
    sender: Annotated[str | None, typer.Option(help="name of a sender")] = None,
    everything: Annotated[bool, typer.Option("--all", help="every sender and clinic")] = False,
    reason: Annotated[str, typer.Option(help="why, for those who find it held")] = "held by an operator",
    as_json: Json = False,
) -> None:
    """Stop sending, at once and until released. Texts wait; what passes its window is skipped."""
    service = _service()
    scope, target = _target(service, clinic, sender, everything=everything)
    put_hold(service, scope, target, reason)
    _say({"held": scope, "target": target}, f"sending is on hold: {scope}", as_json=as_json)


def release(
    clinic: Annotated[str | None, typer.Option(help="slug of a clinic")] = None,
    sender: Annotated[
        str | None, typer.Option(help="name of a sender; closes its open circuit as well")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="the hold on everything")] = False,
    as_json: Json = False,
) -> None:
    """End a hold; for a sender, close its circuit too, once what the provider refused is mended."""
    service = _service()
    scope, target = _target(service, clinic, sender, everything=everything)
    with service.db.transaction() as connection:
        was = end_hold(connection, scope, target)
        if scope == "sender":
            close_circuit(connection, target)
    _say({"released": was, "scope": scope}, "released" if was else "there was no such hold", as_json=as_json)


def why(
    what: Annotated[str, typer.Argument(help="id of a message, or a visit as clinic/visit-id")],
    as_json: Json = False,
) -> None:
    """Tell the whole story of a message or a visit in plain words."""
    service = _service()
    slug, slash, visit = what.partition("/")
    if slash:
        _, clinic_id = _target(service, slug, None, everything=False)
        with service.db.transaction([clinic_id]) as connection:
            story = visit_story(connection, visit)
    elif what.isdecimal():
        with service.db.transaction(_clinics(service)) as connection:
            story = message_story(connection, service.keys, int(what))
    else:
        raise typer.BadParameter("say the number of a message, or a visit as clinic/visit-id")
    if story is None:
        raise typer.BadParameter(f"there is no message or visit {what}")
    if as_json:
        typer.echo(json.dumps(story, default=_plain))
    else:
        _tell(story)


def clinic(
    file: Annotated[Path, typer.Argument(help="YAML with the sections sender, clinic and feed")],
    as_json: Json = False,
) -> None:
    """Set a clinic up, or change it, and print a new API key for its feed. The key is shown only now."""
    owner_url = read_setting(_environment(), "DATABASE_OWNER_URL")
    if not owner_url:
        raise ConfigurationError("DATABASE_OWNER_URL is not set: setting a clinic up is the owner's work")
    try:
        spec = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SetUpError(f"{file} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise SetUpError(f"{file.name} is not valid YAML in UTF-8; check indentation and quotes") from error
    service = _service()
    engine = sa.create_engine(psycopg_url(owner_url), poolclass=sa.NullPool)
    with engine.begin() as owner:
        made = set_up(owner, service.keys, service.library, spec if isinstance(spec, dict) else {})
        check_senders(
            owner, load_settings(_environment()), service.library
        )  # refused before anything is committed
    replan_clinic(service, made.clinic_id)  # open visits follow the new sender, hours and zone
    _say(
        {"clinic": made.clinic_id, "feed": made.feed_id, "key": made.key},
        f"the clinic is set up; its feed's API key, shown only now: {made.key}",
        as_json=as_json,
    )


def keys(what: Annotated[str, typer.Argument(help="new")] = "new") -> None:
    """Make a random key for SMS_MASTER_KEYS or SMS_INDEX_KEYS."""
    if what != "new":
        raise typer.BadParameter("keys new")
    typer.echo(base64.b64encode(secrets.token_bytes(32)).decode())


def _environment() -> dict[str, str]:
    """Ours, or that of the service that `sms-service up` runs from the data folder."""
    return environment_of(Path(os.environ.get("SMS_DATA", DEFAULT_DATA)), os.environ)


def _service() -> Service:
    return make_service(load_settings(_environment()), pool_size=1)


def _clinics(service: Service) -> list[int]:
    with service.db.transaction() as connection:
        return list(connection.execute(sa.text("SELECT clinic_ids()")).scalars())


def _target(service: Service, clinic: str | None, sender: str | None, *, everything: bool) -> tuple[str, int]:
    if (clinic is not None) + (sender is not None) + everything != 1:
        raise typer.BadParameter("say one of --clinic, --sender and --all")
    if everything:
        return "all", 0
    table, column, value = ("clinics", "slug", clinic) if clinic else ("senders", "name", sender)
    with service.db.transaction(_clinics(service)) as connection:
        found = connection.execute(
            sa.text(f"SELECT id FROM {table} WHERE {column} = :value"),  # noqa: S608 - two constants
            {"value": value},
        ).scalar_one_or_none()
    if found is None:
        raise typer.BadParameter(f"there is no {'clinic' if clinic else 'sender'} {value}")
    return ("clinic" if clinic else "sender"), int(found)


def _tell(story: dict[str, Any]) -> None:
    messages = story.get("messages")
    if messages is not None:
        name = escape(str(story["id"]))
        _out.print(f"visit [bold]{name}[/]: {story['status']}, {story['start']} {story['timezone']}")
        for message in messages:
            moment = message["sent_at"] or message["due"]
            when = f"{moment:%Y-%m-%d %H:%M} UTC" if moment else " " * 20
            step = "+".join([message["step"], *message["merged"]])
            state = f"{step:<19} {message['state']:<11}"
            _out.print(f"  {message['id']:>6}  {state} {when}  {message['explanation'] or ''}")
        return
    _out.print(
        f"message {story['id']}: {story['step']} is [bold]{story['state']}[/] {story['explanation'] or ''}"
    )
    for line in story["log"]:
        _out.print(
            f"  {line['at']:%Y-%m-%d %H:%M} {line['what']} {line['due'] or ''} {line['explanation'] or ''}"
        )
    for attempt in story["attempts"]:
        _out.print(
            f"  attempt {attempt['id']}: {attempt['state']} {attempt['status'] or ''} {attempt['code'] or ''}"
            f" [dim]words: {attempt['words']}[/]"
        )


def _say(data: dict[str, Any], words: str, *, as_json: bool) -> None:
    typer.echo(json.dumps(data, default=_plain) if as_json else words)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else str(value)
