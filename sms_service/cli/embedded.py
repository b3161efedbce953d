"""Every process of the service on this machine, under one supervisor, with whatever servers are not given."""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sms_service.content.library import load_library
from sms_service.runtime import CannotStart, Child, Supervisor, free_port, require_free
from sms_service.runtime.postgres import prepare_postgres
from sms_service.runtime.valkey import prepare_valkey
from sms_service.settings import load_settings, psycopg_url
from sms_service.store.migrate import migrate
from sms_service.store.roles import Passwords, ensure_database

_DATABASE = "sms"
DEFAULT_DATA = ".data/service"
_SECRETS = "secrets.json"
#: What commands need to reach a service that runs from a data folder; readable by its owner only.
ENVIRONMENT = "environment.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A running service: where its doors are, and the environment its processes share."""

    supervisor: Supervisor
    environment: Mapping[str, str] = field(repr=False)
    web_urls: tuple[str, ...]
    """The web processes; the provider's webhooks go to the first."""
    sandbox_url: str | None

    @property
    def web_url(self) -> str:
        """The first web process."""
        return self.web_urls[0]

    @property
    def owner_url(self) -> str:
        """The schema owner's address, for setting clinics up."""
        if "DATABASE_OWNER_URL" not in self.environment:
            raise CannotStart("DATABASE_OWNER_URL is not set: setting a clinic up is the owner's work")
        return self.environment["DATABASE_OWNER_URL"]


@contextmanager
def running(
    data: Path,
    environment: Mapping[str, str],
    *,
    web_port: int | None = None,
    senders: int = 1,
    webs: int = 1,
    overrides: Mapping[str, str] | None = None,
    change: Callable[[Child], Child] = lambda child: child,
) -> Iterator[Stack]:
    """Start everything and yield once it is ready; leaving stops everything.

    DATABASE_URL and REDIS_URL, where given, replace the embedded servers, SMS_TWILIO_BASE_URL the sandbox.
    `change` may alter each process of ours before it is started. Raises CannotStart with what to do.
    """
    load_library()  # a broken file is told here: the processes read what they need when they need it
    with Supervisor(data) as supervisor:
        kept = _secrets(data)
        _keep(data, kept)
        env = dict(environment) | _servers(supervisor, environment, kept) | dict(overrides or {})
        if "DATABASE_OWNER_URL" in env:
            migrate(psycopg_url(env["DATABASE_OWNER_URL"]))
        port = _port(kept, "web", web_port)
        ports = [port, *(_port(kept, f"web-{n}", None) for n in range(2, webs + 1))]
        env |= {"SMS_WEB_HOST": "127.0.0.1", "SMS_WEB_PORT": str(port)}
        env.setdefault("SMS_PUBLIC_BASE_URL", f"http://127.0.0.1:{port}")
        first: list[Child] = []
        sandbox_url = None
        if "SMS_TWILIO_BASE_URL" not in environment:
            sandbox, sandbox_url = _sandbox(data, env, kept)
            env |= {
                "SMS_TWILIO_BASE_URL": sandbox_url,
                "SMS_TWILIO_ACCOUNT_SID": kept["account_sid"],
                "SMS_TWILIO_AUTH_TOKENS": kept["auth_token"],
            }
            first.append(sandbox)
        for name in ("master_keys", "index_keys"):
            env.setdefault(f"SMS_{name.upper()}", kept[name])
        _keep(data, kept)
        _write_private(data / ENVIRONMENT, {name: env[name] for name in sorted(env) if _ours(name)})
        children = [*first, *_processes(supervisor, env, ports, senders)]
        supervisor.start(*(change(child) for child in children))
        yield Stack(
            supervisor=supervisor,
            environment=env,
            web_urls=tuple(f"http://127.0.0.1:{port}" for port in ports),
            sandbox_url=sandbox_url,
        )


def _servers(supervisor: Supervisor, environment: Mapping[str, str], kept: dict[str, Any]) -> dict[str, str]:
    """Start the servers whose addresses are not given, both at once."""
    home, found = supervisor.home, {}
    children = []
    postgres = None
    if "DATABASE_URL" not in environment:
        postgres = prepare_postgres(home)
        children.append(postgres.child)
    if "REDIS_URL" not in environment:
        valkey = prepare_valkey(home)
        children.append(valkey.child)
        found["REDIS_URL"] = valkey.url
    supervisor.start(*children)
    if postgres is not None:
        passwords = Passwords(owner=kept["owner_password"], app=kept["app_password"])
        ensure_database(postgres.url(), _DATABASE, passwords)
        found["DATABASE_OWNER_URL"] = postgres.url_for("sms_owner", passwords.owner, _DATABASE)
        found["DATABASE_URL"] = postgres.url_for("sms_app", passwords.app, _DATABASE)
    return found


