"""One body from a FHIR server, whatever its shape, to readings: the only entrance of this door."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from msgspec import DecodeError

from sms_service.intake.fhir.bundles import READ, Sorted, sort_entries
from sms_service.intake.fhir.contents import hold
from sms_service.intake.fhir.delivery import Delivery, Kind
from sms_service.intake.fhir.message import Message, deliver
from sms_service.intake.fhir.resources import Bundle
from sms_service.intake.fhir.subscriptions import STATUS_TYPES, notice
from sms_service.intake.fhir.tolerant import read
from sms_service.intake.problems import Code, Problem
from sms_service.intake.profile import Profile
from sms_service.intake.reading import Reading

#: Bundles that are put together from what is true at that moment.
_SNAPSHOTS = frozenset({"searchset", "collection"})
_BOM = b"\xef\xbb\xbf"
_UNSUPPORTED = "is neither Appointment nor Patient, nor a Bundle or a notification about them"
_NOT_JSON = "the body is no JSON, or nested too deeply"
_XML = "the body is XML; ask the server for application/fhir+json"
_NOT_UTF_8 = "the body is not UTF-8, so some letters are lost; FHIR's JSON always is"


def read_fhir(body: bytes, profile: Profile, received: datetime) -> Delivery:
    """Read a body in FHIR's JSON; R4, R4B and R5 alike. Never raises, and reads no clock.

    `received` (aware) is when the body came in: the version of a resource without lastUpdated, and the moment
    at which a name or a number has to be current.
    """
    received = received.astimezone(UTC)
    text = body.removeprefix(_BOM).strip()
    if not text:
        return Delivery(kind=Kind.EMPTY)
    spoilt = None
    try:
        text.decode()
    except UnicodeDecodeError:
        spoilt = _problem(Code.PARSE_ERROR, "", _NOT_UTF_8)
        text = text.decode(errors="replace").encode()
    try:
        delivery = _read(text, profile, received)
    except (DecodeError, RecursionError):
        return _refuse(_problem(Code.PARSE_ERROR, "", _XML if text.startswith(b"<") else _NOT_JSON))
    return delivery if spoilt is None else _spoilt(delivery, spoilt)


def fhir_readings(body: bytes, profile: Profile, received: datetime) -> tuple[Reading, ...]:
    """The readings of a body, at least one: a handshake or a bare id holds no event, and nothing wrong."""
    return read_fhir(body, profile, received).readings or (Reading(event=None),)


def _read(raw: bytes, profile: Profile, received: datetime) -> Delivery:
    itself = hold(raw)
    kind = itself.type
    if kind == "Bundle":
        return _bundle(raw, profile, received)
    problems: list[Problem] = []
    said = notice(raw, kind, problems) if kind in STATUS_TYPES else None
    if said is not None:
        return deliver(Message(notice=said, problems=problems), profile, received)
    if kind not in READ:
        return _refuse(_problem(Code.MESSAGE_UNSUPPORTED, "resourceType", _UNSUPPORTED))
    return deliver(Message(kind=Kind.RESOURCE, entries=Sorted(held=[itself])), profile, received)


def _bundle(raw: bytes, profile: Profile, received: datetime) -> Delivery:
    problems: list[Problem] = []
    bundle = read(raw, Bundle, problems)
    entries = sort_entries(bundle.entry or (), profile, problems)
    said = next(
        (notice(held.raw, held.type, problems) for held in entries.held if held.type in STATUS_TYPES), None
    )
    snapshot = bundle.type in _SNAPSHOTS
    message = Message(entries=entries, notice=said, snapshot=snapshot, problems=problems)
    return deliver(message, profile, received)


def _spoilt(delivery: Delivery, problem: Problem) -> Delivery:
    """Every reading of a damaged body is in doubt, and still shows what could be read."""
    readings = delivery.readings or (Reading(event=None),)
    return replace(
        delivery, readings=tuple(replace(each, problems=(problem, *each.problems)) for each in readings)
    )


def _refuse(problem: Problem) -> Delivery:
    return Delivery(kind=Kind.UNREADABLE, readings=(Reading(event=None, problems=(problem,)),))


def _problem(code: Code, field: str, detail: str) -> Problem:
    return Problem(code=code, field=field, detail=detail)
