"""Patients as rows: what identifies them is sealed, what the rules ask is a column."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from sms_service.domain.event import Event, Stamp, Value
from sms_service.domain.ids import PatientId
from sms_service.domain.registers import Register, Registers, value, write
from sms_service.store.keyring import Box, KeyRing


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientRow:
    """A patient as stored, opened."""

    id: PatientId
    external_id: str
    fields: Registers = field(repr=False)
    box: Box = field(repr=False)
    phone_index: bytes | None
    unusable: bool

    @property
    def phone(self) -> str | None:
        """E.164, as the clinic last said."""
        held = value(self.fields, "phone")
        return str(held) if held else None

    @property
    def given(self) -> str | None:
        """The first name."""
        held = value(self.fields, "given")
        return str(held) if held else None

    @property
    def language(self) -> str | None:
        """The patient's own choice, else what a feed said."""
        held = value(self.fields, "language_chosen") or value(self.fields, "language")
        return str(held) if held else None


def dump(registers: Registers) -> str:
    """Registers as JSON: name to [value, instant, hash]."""
    return json.dumps(
        {name: [r.value, r.stamp.at.isoformat(), r.stamp.hash] for name, r in sorted(registers.items())}
    )


def load(data: Mapping[str, list[Value]]) -> dict[str, Register]:
    """Registers from what `dump` wrote."""
    return {
        name: Register(value=held, stamp=Stamp(at=datetime.fromisoformat(str(at)), hash=str(digest)))
        for name, (held, at, digest) in data.items()
    }


_COLUMNS = "id, external_id, data_key, state, phone_index, unusable_at IS NOT NULL AS unusable"


def ensure_patient(connection: sa.Connection, keys: KeyRing, clinic_id: int, external_id: str) -> int:
    """The id of the patient's row, made when missing."""
    sealed = keys.new_data_key()
    statement = """
        INSERT INTO patients (clinic_id, external_id, data_key, state)
        VALUES (:clinic, :external, :key, :state)
        ON CONFLICT (clinic_id, external_id) DO NOTHING"""
    values = {
        "clinic": clinic_id,
        "external": external_id,
        "key": sealed,
        "state": keys.box(sealed).seal("{}"),
    }
    connection.execute(sa.text(statement), values)
    return int(
        connection.execute(
            sa.text("SELECT id FROM patients WHERE clinic_id = :clinic AND external_id = :external"), values
        ).scalar_one()
    )


def lock_patient(connection: sa.Connection, keys: KeyRing, clinic_id: int, external_id: str) -> PatientRow:
    """The patient's row, made when missing, locked until the transaction ends."""
    return lock_patient_by_id(connection, keys, ensure_patient(connection, keys, clinic_id, external_id))


def lock_patient_by_id(connection: sa.Connection, keys: KeyRing, patient_id: int) -> PatientRow:
    """The patient's row, locked until the transaction ends.

    Not FOR UPDATE: rows that only refer to the patient (a task) need not wait, nor deadlock.
    """
    row = connection.execute(
        sa.text(f"SELECT {_COLUMNS} FROM patients WHERE id = :id FOR NO KEY UPDATE"),
        {"id": patient_id},
    ).one()
    return _opened(row, keys)


def _opened(row: sa.Row[tuple[object, ...]], keys: KeyRing) -> PatientRow:
    box = keys.box(row.data_key)
    return PatientRow(
        id=PatientId(row.id),
        external_id=row.external_id,
        fields=load(json.loads(box.open(row.state))),
        box=box,
        phone_index=bytes(row.phone_index) if row.phone_index else None,
        unusable=row.unusable,
    )


def fold_patient(
    connection: sa.Connection, keys: KeyRing, patient: PatientRow, event: Event
) -> tuple[PatientRow, bool]:
    """Write what an event says of the patient; whether anything changed for their texts."""
    return write_patient(connection, keys, patient, event.patient, event.stamp)


