"""Send a claimed batch: fence, call, outcome. No transaction is open while the provider is called."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa

from sms_service.content.gate import Gate
from sms_service.domain.decide import Defer, Skip
from sms_service.domain.ids import AttemptId
from sms_service.domain.outcome import Outcome
from sms_service.domain.planned import TaskKind
from sms_service.domain.reasons import Reason
from sms_service.domain.request import Request
from sms_service.store.clock import patient_now
from sms_service.store.database import again_on_deadlock
from sms_service.store.fence import (
    NewAttempt,
    correct_bucket,
    defer,
    lock_claimed,
    read_facts,
    write_attempts,
)
from sms_service.store.messages import skip_message
from sms_service.store.tasks import add_task
from sms_service.use_cases.claim import Batch
from sms_service.use_cases.points import FENCE_COMMITTED, FENCE_LOCKED, PROVIDER_ANSWERED, reach
from sms_service.use_cases.service import Service
from sms_service.use_cases.settle import settle
from sms_service.use_cases.write_text import Written, write_text

log = logging.getLogger("sms_service.send")
_MUST = 0
#: When a text that could not be written is tried again: by then somebody may have mended it.
_LOOK_AGAIN = timedelta(minutes=15)
_LONGEST_VALIDITY_S = 36_000


class Provider(Protocol):
    """Whoever takes the texts."""

    async def send(self, requests: Sequence[Request]) -> list[Outcome]:
        """One outcome for each request, in order; never raises for a fault of the provider."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of a batch."""

    attempted: int = 0
    deferred: int = 0
    skipped: int = 0


def send(
    service: Service,
    provider: Provider,
    batch: Batch,
    *,
    boottime: Callable[[], float],
    run: Callable[[Coroutine[Any, Any, list[Outcome]]], list[Outcome]] = asyncio.run,
) -> Sent:
    """Take a batch through the fence, call the provider, write the outcomes.

    `boottime` reads a clock that goes on while a machine sleeps; `run` runs a coroutine on the worker's loop.
    A batch delivered a second time finds no row with its token and does nothing.
    """
    requests, sent = fence(service, batch, boottime=boottime)
    if requests:
        reach(FENCE_COMMITTED)
        outcomes = run(provider.send(requests))
        reach(PROVIDER_ANSWERED)
        settle(service, batch.clinics, outcomes)
    return sent


@again_on_deadlock
def fence(service: Service, batch: Batch, *, boottime: Callable[[], float]) -> tuple[list[Request], Sent]:
    """Decide and compose under row locks and commit one attempt per text, before any HTTP.

    The commit is the moment of sending for every rule: whatever changed a fact before it was seen here,
    whatever changes one after it comes too late.
    """
    with service.db.transaction(batch.clinics) as connection:
        ids = lock_claimed(connection, batch.messages, batch.token)
        if not ids:
            return [], Sent()
        now = patient_now(connection)
        ready: list[tuple[NewAttempt, Written, str]] = []
        counts = {"deferred": 0, "skipped": 0}
        spent = 0
        rows = read_facts(connection, ids, now)
        # one sender a batch: all of it is live, or none
        live = any(row.live for row in rows)
        ledger = service.open_words.ledger(connection, frozenset(batch.clinics)) if live else None
        for row in rows:
            gate = service.open_words.gate(service.library, ledger, row.clinic, now)
            result, attempt = _written(service, gate, row, now)
            if isinstance(result, Written) and attempt is not None:
                ready.append((attempt, result, row.sender))
                spent += result.text.segments - row.segments
            elif not isinstance(result, Written):
                counts["deferred" if isinstance(result, Defer) else "skipped"] += 1
                spent -= row.segments
                _put_back(connection, row, result, now)
        made = write_attempts(connection, [attempt for attempt, _, _ in ready], now)
        correct_bucket(connection, batch.sender_id, spent)
        reach(FENCE_LOCKED)
        committed_at = boottime()
    requests = [
        Request(
            attempt_id=AttemptId(made[attempt.message_id]),
            to=written.to,
            sender=sender,
            body=written.text.body,
            validity_s=min(max(int(written.decision.validity.total_seconds()), 1), _LONGEST_VALIDITY_S),
            committed_at=committed_at,
            mark=attempt.mark,
        )
        for attempt, written, sender in ready
    ]
    return requests, Sent(attempted=len(requests), **counts)


def _written(
    service: Service, gate: Gate, row: sa.Row[tuple[object, ...]], now: datetime
) -> tuple[Written | Defer | Skip, NewAttempt | None]:
    """The text and its attempt. What cannot be written - damaged data, a missing key - waits by itself.

    One such row must never keep the other texts of its batch from going.
    """
    try:
        result = write_text(row, service.library, gate, service.keys, service.base_url, now)
        return result, _attempt(service, row, result) if isinstance(result, Written) else None
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this row's alone
        log.error("message %s cannot be written: %s", row.id, type(error).__name__)  # noqa: TRY400 - a traceback quotes
        later = now + _LOOK_AGAIN
        if later <= row.until:
            return Defer(until=later, reason=Reason.UNWRITABLE), None
        return Skip(reason=Reason.UNWRITABLE), None


def _attempt(service: Service, row: sa.Row[tuple[object, ...]], written: Written) -> NewAttempt:
    text = written.text
    return NewAttempt(
        message_id=row.id,
        clinic_id=row.clinic_id,
        sender_id=row.sender_id,
        phone_index=bytes(row.phone_index),
        body=written.box.seal(text.body),
        body_hash=service.keys.body_hash(text.body),
        encoding=text.encoding,
        segments=text.segments,
        language=text.language,
        variant=text.variant.context,
        catalog_hash=text.catalog_hash,
        tells=text.variant.tells,
        question=text.variant.opens or text.variant.asks,
        asked_on_page=text.variant.asks is not None,
    )


def _put_back(
    connection: sa.Connection, row: sa.Row[tuple[object, ...]], result: Defer | Skip, now: datetime
) -> None:
    standing = row.status in {"booked", "arrived", "completed"}
    if isinstance(result, Defer):
        defer(connection, row.clinic_id, row.id, result.until, result.reason.value, now)
        asked = result.reason is Reason.UNWRITABLE
    else:
        skip_message(connection, row.clinic_id, row.id, result.reason.value, now)
        asked = row.priority == _MUST and row.anchor is not None and standing
    unsigned = result.reason is Reason.NOT_SIGNED
    if asked or unsigned:
        add_task(
            connection,
            clinic_id=row.clinic_id,
            kind=TaskKind.UNSIGNED_TEXT if unsigned else TaskKind.PHONE_INSTEAD,
            cause="message",
            cause_id=row.id,
            due=now,
            patient_id=row.patient_id,
            appointment_id=row.appointment_id,
        )
