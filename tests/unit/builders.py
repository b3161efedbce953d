"""Small builders, so that a test reads as the story it tells. Wall times are New York's unless said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sms_service.content.library import Library, load_library
from sms_service.domain.appointment import Appointment
from sms_service.domain.event import Event, EventType, Stamp, Value
from sms_service.domain.ids import AppointmentId, ClinicId, PatientId, SenderId
from sms_service.domain.pathway import Pathway, Tells
from sms_service.domain.people import Clinic, Patient
from sms_service.domain.plan import plan
from sms_service.domain.planned import Planned
from sms_service.domain.registers import Register
from sms_service.domain.told import Already

NEW_YORK = "America/New_York"
#: A Thursday; its visit and all days before it are on one side of the clock changes.
VISIT = "2027-05-20 09:30"
#: Texts in which a visit's start is named, so that the patient believes it from then on.
NAMING = {"confirm": Tells.START, "prepare": Tells.START, "logistics": Tells.START, "moved": Tells.START,
          "cancelled": Tells.CANCELLED}  # fmt: skip


def at(local: str, zone: str = NEW_YORK) -> datetime:
    """The instant of a wall time."""
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def local(instant: datetime, zone: str = NEW_YORK) -> str:
    return f"{instant.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


@cache
def library() -> Library:
    return load_library()


@cache
def pathway() -> Pathway:
    return library().pathways["trigger_point_injection"]


def clinic(**changes: Any) -> Clinic:
    usual = Clinic(
        id=ClinicId(1),
        sender_id=SenderId(1),
        name="Cedar Clinic",
        program="Cedar Texts",
        phone="212-555-0100",
        after_hours_phone="212-555-0199",
        zone=NEW_YORK,
        addresses={"": "1 Main St"},
    )
    return replace(usual, **changes)


def patient(**changes: Any) -> Patient:
    return replace(Patient(id=PatientId(1), reachable=True, consent=True, language="en"), **changes)


def registers(fields: dict[str, Value]) -> dict[str, Register]:
    stamp = Stamp(at=at("2027-01-01 00:00"), hash="0")
    return {name: Register(value=held, stamp=stamp) for name, held in fields.items()}


def visit(
    start: str | None = VISIT,
    *,
    on: str | None = "2027-05-01 10:00",
    zone: str = NEW_YORK,
    status: str | None = "booked",
    fields: dict[str, Value] | None = None,
    **changes: Any,
) -> Appointment:
    """A visit at `start` that we learned of `on` a day."""
    usual: dict[str, Value] = {"timezone": zone, "status": status, "pathway": "trigger_point_injection"}
    usual["start"] = start.replace(" ", "T") if start else None
    booked_at = at(on, zone) if on else None
    return Appointment(
        id=changes.pop("id", AppointmentId(1)),
        fields=registers(usual | (fields or {})),
        booked_at=booked_at,
        **changes,
    )


def completed(when: str = "2027-05-20 10:00", *, learned: str | None = None, **changes: Any) -> Appointment:
    zone = changes.get("zone", NEW_YORK)
    done = {"procedure.done": True, "procedure.injectate": "steroid"} | (changes.pop("fields", None) or {})
    return visit(
        status="completed",
        fields=done,
        completed_at=at(when, zone),
        ended_at=at(learned or when, zone),
        **changes,
    )


def sent(step: str, when: str | datetime, start: str | datetime = VISIT, **changes: Any) -> Already:
    """A text that reached sending, about a visit at `start`."""
    usual: dict[str, Any] = {
        "step": step,
        "at": at(when) if isinstance(when, str) else when,
        "start": at(start) if isinstance(start, str) else start,
        "pathway": "trigger_point_injection",
        "tells": NAMING.get(step),
        "counts": pathway().step(step).counts,
    }
    return Already(**(usual | changes))


def feed_back(row: Planned, when: datetime) -> Already:
    """What the service remembers of a planned text once it was sent."""
    carried = [row.step, *row.merged]
    return Already(
        step=row.step,
        at=when,
        occasion=row.occasion,
        merged=row.merged,
        pathway="trigger_point_injection",
        start=row.told,
        tells=next((NAMING[step] for step in carried if step in NAMING), None),
        counts=pathway().step(row.step).counts,
    )


@dataclass(frozen=True)
class Plan:
    """A plan, with questions a test asks."""

    rows: Sequence[Planned]

    @property
    def going(self) -> list[Planned]:
        order = [step.id for step in pathway().steps]
        return sorted((r for r in self.rows if r.goes), key=lambda r: (r.due, order.index(r.step)))

    @property
    def steps(self) -> list[str]:
        return ["+".join([row.step, *row.merged]) for row in self.going]

    def when(self, zone: str = NEW_YORK) -> dict[str, str]:
        return {"+".join([row.step, *row.merged]): local(row.due, zone) for row in self.going}

    def row(self, step: str) -> Planned:
        """The step's own row, else the row of the text that carries it."""
        (found,) = [r for r in self.rows if r.step == step] or [r for r in self.rows if step in r.merged]
        return found

    def reason(self, step: str) -> str | None:
        found = self.row(step).reason
        return str(found.value) if found else None

    @property
    def tasks(self) -> set[str]:
        return {wish.kind.value for row in self.rows for wish in row.tasks}

    def due(self, task: str) -> datetime:
        (found,) = (wish.due for row in self.rows for wish in row.tasks if wish.kind == task)
        return found


def plan_of(
    appointment: Appointment,
    *,
    now: str | datetime | None = None,
    already: Iterable[Already] = (),
    at_clinic: Clinic | None = None,
    of: Patient | None = None,
    on: Pathway | None = None,
) -> Plan:
    """The plan as made the moment the visit was last changed, or at `now`."""
    changes = [appointment.booked_at, appointment.moved_at, appointment.ended_at]
    moment = at(now) if isinstance(now, str) else now or max(filter(None, changes))
    rows = plan(appointment, on or pathway(), at_clinic or clinic(), of or patient(), list(already), moment)
    return Plan(rows)


EVENT_OF = {
    "proposed": EventType.UPDATED,
    "booked": EventType.BOOKED,
    "moved": EventType.RESCHEDULED,
    "arrived": EventType.ARRIVED,
    "completed": EventType.COMPLETED,
    "cancelled": EventType.CANCELLED,
    "no_show": EventType.NO_SHOW,
    "updated": EventType.UPDATED,
}


def event(kind: str, minute: int = 0, *, key: str = "a", test: bool = False, **fields: Value) -> Event:
    """An event said `minute` minutes into 2027."""
    said = at("2027-01-01 00:00") + timedelta(minutes=minute)
    return Event(
        id=f"{kind}{minute}{key}",
        source="/feeds/main",
        type=EVENT_OF[kind],
        appointment_id="V1",
        patient_id="MRN1",
        at=said,
        stamp=Stamp(at=said, hash=key),
        appointment={name.replace("procedure_", "procedure."): held for name, held in fields.items()},
        patient={},
        test=test,
    )