def write_patient(
    connection: sa.Connection, keys: KeyRing, patient: PatientRow, fields: Mapping[str, Value], stamp: Stamp
) -> tuple[PatientRow, bool]:
    """Write fields at a stamp; whether any value changed."""
    after, won = write(patient.fields, fields, stamp)
    if not won:
        return patient, False
    changed = any(value(patient.fields, name) != value(after, name) for name in won)
    number = value(after, "phone")
    indexes = keys.phone_indexes(str(number)) if number else []
    index = indexes[0] if indexes else None
    renewed = PatientRow(
        id=patient.id,
        external_id=patient.external_id,
        fields=after,
        box=patient.box,
        phone_index=index,
        unusable=patient.unusable and patient.phone_index in indexes,
    )
    for old in indexes[1:]:
        _reindex(connection, patient.id, old, indexes[0])
    statement = """
        UPDATE patients SET state = :state, phone_index = :index, language = :language, zone = :zone,
          consent = :consent, deceased = :deceased, merged_away = :merged,
          unusable_at = CASE WHEN :unusable THEN unusable_at END
        WHERE id = :id"""
    values = {
        "id": patient.id,
        "state": patient.box.seal(dump(after)),
        "index": index,
        "language": renewed.language,
        "zone": value(after, "zone"),
        "consent": value(after, "consent") is True,
        "deceased": value(after, "deceased") is True,
        "merged": value(after, "merged_into") is not None,
        "unusable": renewed.unusable,
    }
    connection.execute(sa.text(statement), values)
    return renewed, changed


def _reindex(connection: sa.Connection, patient_id: int, old: bytes, new: bytes) -> None:
    """While the index key rotates: what is known of a number under its old hash holds under the new one.

    Whoever's it was: a patient who is new, or takes that number over, must not find its opt-out gone.
    """
    values = {"old": old, "new": new, "patient": patient_id}
    for table, columns in (
        ("suppressions", "clinic_id, since, source, lifted_at"),
        ("sender_blocks", "sender_id, kind, since"),
    ):
        connection.execute(
            sa.text(
                f"INSERT INTO {table} (phone_index, {columns}) SELECT :new, {columns} FROM {table}"
                " WHERE phone_index = :old ON CONFLICT DO NOTHING"
            ),
            values,
        )
    connection.execute(
        sa.text(
            "UPDATE senders SET allow_numbers = array_append(allow_numbers, :new)"
            " WHERE :old = ANY (allow_numbers) AND NOT :new = ANY (allow_numbers)"
        ),
        values,
    )
    # a text to be tried again is no plan's any more, and the fence compares it with the patient's present number
    connection.execute(
        sa.text(
            "UPDATE messages SET phone_index = :new, token = NULL, lease_until = NULL,"
            " state = CASE state WHEN 'claimed' THEN 'ready' ELSE state END"
            " WHERE id IN (SELECT id FROM messages WHERE patient_id = :patient AND phone_index = :old"
            " AND state IN ('planned', 'ready', 'claimed') ORDER BY id FOR UPDATE)"
        ),
        values,
    )


def mark_unusable(connection: sa.Connection, patient_id: int, phone_index: bytes, now: datetime) -> None:
    """The provider said the patient's present number cannot receive texts; a new number clears it."""
    connection.execute(
        sa.text(
            "UPDATE patients SET unusable_at = :now WHERE id = :id AND phone_index = :phone AND unusable_at IS NULL"
        ),
        {"id": patient_id, "phone": phone_index, "now": now},
    )


def phone_of(
    connection: sa.Connection, keys: KeyRing, patient_id: int | None, phone_index: bytes
) -> str | None:
    """The number that was texted, while it is still the patient's; None when it changed or was erased."""
    row = connection.execute(
        sa.text("SELECT data_key, state FROM patients WHERE id = :id"), {"id": patient_id}
    ).first()
    if row is None:
        return None
    held = value(load(json.loads(keys.box(row.data_key).open(row.state))), "phone")
    return str(held) if held and phone_index in keys.phone_indexes(str(held)) else None
