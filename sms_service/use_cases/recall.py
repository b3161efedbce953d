"""After a restore: live through what happened since the snapshot once more, as the provider remembers it.

Texts that went out are found again by their words and written down as sent, replies are read again; only then
may anything be sent. What the clinics said meanwhile, they say again before this runs.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from cryptography.exceptions import InvalidTag

from sms_service.content.recognise import Recognised, Recogniser
from sms_service.domain.ledger import is_ours
from sms_service.domain.request import Listed, Trace
from sms_service.provider.errors import ProviderUnavailable
from sms_service.store.attempts import bound, lock_attempts
from sms_service.store.clock import is_stepped, patient_now
from sms_service.store.database import again_on_deadlock
from sms_service.store.deployment import clinics
from sms_service.store.keyring import KeyMissingError
from sms_service.store.patients import lock_patient_by_id
from sms_service.store.recall import end_late_answers, lock_patients, mark_sent
from sms_service.store.replies import sender_of, whose
from sms_service.store.tenants import load_clinic
from sms_service.use_cases.move_attempt import accept
from sms_service.use_cases.replan import replan
from sms_service.use_cases.reply import Inbound, reply
from sms_service.use_cases.service import Service
from sms_service.use_cases.which_message import Place, which_message

_log = logging.getLogger("sms_service.recall")
_INBOUND = "inbound"
_NUMBER = re.compile(r"\+\d{5,15}")
#: One patient whose key is missing or whose row is damaged must not keep the others from being known.
_UNREADABLE = (InvalidTag, KeyMissingError, ValueError)


class Pages(Protocol):
    """Whoever can list everything the provider holds."""

    async def page(self, place: str | None = None) -> Listed:
        """A page, newest first. Raises ProviderUnavailable."""
        ...


@dataclass(slots=True, kw_only=True)
class Recalled:
    """What was taken in, as counts, and our texts that words or number do not place: hidden, or changed."""

    counts: Counter[str] = field(default_factory=Counter)
    unplaced: list[Trace] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class _Replay:
    service: Service
    recogniser: Recogniser
    recalled: Recalled = field(default_factory=Recalled)
    touched: set[tuple[int, int]] = field(default_factory=set)
    """(clinic, patient) of everyone to whose number a text in the list went."""


async def recall(service: Service, provider: Pages, since: datetime) -> Recalled:
    """Read the provider's list back to `since` (its clock) and take it in, oldest first.

    The whole list is read before anything is written, so a provider that is away leaves nothing half done.
    It is held in memory, at about 1 KiB a text, for it comes newest first, is needed oldest first, and must
    not lie in the clear on a disk. Running it twice, or again after it was killed, changes nothing of what it
    has done: texts and replies are known by their SIDs. Raises ProviderUnavailable.
    """
    traces = await _since(provider, since)
    run = _Replay(service=service, recogniser=Recogniser(service.library))
    for trace in traces:
        try:
            _take_in(run, trace)
        except _UNREADABLE as error:
            _log.error("text %s: its patient cannot be read: %s", trace.sid, type(error).__name__)
            run.recalled.counts["unreadable"] += 1
    _end_late_answers(service, traces)
    for clinic_id, patient_id in sorted(run.touched):
        try:
            _plan_again(service, clinic_id, patient_id)
        except _UNREADABLE as error:
            _log.error("patient %s cannot be planned again: %s", patient_id, type(error).__name__)
    return run.recalled


async def _since(provider: Pages, since: datetime) -> list[Trace]:
    """Texts since then, oldest first, each once: the pages may shift while they are read."""
    found: dict[str, Trace] = {}
    page = await provider.page()
    while True:
        recent = [trace for trace in page.traces if trace.created_at >= since]
        new = {trace.sid: trace for trace in recent if trace.sid not in found}
        found |= new
        if not recent or page.next_place is None:
            oldest_first = list(found.values())[::-1]  # within one second the list's own order counts
            return sorted(oldest_first, key=lambda trace: trace.created_at)
        if not new:
            raise ProviderUnavailable("a list without an end")
        page = await provider.page(page.next_place)


def _take_in(run: _Replay, trace: Trace) -> None:
    counts = run.recalled.counts
    if trace.direction == _INBOUND:
        counts[_hear(run.service, trace)] += 1
    elif is_ours(trace):
        readings = run.recogniser.read(trace.body)
        if not readings or not _NUMBER.fullmatch(trace.to or ""):
            run.recalled.unplaced.append(trace)
        elif _bind(run, trace, trace.to or "", readings):
            counts["already_sent"] += 1


def _hear(service: Service, trace: Trace) -> str:
    """Read a reply again; what became of it, as a name to count by."""
    if not trace.sender or not _NUMBER.fullmatch(trace.sender):
        return "replies_hidden"
    addresses = tuple(filter(None, (trace.to, trace.service)))
    with service.db.transaction() as connection:
        if sender_of(connection, addresses) is None:
            return (
                "replies_elsewhere"  # the account has other numbers, and what is written to them is not ours
            )
    done = reply(service, Inbound(sid=trace.sid, phone=trace.sender, addresses=addresses, body=trace.body))
    return {"repeated": "replies_known", "unrouted": "replies_of_nobody"}.get(done, "replies_read_again")


@again_on_deadlock
def _bind(run: _Replay, trace: Trace, number: str, readings: Sequence[Recognised]) -> bool:
    """Bind one text to the message it was; whether there is one that had none."""
    keys = run.service.keys
    place = _place(run.service, trace, number)
    if place is None:
        return False
    run.touched.update(place.people)
    with run.service.db.transaction(place.clinics) as connection:
        lock_patients(connection, place.patients)
        if bound(connection, [trace.sid]):
            return False
        now = patient_now(connection)
        meant = which_message(connection, keys, place, readings, now)
        if meant is None:
            return False
        attempt_id = mark_sent(
            connection,
            keys,
            meant.message_id,
            trace,
            sender_id=place.sender_id,
            phone_index=place.phone_index,
            language=meant.found.language,
            variant=meant.found.variant,
            told=meant.told,
            left=None if is_stepped(connection) else trace.created_at,
            now=now,
        )
        attempt = lock_attempts(connection, [attempt_id])[attempt_id]
        accept(connection, attempt, trace.sid, trace.status, now, trace.code)
    return True


def _place(service: Service, trace: Trace, number: str) -> Place | None:
    phones = service.keys.phone_indexes(number)
    with service.db.transaction() as connection:
        sender = sender_of(connection, [trace.sender]) if trace.sender else None
        people = whose(connection, sender[0], phones) if sender else []
    if sender is None or not people:
        return None
    return Place(sender_id=sender[0], phone_index=phones[0], people=people)


def _end_late_answers(service: Service, traces: Sequence[Trace]) -> None:
    """No answer goes that is too late by now. A reply's age is machine time, whatever patient time is."""
    at = datetime.now(UTC)
    ages = {trace.sid: at - trace.created_at for trace in traces if trace.direction == _INBOUND}
    with service.db.transaction() as connection:
        everyone = clinics(connection)
    with service.db.transaction(everyone) as connection:
        end_late_answers(connection, ages, patient_now(connection))


@again_on_deadlock
def _plan_again(service: Service, clinic_id: int, patient_id: int) -> None:
    with service.db.transaction([clinic_id]) as connection:
        patient = lock_patient_by_id(connection, service.keys, patient_id)
        replan(service, connection, load_clinic(connection, clinic_id), patient, patient_now(connection))
