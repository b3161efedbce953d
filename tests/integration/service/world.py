"""A service on a real database, a clinic or two, a clock set by hand, and a provider that obeys a script."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import sqlalchemy as sa
from psycopg.rows import namedtuple_row

from sms_service.content.library import load_library
from sms_service.domain.outcome import Outcome, OutcomeClass
from sms_service.domain.request import Listed, Request, Trace
from sms_service.store.database import Database
from sms_service.store.keyring import KeyRing
from sms_service.store.tenants import Caller
from sms_service.use_cases.book import Taken, book
from sms_service.use_cases.claim import Batch, claim
from sms_service.use_cases.receive import receive
from sms_service.use_cases.reconcile import park_lost, reconcile
from sms_service.use_cases.reply import Inbound, reply
from sms_service.use_cases.send import Sent, fence, send
from sms_service.use_cases.service import Service
from sms_service.use_cases.set_up import SetUp, set_up

NEW_YORK = "America/New_York"
MASTER, INDEX = bytes(range(32)), bytes(range(32, 64))
ANA, BEN = "+12605550123", "+12605550124"
ADDRESS = "+15005550006"
LIBRARY = load_library()
#: Tables that hold what happened; the others hold one row that every database starts with.
_KEPT = {"alembic_version", "patient_clock", "deployment"}
_ids = itertools.count(1)


def at(local: str, zone: str = NEW_YORK) -> datetime:
    """The instant of a wall time."""
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


#: A Monday. The usual visit is in 17 days, so that the whole sequence is planned.
NOW = at("2027-05-03 10:00")
VISIT = "2027-05-20T09:30:00"


def event(
    kind: str = "booked", visit: str | None = "V1", person: str | None = "P1", **said: Any
) -> dict[str, Any]:
    """A canonical event; each field that is said goes where it belongs, to the visit or to the patient."""
    number = next(_ids)
    appointment: dict[str, Any] = {"id": visit} if visit else {}
    patient: dict[str, Any] = {"id": person} if person else {}
    if kind == "booked":
        appointment |= {"start": VISIT, "type": {"code": "TPI"}}
        patient |= {"given": "Ana", "phone": ANA, "language": "en", "consent": {"sms": True}}
    time = said.pop("time", None) or NOW + timedelta(milliseconds=number)
    test = said.pop("test", False)
    name = said.pop("id", f"e{number}")
    for key, value in said.items():
        place = (
            appointment
            if key in {"start", "timezone", "type", "status", "location", "reason", "procedure"}
            else patient
        )
        place[key] = value
    about = "patient.updated" if kind == "patient" else f"appointment.{kind}"
    return {
        "specversion": "1.0",
        "id": name,
        "source": "/feeds/main",
        "type": f"clinic.{about}.v1",
        "time": time.isoformat(),
        "data": {"appointment": appointment, "patient": patient, "test": test},
    }


def clinic_file(
    slug: str = "riverside", sender: str = "one", address: str = ADDRESS, **settings: Any
) -> dict[str, Any]:
    """What an operator sets a clinic up from."""
    rate = settings.pop("rate", 1000)
    return {
        "sender": {
            "name": sender,
            "address": address,
            "segments_per_second": rate,
            "opt_out_reply": settings.pop("opt_out_reply", "ours"),
            "live": settings.pop("live", False),
        },
        "clinic": {
            "slug": slug,
            "name": f"{slug.title()} Clinic",
            "program": "Injection Guide",
            "phone": "(555) 010-2000",
            "zone": NEW_YORK,
            "addresses": {"": "12 River Street"},
            **settings,
        },
        "feed": {
            "name": "main",
            "zone": NEW_YORK,
            "country": "US",
            "types": {"TPI": "trigger_point_injection"},
        },
    }


@dataclass
class FakeProvider:
    """Takes every text unless `answers`, in turn, or `always` say otherwise; lists what it is told to."""

    answers: list[dict[str, Any]] = field(default_factory=list)
    always: dict[str, Any] | None = None
    sent: list[Request] = field(default_factory=list)
    listed: list[Trace] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    during: Callable[[], None] | None = None

    async def send(self, requests: Sequence[Request]) -> list[Outcome]:
        self.sent += requests
        if self.during is not None:
            self.during()
        return [self._answer(request) for request in requests]

    def _answer(self, request: Request) -> Outcome:
        said = self.answers.pop(0) if self.answers else self.always
        said = said or {"outcome": OutcomeClass.ACCEPTED, "sid": sid(request.attempt_id), "status": "queued"}
        return Outcome(attempt_id=request.attempt_id, **said)

    async def traces(self, to: str, since: datetime) -> list[Trace]:
        self.asked.append(to)
        return [trace for trace in self.listed if trace.created_at >= since]

    async def page(self, place: str | None = None) -> Listed:  # noqa: ARG002 - all it lists fits on one
        newest = sorted(self.listed, key=lambda trace: trace.created_at, reverse=True)
        return Listed(traces=tuple(newest), next_place=None)

    @property
    def bodies(self) -> list[str]:
        return [request.body for request in self.sent]


def sid(number: int) -> str:
    """A SID as the provider makes them."""
    return f"SM{number:032x}"


class World:
    """One migrated database and everything a test does to it."""

    def __init__(self, app_url: str, owner_url: str, admin_url: str) -> None:
        self.app_url, self.owner_url, self.admin_url = app_url, owner_url, admin_url
        self.admin = psycopg.connect(admin_url, autocommit=True, row_factory=namedtuple_row)
        self.owner = sa.create_engine(owner_url, poolclass=sa.NullPool)
        self.service = Service(
            db=Database(app_url, pool_size=10), keys=KeyRing([MASTER], [INDEX]), library=LIBRARY
        )
        self.provider = FakeProvider()
        self.boot = 1000.0
        self.tables: list[str] = []

    def close(self) -> None:
        self.service.db.close()
        self.admin.close()

    def begin(self) -> None:
        """Empty the database, set the clock, and set up one clinic."""
        if not self.tables:
            found = self.admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            self.tables = sorted({row.tablename for row in found} - _KEPT)
        # quicker than TRUNCATE for a few rows; as replica, foreign keys do not ask for an order
        emptied = "; ".join(f"DELETE FROM {table}" for table in self.tables)
        self.admin.execute(
            f"SET session_replication_role = replica; {emptied}; RESET session_replication_role"
        )
        self.admin.execute("UPDATE deployment SET system_identifier = NULL, timeline = NULL, tzdata = NULL")
        self.set(NOW)
        self.provider = FakeProvider()
        self.home = self.clinic()

    # ---- setting the scene

    def set(self, instant: datetime) -> None:
        """Set patient time."""
        self.admin.execute("UPDATE patient_clock SET position = %s", [instant])
        self.now = instant

    def clinic(self, slug: str = "riverside", **settings: Any) -> SetUp:
        with self.owner.begin() as owner:
            return set_up(owner, self.service.keys, LIBRARY, clinic_file(slug, **settings))

    def caller(self, clinic: SetUp | None = None) -> Caller:
        clinic = clinic or self.home
        return Caller(feed_id=clinic.feed_id, clinic_id=clinic.clinic_id)

    def take(self, body: dict[str, Any], clinic: SetUp | None = None) -> Taken:
        """Take an event in."""
        return book(self.service, self.caller(clinic), body)

    def say(
        self, kind: str = "booked", visit: str | None = "V1", person: str | None = "P1", **said: Any
    ) -> str:
        """Take an event in, in one breath; its outcome."""
        clinic = said.pop("clinic", None)
        return self.take(event(kind, visit, person, **said), clinic).outcome

    # ---- the machine's jobs

    def tick(self, **options: Any) -> list[Batch]:
        batches: list[Batch] = []
        claim(self.service, batches.append, **options)
        return batches

    def fence(self, batch: Batch) -> tuple[list[Request], Sent]:
        return fence(self.service, batch, boottime=lambda: self.boot)

    def send(self, batch: Batch, provider: Any = None) -> Sent:
        return send(self.service, provider or self.provider, batch, boottime=lambda: self.boot)

    def run(self) -> list[Request]:
        """Tick and send until nothing is due; the requests that went out."""
        before = len(self.provider.sent)
        while batches := self.tick():
            for batch in batches:
                self.send(batch)
        return self.provider.sent[before:]

    def run_to(self, instant: datetime) -> list[Request]:
        """Let patient time pass, stopping wherever something is due."""
        sent = self.run()
        while True:
            due = self.one("SELECT min(due) FROM messages WHERE state IN ('planned', 'ready')")
            if due is None or due > instant:
                break
            self.set(max(due, self.now))
            went = self.run()
            sent += went
            if not went and due == self.one(
                "SELECT min(due) FROM messages WHERE state IN ('planned', 'ready')"
            ):
                break
        self.set(instant)
        return sent

    def receipt(
        self,
        attempt: int | None,
        status: str,
        code: int | None = None,
        of: str | None = None,
        to: str | None = None,
    ) -> str:
        return receive(self.service, attempt, of or sid(attempt or 0), status, code, to)

    def lose(self, seconds: float = 0.0) -> int:
        return park_lost(self.service, open_seconds=seconds)

    def reconcile(self, seconds: float = 0.0) -> dict[str, int]:
        return asyncio.run(reconcile(self.service, self.provider, grace_seconds=seconds))

    def reply(self, body: str, phone: str = ANA, **said: Any) -> str:
        said.setdefault("sid", f"SM-in-{next(_ids)}")
        said.setdefault("addresses", (ADDRESS,))
        return reply(self.service, Inbound(phone=phone, body=body, **said))

    # ---- looking, as a superuser: row security hides nothing here

    def all(self, query: str, *values: Any) -> list[Any]:
        return self.admin.execute(query, values or None).fetchall()

    def one(self, query: str, *values: Any) -> Any:
        rows = self.all(query, *values)
        return rows[0][0] if rows else None

    def do(self, statement: str, *values: Any) -> None:
        self.admin.execute(statement, values or None)

    def message(self, step: str, visit: str = "V1", occasion: int = 0) -> Any:
        found = self.all(
            "SELECT m.* FROM messages m JOIN appointments a ON a.id = m.appointment_id"
            " WHERE a.external_id = %s AND m.step = %s AND m.occasion = %s AND m.cause = 'appointment'",
            visit,
            step,
            occasion,
        )
        assert len(found) == 1, f"{step}: {found}"
        return found[0]

    def attempt(self, step: str = "welcome", visit: str = "V1") -> Any:
        """The newest attempt of a step."""
        return self.all(
            "SELECT * FROM attempts WHERE message_id = %s ORDER BY id DESC", self.message(step, visit).id
        )[0]

    def states(self, visit: str = "V1") -> dict[str, tuple[str, str | None]]:
        rows = self.all(
            "SELECT m.step, m.state, m.reason FROM messages m JOIN appointments a ON a.id = m.appointment_id"
            " WHERE a.external_id = %s AND m.cause = 'appointment' ORDER BY m.id",
            visit,
        )
        return {row.step: (row.state, row.reason) for row in rows}

    def tasks(self, *states: str) -> list[str]:
        """The kinds of work for people, sorted; open work unless said otherwise."""
        return sorted(
            row.kind
            for row in self.all("SELECT kind FROM tasks WHERE state = ANY (%s)", list(states or ("open",)))
        )

    def index(self, phone: str = ANA) -> bytes:
        return self.service.keys.phone_index(phone)

    def scoped(self, *clinics: SetUp) -> Iterable[int]:
        return [clinic.clinic_id for clinic in clinics]
