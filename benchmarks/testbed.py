"""The parts of one run: real PostgreSQL and Valkey, the stub, both kinds of workers."""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sms_service.runtime import Child, Supervisor, free_port, start_postgres, start_valkey
from sms_service.settings import psycopg_url
from sms_service.store.migrate import migrate
from sms_service.store.roles import Passwords, ensure_database

HERE = Path(__file__).resolve().parent
SENDER = "+15005550006"
_DATABASE = "bench"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bed:
    """What every round shares."""

    data: Path
    environment: Mapping[str, str] = field(repr=False)
    owner_url: str = field(repr=False)
    stub_url: str
    postgres: str

    def ask(self, path: str, body: bytes | None = None) -> Any:  # noqa: ANN401 - JSON
        """One question to the stub."""
        with urllib.request.urlopen(self.stub_url + path, data=body, timeout=30) as answer:
            return json.load(answer)


@contextmanager
def testbed(data: Path, *, tick_s: float, in_flight: int, delay_ms: float) -> Iterator[Bed]:
    """Servers, schema, roles and stub; durability is whatever the service itself runs with."""
    with Supervisor(data / "servers-of-all") as supervisor:
        postgres, valkey = start_postgres(supervisor), start_valkey(supervisor)
        passwords = Passwords(owner=secrets.token_urlsafe(), app=secrets.token_urlsafe())
        ensure_database(postgres.url(), _DATABASE, passwords)
        owner_url = psycopg_url(postgres.url_for("sms_owner", passwords.owner, _DATABASE))
        migrate(owner_url)
        port = free_port()
        stub_url = f"http://127.0.0.1:{port}"
        environment = os.environ | {
            "DATABASE_URL": postgres.url_for("sms_app", passwords.app, _DATABASE),
            "REDIS_URL": valkey.url,
            "SMS_MASTER_KEYS": _key(),
            "SMS_INDEX_KEYS": _key(),
            "SMS_TWILIO_BASE_URL": stub_url,
            "SMS_TWILIO_ACCOUNT_SID": f"AC{secrets.token_hex(16)}",
            "SMS_TWILIO_AUTH_TOKENS": secrets.token_hex(16),
            "SMS_TICK_SECONDS": str(tick_s),
            "SMS_PROVIDER_CONCURRENCY": str(in_flight),
            "SMS_HOUSEKEEPING_SECONDS": "3600",
            "BENCH_FROM": SENDER,
        }
        bed = Bed(
            data=data,
            environment=environment,
            owner_url=owner_url,
            stub_url=stub_url,
            postgres=postgres.version,
        )
        stub = Child(
            name="stub",
            argv=[sys.executable, HERE / "stub.py", str(port), str(delay_ms)],
            ready=lambda: _answers(bed),
        )
        supervisor.start(stub)
        yield bed


def _answers(bed: Bed) -> bool:
    try:
        return bool(bed.ask("/count")["count"] == 0)
    except OSError:
        return False


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
