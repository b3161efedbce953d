"""Drive the scenario: act at its instants, and step patient time between them whenever all is quiet."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from sms_service.cli.demo.scenario import BEGIN, CLINIC, END, ZONE, Act, Person, acts, event, people
from sms_service.cli.embedded import Stack
from sms_service.runtime import CannotStart
from sms_service.settings import load_settings, psycopg_url
from sms_service.use_cases.service import Service
from sms_service.use_cases.set_up import set_up
from sms_service.use_cases.step_time import quiet, step
from sms_service.wiring import make_service

_POLL_S = 0.05
_PATIENCE_S = 120.0


class Watcher(Protocol):
    """Whoever shows the progress."""

    def began(self, languages: list[str], patients: int) -> None:
        """The scenario starts."""

    def moved(self, now: datetime, share: float, texts: int) -> None:
        """Patient time reached an instant."""

    def acted(self, act: Act) -> None:
        """Something happened."""


def drive(stack: Stack, data: Path, watcher: Watcher, *, pace_s: float = 0.0) -> dict[str, Any]:
    """Run the scenario to its end, from wherever an earlier run stopped, and return the summary."""
    service = make_service(load_settings(stack.environment), pool_size=2)
    everyone = people()
    languages = sorted({person.language for person in everyone if person.language})
    key = _key(stack, service, data)
    if stack.sandbox_url is None:
        raise CannotStart("the demo needs the sandbox")
    for person in everyone:
        _name_phone(stack.sandbox_url, person)
    watcher.began(languages, len(everyone))
    began = time.monotonic()
    _play(stack, service, key, data, acts(everyone), watcher, pace_s)
    return _summary(stack, service, languages, time.monotonic() - began)


def _play(
    stack: Stack, service: Service, key: str, data: Path, script: list[Act], watcher: Watcher, pace_s: float
) -> None:
    progress = data / "demo.json"
    done = int(json.loads(progress.read_text())["acts"]) if progress.exists() else 0
    step(service, BEGIN)
    waiting = list(enumerate(script))[done:]
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        idle, due = quiet(service)
        if not idle or _webhooks_pending(stack):
            if time.monotonic() > deadline:
                raise CannotStart(f"the demo stands still; see the logs in {data / 'logs'}")
            time.sleep(_POLL_S)
            continue
        deadline = time.monotonic() + _PATIENCE_S
        following = min(
            [moment for moment in (due, waiting[0][1].at if waiting else None) if moment], default=None
        )
        if following is None or following > END:
            return
        time.sleep(pace_s)
        step(service, following)
        _label_time(stack, following)
        watcher.moved(following, (following - BEGIN) / (END - BEGIN), _texts(stack))
        while waiting and waiting[0][1].at <= following:
            number, act = waiting.pop(0)
            _act(stack, key, number, act)
            progress.write_text(json.dumps({"acts": number + 1}))
            watcher.acted(act)


def _act(stack: Stack, key: str, number: int, act: Act) -> None:
    if act.says is not None:
        post(f"{stack.sandbox_url}/sandbox/phones/{act.person.phone}/reply", {"body": act.says})
    else:
        post(f"{stack.web_url}/v1/events", event(act, number), {"X-API-Key": key})


def _summary(stack: Stack, service: Service, languages: list[str], seconds: float) -> dict[str, Any]:
    """The database's counts beside what the phones really received."""
    with service.db.transaction() as connection:
        clinics = list(connection.execute(sa.text("SELECT clinic_ids()")).scalars())
    with service.db.transaction(clinics) as connection:
        rows = connection.execute(
            sa.text("SELECT state, reason, due IS NOT NULL OR sent_at IS NOT NULL AS planned FROM messages")
        ).all()
    phones = get(f"{stack.sandbox_url}/sandbox/messages?limit=1000")["messages"]
    outbound = [message for message in phones if message["direction"] == "outbound"]
    alike = Counter((message["to"], message["body"]) for message in outbound)
    return {
        "planned": sum(row.planned for row in rows),
        "sent": sum(row.state in {"sent", "delivered"} for row in rows),
        "delivered": sum(row.state == "delivered" for row in rows),
        "skipped": dict(Counter(row.reason for row in rows if row.state == "skipped").most_common()),
        "waiting": sum(row.state in {"waiting", "planned"} for row in rows),
        "undelivered": sum(row.state == "undelivered" for row in rows),
        "received": len(outbound),
        "duplicates": sum(count - 1 for count in alike.values()),
        "segments": sum(message["segments"] for message in outbound),
        "locales": languages,
        "patients": len({message["to"] for message in outbound}),
        "seconds": round(seconds, 1),
        "web": stack.web_url,
        "phones": stack.sandbox_url,
    }


def _key(stack: Stack, service: Service, data: Path) -> str:
    """The demo feed's API key, kept beside the other secrets of this throw-away service."""
    file = data / "demo.key"
    if file.exists():
        return file.read_text().strip()
    engine = sa.create_engine(psycopg_url(stack.owner_url), poolclass=sa.NullPool)
    with engine.begin() as owner:
        made = set_up(owner, service.keys, service.library, CLINIC)
    file.touch(mode=0o600)
    file.write_text(made.key)
    return made.key


def _name_phone(sandbox: str, person: Person) -> None:
    city = person.zone.rpartition("/")[2].replace("_", " ")
    label = f"{person.given} · {person.language or '?'} · {city}"
    body = {"label": label, "language": person.language or "en", "dir": "auto"}
    post(f"{sandbox}/sandbox/phones/{person.phone}/label", body)


def _label_time(stack: Stack, now: datetime) -> None:
    post(
        f"{stack.sandbox_url}/sandbox/clock",
        {"shown_at": now.astimezone(ZoneInfo(ZONE)).isoformat(), "zone": ZONE},
    )


def _webhooks_pending(stack: Stack) -> bool:
    health = get(f"{stack.sandbox_url}/sandbox/health")
    return bool(health["in_flight"] or health["webhooks_pending"])


def _texts(stack: Stack) -> int:
    return int(sum(phone["received"] for phone in get(f"{stack.sandbox_url}/sandbox/phones")["phones"]))


def get(url: str) -> Any:  # noqa: ANN401 - JSON
    """GET a JSON document of our own loopback services."""
    with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 - loopback
        return json.load(response)


def post(url: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON
    """POST JSON; a refused connection is tried again for a while, as any clinic's system does."""
    data = json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 - loopback
        url, data, {"Content-Type": "application/json", **(headers or {})}, method="POST"
    )
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - loopback
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code < 500 or time.monotonic() > deadline:  # noqa: PLR2004 - ours to mend, not to repeat
                raise CannotStart(
                    f"{url.partition('?')[0]} answered {error.code}: {error.read().decode()[:300]}"
                ) from None
        except OSError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.2)
