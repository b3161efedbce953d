"""The whole system, started for a campaign: every process, two clinics, and a hand on each pid."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from sms_service.chaos.doors import Doors
from sms_service.chaos.journal import Journal
from sms_service.chaos.town import BEGIN, CLINICS
from sms_service.cli.embedded import Stack, running
from sms_service.runtime import CannotStart, Child
from sms_service.settings import load_settings, psycopg_url
from sms_service.use_cases.service import Service
from sms_service.use_cases.set_up import set_up
from sms_service.use_cases.step_time import quiet, step
from sms_service.wiring import make_service

_T = TypeVar("_T")
#: Machine times short enough to meet each of them often; the grace stays longer than 5 s and a call.
QUICK = {
    "SMS_TICK_SECONDS": "0.2",
    "SMS_HOUSEKEEPING_SECONDS": "0.5",
    "SMS_PROVIDER_TIMEOUT_S": "1",
    "SMS_LEASE_SECONDS": "2",
    "SMS_OPEN_SECONDS": "2",
    "SMS_GRACE_SECONDS": "6.5",
    "SMS_SANDBOX_RECEIPT_DELAY": "0.02",
}
_SENDERS, _WEBS = 3, 2
_DOOR_PATIENCE_S = 90.0
_POLL_S = 0.05
#: More than any lease, grace and restart together.
REST_PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A running service with a clinic on each of its two senders."""

    stack: Stack
    service: Service
    doors: Doors
    keys: Mapping[str, str]
    points: Path
    journal: Journal

    def move_clock(self, now: datetime) -> None:
        """Set patient time; what phones receive from now on is labelled with it."""
        self.doors.sandbox("clock", {"shown_at": now.isoformat()})
        self.again(lambda: step(self.service, now))
        self.journal.add("clock", now=now)

    def as_owner(self, statements: Sequence[str]) -> None:
        """Change the schema."""
        engine = sa.create_engine(psycopg_url(self.stack.owner_url), poolclass=sa.NullPool)
        with engine.begin() as owner:
            for statement in statements:
                owner.execute(sa.text(statement))

    def again(self, act: Callable[[], _T]) -> _T:
        """Do it until the database answers."""
        deadline = time.monotonic() + _DOOR_PATIENCE_S
        while True:
            try:
                return act()
            except sa.exc.DBAPIError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_POLL_S)

    def pulse(self) -> tuple[bool, datetime | None]:
        """Whether everything is at rest, provider and webhooks included; when something is due next."""
        idle, due = self.again(lambda: quiet(self.service))
        health = self.doors.sandbox("health")
        return idle and not health["in_flight"] and not health["webhooks_pending"], due

    def rest(self, patience_s: float = REST_PATIENCE_S) -> bool:
        """Wait until all is at rest; whether it came to it."""
        deadline = time.monotonic() + patience_s
        while not self.pulse()[0]:
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_S)
        return True


@contextmanager
def a_world(
    data: Path,
    journal: Journal,
    *,
    segments_per_second: float = 400.0,
    opt_out_reply: str = "ours",
    overrides: Mapping[str, str] | None = None,
    change: Callable[[Child], Child] = lambda child: child,
) -> Iterator[World]:
    """Start it in a data folder, for the first time or once more."""
    points = data.parent / f"{data.name}-points"
    points.mkdir(parents=True, exist_ok=True)
    settings = QUICK | {"SMS_POINTS": str(points)} | dict(overrides or {})
    with running(data, os.environ, senders=_SENDERS, webs=_WEBS, overrides=settings, change=change) as stack:
        if stack.sandbox_url is None:
            raise CannotStart("chaos needs the sandbox; run it without SMS_TWILIO_BASE_URL")
        service = make_service(load_settings(stack.environment), pool_size=2)
        engine = sa.create_engine(psycopg_url(stack.owner_url), poolclass=sa.NullPool)
        keys = {}
        for clinic in CLINICS:
            with engine.begin() as owner:
                spec = clinic.spec(segments_per_second, opt_out_reply)
                keys[clinic.slug] = set_up(owner, service.keys, service.library, spec).key
        doors = Doors(stack.web_urls, stack.sandbox_url, _DOOR_PATIENCE_S)
        doors.sandbox("settings", {"opt_out_reply": opt_out_reply})
        world = World(
            stack=stack,
            service=service,
            doors=doors,
            keys=keys,
            points=points,
            journal=journal,
        )
        world.move_clock(max([BEGIN, *(line["now"] for line in journal.of("clock"))]))
        try:
            yield world
        finally:
            service.db.close()
