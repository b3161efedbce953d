"""Every process real: PostgreSQL, Valkey, web, beat, tick, senders, housekeeping and the sandbox provider."""

import json
import os
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from sms_service.cli.embedded import running
from sms_service.runtime import forget
from sms_service.settings import load_settings, psycopg_url
from sms_service.use_cases.set_up import set_up
from sms_service.use_cases.step_time import quiet, step
from sms_service.wiring import make_service

NEW_YORK = ZoneInfo("America/New_York")
PATIENCE_S = 60.0
#: Machine times short enough for a test; grace stays longer than 5 s plus the provider's timeout.
QUICK = {
    "SMS_TICK_SECONDS": "0.1",
    "SMS_HOUSEKEEPING_SECONDS": "0.3",
    "SMS_PROVIDER_TIMEOUT_S": "1",
    "SMS_LEASE_SECONDS": "2",
    "SMS_OPEN_SECONDS": "2",
    "SMS_GRACE_SECONDS": "6.5",
    "SMS_SANDBOX_RECEIPT_DELAY": "0.01",
}
CLINIC = {
    "sender": {"name": "test", "address": "+15005550006", "segments_per_second": 1000},
    "clinic": {
        "slug": "riverside",
        "name": "Riverside Pain Clinic",
        "program": "Injection Guide",
        "phone": "(555) 010-2000",
        "zone": "America/New_York",
        "addresses": {"": "12 River Street, Springfield"},
        "offered_languages": ["en", "es"],
    },
    "feed": {"name": "main", "types": {"TPI": "trigger_point_injection"}},
}


@dataclass
class World:
    """The running service as a clinic, a phone and an operator see it."""

    stack: object
    service: object
    key: str
    points: Path
    year: int = 2026

    def http(self, url, body=None, headers=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})})
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    def event(self, kind, visit, at, *, phone=None, language="en", start=None, **extra):
        """Post one event of a visit, as the clinic's system would: again and again until it is taken."""
        appointment = {"id": visit, **extra}
        if start is not None:
            appointment |= {"start": start.strftime("%Y-%m-%dT%H:%M:%S"), "timezone": "America/New_York"}
            appointment["type"] = {"code": "TPI"}
        body = {
            "specversion": "1.0",
            "id": f"{visit}-{kind}-{at.isoformat()}",
            "source": "/test",
            "type": f"clinic.appointment.{kind}.v1",
            "time": at.isoformat(),
            "data": {"appointment": appointment},
        }
        if phone:
            body["data"]["patient"] = {
                "id": f"P-{visit}",
                "given": "Ana",
                "phone": phone,
                "language": language,
            }
            body["data"]["patient"]["consent"] = {"sms": True, "at": at.isoformat()}
        return self.until(lambda: self.http(f"{self.stack.web_url}/v1/events", body, {"X-API-Key": self.key}))

    def visit(self, visit):
        return self.http(f"{self.stack.web_url}/v1/appointments/{visit}", headers={"X-API-Key": self.key})

    def texts(self, phone):
        """What the phone received, oldest first: the sandbox's word, not ours."""
        query = f"direction=outbound&limit=1000&phone={phone.replace('+', '%2B')}"
        return self.http(f"{self.stack.sandbox_url}/sandbox/messages?{query}")["messages"]

    def reply(self, phone, words):
        self.http(f"{self.stack.sandbox_url}/sandbox/phones/{phone}/reply", {"body": words})

    def faults(self, **settings):
        self.http(f"{self.stack.sandbox_url}/sandbox/faults", {"clear": True, **settings})

    def now(self, instant):
        """Move patient time, and the label that texts get on the phones."""
        step(self.service, instant)
        self.http(
            f"{self.stack.sandbox_url}/sandbox/clock", {"shown_at": instant.astimezone(NEW_YORK).isoformat()}
        )

    def new_year(self):
        """Go on to a year of its own for one test, whatever the order of the tests."""
        self.year += 1
        self.now(datetime(self.year, 1, 1, 9, tzinfo=NEW_YORK).astimezone(UTC))
        self.settle()
        return self.year

    def settle(self):
        """Wait until nothing is due, in flight or awaiting a receipt; when something next is due."""

        def still():
            health = self.http(f"{self.stack.sandbox_url}/sandbox/health")
            idle, due = quiet(self.service)
            return (
                (True, due) if idle and not health["in_flight"] and not health["webhooks_pending"] else None
            )

        return self.until(still)[1]

    def run_to(self, end):
        """Step patient time from one due instant to the next until `end`."""
        while (due := self.settle()) is not None and due <= end:
            self.now(due)
        self.now(end)
        self.settle()

    def until(self, attempt):
        """Try until it gives something; a service that was just killed may need a moment."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                found = attempt()
                if found:
                    return found
            except (OSError, sa.exc.DBAPIError):
                if time.monotonic() > deadline:
                    raise
            assert time.monotonic() < deadline, "nothing happened in time; see the logs in the data folder"
            time.sleep(0.05)


@contextmanager
def a_world(data):
    points = data.parent / "points"
    points.mkdir(exist_ok=True)
    with running(data, os.environ, senders=2, overrides=QUICK | {"SMS_POINTS": str(points)}) as stack:
        service = make_service(load_settings(stack.environment), pool_size=2)
        engine = sa.create_engine(psycopg_url(stack.owner_url), poolclass=sa.NullPool)
        with engine.begin() as owner:
            made = set_up(owner, service.keys, service.library, CLINIC)
        yield World(stack=stack, service=service, key=made.key, points=points)
        service.db.close()
    forget(data)


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """One running service for the whole session; each test has a visit, a patient and a phone of its own."""
    with a_world(tmp_path_factory.mktemp("end-to-end") / "data") as running_world:
        yield running_world