def _sandbox(data: Path, env: Mapping[str, str], kept: dict[str, Any]) -> tuple[Child, str]:
    port = _port(kept, "sandbox", None)
    url = f"http://127.0.0.1:{port}"
    argv = [
        sys.executable,
        "-m",
        "sms_service.sandbox",
        "--port",
        str(port),
        "--data",
        str(data / "sandbox.sqlite"),
    ]
    argv += ["--inbound-url", f"{env['SMS_PUBLIC_BASE_URL']}/v1/twilio/inbound"]
    argv += ["--receipt-delay", env.get("SMS_SANDBOX_RECEIPT_DELAY", "0.05")]
    secrets_env = {"SANDBOX_ACCOUNT_SID": kept["account_sid"], "SANDBOX_AUTH_TOKEN": kept["auth_token"]}
    child = Child(
        name="sandbox",
        argv=argv,
        env=dict(env) | secrets_env,
        ready=lambda: answers(f"{url}/sandbox/health"),
        shown={"url": url},
    )
    return child, url


def _processes(
    supervisor: Supervisor, env: Mapping[str, str], ports: Sequence[int], senders: int
) -> list[Child]:
    marks = supervisor.home.servers
    silence = load_settings(env).silence_seconds
    webs = [
        _web("web" if number == 1 else f"web-{number}", env, port, silence, spare=number > 1)
        for number, port in enumerate(ports, start=1)
    ]
    workers = [
        ("tick", "tick"),
        *((f"send-{n}", "send") for n in range(1, senders + 1)),
        ("housekeeping",) * 2,
    ]
    children = [*webs, _marked("beat", ["beat"], env, marks / "beat.ready", "SMS_BEAT_FILE", silence)]
    for name, queue in workers:
        argv = ["worker", "--queue", queue, "--name", name]
        mark, spare = marks / f"{name}.ready", name not in {"tick", "send-1"}
        children.append(_marked(name, argv, env, mark, "SMS_READY_FILE", silence, spare=spare))
    return children


def _web(name: str, env: Mapping[str, str], port: int, silence: float, *, spare: bool) -> Child:
    url = f"http://127.0.0.1:{port}"
    return Child(
        name=name,
        argv=[sys.executable, "-m", "sms_service.cli.app", "web"],
        env={**env, "SMS_WEB_PORT": str(port)},
        ready=lambda: answers(f"{url}/healthz"),
        sign=lambda: time.monotonic() if answers(f"{url}/healthz") else None,
        silence=silence,
        spare=spare,
        shown={"url": url},
    )


def _marked(
    name: str,
    arguments: list[str],
    env: Mapping[str, str],
    mark: Path,
    variable: str,
    silence: float,
    *,
    spare: bool = False,
) -> Child:
    """A process that shows its readiness by making a file, and that it lives by touching it."""
    return Child(
        name=name,
        argv=[sys.executable, "-m", "sms_service.cli.app", *arguments],
        env={**env, variable: str(mark)},
        before=lambda: mark.unlink(missing_ok=True),
        ready=mark.exists,
        sign=lambda: mark.stat().st_mtime_ns if mark.exists() else None,
        silence=silence,
        spare=spare,
        grace=20.0,
    )


def answers(url: str) -> bool:
    """Whether a GET succeeds."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - our own loopback address
            return int(response.status) == 200  # noqa: PLR2004 - HTTP OK
    except (urllib.error.URLError, OSError):
        return False


def _port(kept: dict[str, Any], name: str, wanted: int | None) -> int:
    """The port asked for, else the one of the last start while it is free, else any."""
    if wanted:
        require_free(wanted, what=f"the {name} process")
        return wanted
    port = free_port(kept["ports"].get(name))
    kept["ports"][name] = port
    return port


def _secrets(data: Path) -> dict[str, Any]:
    """What this data folder's service was made with; made at the first start, readable by its owner only."""
    file = data / _SECRETS
    try:
        return dict(json.loads(file.read_text())) if file.exists() else _new_secrets()
    except ValueError as error:
        raise CannotStart(f"{file} is damaged; restore it, or remove {data} to begin anew") from error


def _new_secrets() -> dict[str, Any]:
    def key() -> str:
        return base64.b64encode(secrets.token_bytes(32)).decode()

    return {
        "owner_password": secrets.token_urlsafe(24),
        "app_password": secrets.token_urlsafe(24),
        "master_keys": key(),
        "index_keys": key(),
        "account_sid": f"AC{secrets.token_hex(16)}",
        "auth_token": secrets.token_hex(16),
        "ports": {},
    }


def _ours(name: str) -> bool:
    """Whether a variable is the service's own; the administrator's address is never written down."""
    return name.startswith("SMS_") or name in {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"}


def environment_of(data: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The given environment; without a DATABASE_URL, joined with that of the service running from `data`."""
    file = data / ENVIRONMENT
    if "DATABASE_URL" in environment or not file.exists():
        return dict(environment)
    return {**environment, **json.loads(file.read_text())}


def _keep(data: Path, kept: Mapping[str, Any]) -> None:
    _write_private(data / _SECRETS, kept)


def _write_private(file: Path, held: Mapping[str, Any]) -> None:
    """Write whole or not at all, for the owner's eyes only."""
    draft = file.with_name(f"{file.name}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(dict(held), out)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
