"""Patients with a text that is about to be due: one is booked through the service, the others are its copies.

Every copy has a data key, sealed fields, a number and rows of its own, so the fence has to open, decide and
compose each of them.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from testbed import SENDER, Bed
from words import number

from sms_service.cli.demo.scenario import BEGIN, CLINIC, PATHWAY, Act, Person, event
from sms_service.settings import load_settings
from sms_service.store.tenants import Caller
from sms_service.use_cases.book import book
from sms_service.use_cases.service import Service
from sms_service.use_cases.set_up import set_up
from sms_service.use_cases.step_time import step
from sms_service.wiring import make_service

_CLINICS = 4
LANGUAGES = ("en", "es")
_START = BEGIN + timedelta(days=9, hours=1)
#: Names date, time and clinic, and asks for an answer.
_STEP = "confirm"
#: What a sender without a limit has (see `claim_due`).
_NO_LIMIT = 1_000_000


class Patients:
    """The database's side of a round."""

    def __init__(self, bed: Bed) -> None:
        self.service: Service = make_service(load_settings(bed.environment), pool_size=2)
        self._owner = sa.create_engine(bed.owner_url)
        self._clinics: list[int] = []
        self._models: list[dict[str, Any]] = []
        self.due = BEGIN
        step(self.service, BEGIN)
        for n in range(_CLINICS):
            self._clinics.append(self._book(n))
        self._empty()  # the models' own texts must not go

    def fill(self, count: int) -> None:
        """Start anew with so many patients, each with one text due at the next step of patient time."""
        self._empty()
        for place, model in enumerate(self._models):
            self._copy(model, range(place, count, len(self._models)))
        with self._owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("VACUUM ANALYZE"))

    def release(self) -> None:
        """Step patient time: every text is due."""
        step(self.service, self.due)

    def unsettled(self) -> int:
        """How many due texts the provider has not accepted yet."""
        statement = "SELECT count(*) FROM messages WHERE due <= :due AND state <> 'sent'"
        with self.service.db.transaction(self._clinics) as connection:
            return int(connection.execute(sa.text(statement), {"due": self.due}).scalar_one())

    def states(self) -> list[tuple[str, str | None, int]]:
        """What became of the due texts, for an error message."""
        statement = "SELECT state, reason, count(*) FROM messages WHERE due <= :due GROUP BY 1, 2"
        with self.service.db.transaction(self._clinics) as connection:
            return [tuple(row) for row in connection.execute(sa.text(statement), {"due": self.due})]

    def _empty(self) -> None:
        with self._owner.begin() as connection:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(1, id::integer) FROM senders"))
            connection.execute(sa.text("TRUNCATE patients CASCADE"))
            connection.execute(sa.text("UPDATE patient_clock SET position = :begin"), {"begin": BEGIN})

    def _book(self, n: int) -> int:
        spec = CLINIC | {
            "sender": {"name": "bench", "address": SENDER, "segments_per_second": _NO_LIMIT},
            "clinic": CLINIC["clinic"] | {"slug": f"clinic-{n}"},
        }
        with self._owner.begin() as owner:
            made = set_up(owner, self.service.keys, self.service.library, spec)
        caller = Caller(feed_id=made.feed_id, clinic_id=made.clinic_id)
        for language in LANGUAGES:
            person = Person(id=str(len(self._models)), given="Ana", language=language)
            act = Act(at=BEGIN, person=person, kind="booked", start=_START)
            taken = book(self.service, caller, event(act, len(self._models)))
            if taken.outcome != "applied":
                raise RuntimeError(f"the model could not be booked: {taken}")
            self._models.append(self._model(made.clinic_id, person))
        return made.clinic_id

    def _model(self, clinic: int, person: Person) -> dict[str, Any]:
        with self.service.db.transaction([clinic]) as connection:
            found = {}
            for table, condition in (
                ("patients", "external_id = 'P' || :id"),
                ("appointments", "external_id = 'V' || :id"),
                ("messages", "appointment_id = (SELECT id FROM appointments WHERE external_id = 'V' || :id)"),
            ):
                statement = sa.text(f"SELECT to_jsonb({table}) FROM {table} WHERE {condition} ORDER BY id")
                found[table] = list(connection.execute(statement, {"id": person.id}).scalars())
            row = connection.execute(
                sa.text("SELECT data_key, state FROM patients WHERE external_id = 'P' || :id"),
                {"id": person.id},
            ).one()
        assert found["appointments"][0]["pathway"] == PATHWAY
        sealed = self.service.keys.box(row.data_key)
        due = {row["step"]: datetime.fromisoformat(row["due"]) for row in found["messages"] if row["due"]}
        self.due = due[_STEP]
        later = [row for row in found["messages"] if due.get(row["step"], self.due) >= self.due]
        return found | {"messages": later, "fields": json.loads(sealed.open(row.state)), "clinic": clinic}

    def _copy(self, model: dict[str, Any], numbers: range) -> None:
        keys = self.service.keys
        fresh = [keys.new_data_key() for _ in numbers]
        names = [f"P{n}" for n in numbers]
        phones = [keys.phone_index(number(n)) for n in numbers]
        state = [
            keys.box(key).seal(json.dumps(_of(model["fields"], n)))
            for key, n in zip(fresh, numbers, strict=True)
        ]
        with self.service.db.transaction([model["clinic"]]) as connection:
            patient = model["patients"][0]
            ids = _insert(
                connection,
                "patients",
                patient,
                external_id=names,
                data_key=fresh,
                state=state,
                phone_index=phones,
            )
            visit = model["appointments"][0]
            visits = _insert(connection, "appointments", visit, external_id=names, patient_id=ids)
            for row in model["messages"]:
                about = {"patient_id": ids, "appointment_id": visits, "cause_id": visits}
                _insert(connection, "messages", row, **about, phone_index=phones)


def _of(fields: dict[str, Any], n: int) -> dict[str, Any]:
    """The model's fields with another number and name."""
    return fields | {
        "phone": [number(n), *fields["phone"][1:]],
        "given": [f"Ana {n}", *fields["given"][1:]],
    }


def _insert(connection: sa.Connection, table: str, model: dict[str, Any], **own: list[Any]) -> list[int]:
    """Copies of a row, each with its own values in some columns; their ids in the same order."""
    kinds = {"external_id": "text", "data_key": "bytea", "state": "bytea", "phone_index": "bytea"}
    columns = [name for name in model if name != "id"]
    chosen = ", ".join(f"n.{name}" if name in own else f"t.{name}" for name in columns)
    arrays = ", ".join(f"cast(:{name} AS {kinds.get(name, 'bigint')}[])" for name in own)
    statement = f"""
        INSERT INTO {table} ({", ".join(columns)}) SELECT {chosen}
        FROM jsonb_populate_record(NULL::{table}, cast(:model AS jsonb)) AS t,
          unnest({arrays}) WITH ORDINALITY AS n ({", ".join(own)}, place)
        ORDER BY n.place RETURNING id"""
    return list(connection.execute(sa.text(statement), own | {"model": json.dumps(model)}).scalars())
