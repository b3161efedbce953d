"""Find out what became of attempts nobody can vouch for, before anything is sent again."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag

from sms_service.domain.request import Trace
from sms_service.provider.errors import ProviderUnavailable
from sms_service.store.attempts import AttemptRow, bound, lock_attempts, set_attempt, set_message
from sms_service.store.clock import patient_now
from sms_service.store.keyring import KeyMissingError
from sms_service.store.messages import log
from sms_service.store.patients import phone_of
from sms_service.store.tasks import add_task
from sms_service.use_cases.move_attempt import accept, park
from sms_service.use_cases.service import Service

_log = logging.getLogger("sms_service.reconcile")
#: An open attempt older than this has lost its worker: 5 s to the write, 10 s for the call, and a margin.
OPEN_SECONDS = 30
#: How long an unknown attempt waits for a callback before the provider's list is asked (machine time).
GRACE_SECONDS = 600
#: The provider's clock and ours may differ by so much.
_SKEW = timedelta(minutes=2)
#: From the fence to the last byte of a call: 5 s of grace before the write, and the longest timeout.
_LONGEST_CALL = timedelta(seconds=65)
_AT_ONCE = 200
#: So many lists that cannot be read mean that the provider is away.
_AWAY = 3


class Lister(Protocol):
    """Whoever can list what the provider holds for a number."""

    async def traces(self, to: str, since: datetime) -> list[Trace]:
        """The messages to that number since then, newest first. Raises when the provider cannot be asked."""


def park_lost(service: Service, *, open_seconds: float = OPEN_SECONDS) -> int:
    """Attempts whose worker died between the fence and the outcome become unknown; how many."""
    with service.db.transaction() as connection:
        lost = _unsettled(connection, "open", open_seconds)
    for clinic_id, attempt_ids in _by_clinic(lost).items():
        with service.db.transaction([clinic_id]) as connection:
            for attempt in lock_attempts(connection, attempt_ids).values():
                if attempt.state == "open":
                    park(connection, attempt)
    return len(lost)


async def reconcile(
    service: Service, provider: Lister, *, grace_seconds: float = GRACE_SECONDS
) -> dict[str, int]:
    """Settle unknown attempts older than the grace: found, sent again, or handed to a person; the counts.

    Per (sender, number): the provider's list, newest first and not filtered by date sent (what is unsent has
    none), less what is already bound, is paired with the unknowns by sender, body and time. A trace that
    fits several is taken by the oldest; the others, which may be it as well, wait for staff.

    A number whose list cannot be read waits and the next ones are asked; several in a row say that the
    provider is away. Raises ProviderUnavailable in the end, for whoever logs it.
    """
    with service.db.transaction() as connection:
        unknown = _unsettled(connection, "unknown", grace_seconds)
    counts: dict[str, int] = defaultdict(int)
    failures: list[ProviderUnavailable] = []
    for clinic_id, attempt_ids in _by_clinic(unknown).items():
        for (_, number), group in _numbers(service, clinic_id, attempt_ids).items():
            oldest = min(attempt.committed_at for attempt in group)
            try:
                traces = await provider.traces(number, oldest.astimezone(UTC) - _SKEW)
            except ProviderUnavailable as error:
                failures.append(error)
                if len(failures) == _AWAY:
                    raise
                continue
            _settle(service, clinic_id, [attempt.id for attempt in group], traces, counts)
    if failures:
        raise failures[-1]
    return dict(counts)


def _numbers(
    service: Service, clinic_id: int, attempt_ids: list[int]
) -> dict[tuple[int, str], list[AttemptRow]]:
    groups: dict[tuple[int, str], list[AttemptRow]] = defaultdict(list)
    with service.db.transaction([clinic_id]) as connection:
        for attempt in lock_attempts(connection, attempt_ids).values():
            number = _number(service, connection, attempt)
            if number is not None:
                groups[attempt.sender_id, number].append(attempt)
            elif attempt.state == "unknown":
                _hand_over(connection, attempt, patient_now(connection))
    return groups


def _number(service: Service, connection: sa.Connection, attempt: AttemptRow) -> str | None:
    """The number that was texted; None when it changed, or cannot be read: then a person looks."""
    try:
        return phone_of(connection, service.keys, attempt.patient_id, attempt.phone_index)
    except (InvalidTag, KeyMissingError, ValueError) as error:
        _log.error("attempt %s: its patient cannot be read: %s", attempt.id, type(error).__name__)
        return None


def _settle(
    service: Service, clinic_id: int, attempt_ids: list[int], traces: Sequence[Trace], counts: dict[str, int]
) -> None:
    with service.db.transaction([clinic_id]) as connection:
        attempts = [a for a in lock_attempts(connection, attempt_ids).values() if a.state == "unknown"]
        if not attempts:
            return
        one = attempts[0]
        # two clinics may share a sender and a number: their unknowns must not take each other's traces
        connection.execute(
            sa.text("SELECT pg_advisory_xact_lock(hashtextextended(encode(:phone, 'hex'), :sender))"),
            {"phone": one.phone_index, "sender": one.sender_id},
        )
        now = patient_now(connection)
        address, obfuscated = connection.execute(
            sa.text("SELECT address, obfuscated FROM senders WHERE id = :id"), {"id": one.sender_id}
        ).one()
        if obfuscated:
            for attempt in attempts:
                _hand_over(connection, attempt, now)
            counts["handed_over"] += len(attempts)
            return
        taken = bound(connection, [trace.sid for trace in traces])
        attempts.sort(key=lambda attempt: attempt.committed_at)
        found = _pair(service, attempts, [t for t in traces if t.sid not in taken], address)
        for attempt in attempts:
            trace = found.get(attempt.id)
            if trace is not None:
                accept(connection, attempt, trace.sid, trace.status, now, trace.code)
                counts["found"] += 1
            elif attempt.lost or any(_fits(service, attempt, t, address) for t in found.values()):
                _hand_over(connection, attempt, now)
                counts["handed_over"] += 1
            else:
                _send_again(connection, attempt, now)
                counts["sent_again"] += 1


def _pair(
    service: Service, attempts: Sequence[AttemptRow], traces: Sequence[Trace], address: str
) -> dict[int, Trace]:
    """A trace for each attempt that has one: by its words first, then the redacted ones by time alone."""
    free = sorted(traces, key=lambda trace: trace.created_at)
    found: dict[int, Trace] = {}
    for redacted in (False, True):
        for attempt in attempts:
            fitting = (t for t in free if (not t.body) is redacted and _fits(service, attempt, t, address))
            trace = next(fitting, None) if attempt.id not in found else None
            if trace is not None:
                free.remove(trace)
                found[attempt.id] = trace
    return found


def _fits(service: Service, attempt: AttemptRow, trace: Trace, address: str) -> bool:
    """Whether the provider's message can be this attempt. A redacted one matches by sender and time."""
    if trace.sender is not None and trace.sender != address:
        return False
    committed = attempt.committed_at.astimezone(UTC)
    if not committed - _SKEW <= trace.created_at <= committed + _LONGEST_CALL + _SKEW:
        return False  # a later text with the same words is another attempt's
    return not trace.body or attempt.body_hash in service.keys.body_hashes(trace.body)


def _send_again(connection: sa.Connection, attempt: AttemptRow, now: datetime) -> None:
    """The provider never had it: one more attempt, if `decide` still says so when its turn comes."""
    set_attempt(connection, attempt.id, state="dead", outcome="no_trace", sid=None, status=None, code=None)
    due = min(now, attempt.until)
    set_message(connection, attempt.message_id, "planned", "retry_later", due)
    log(connection, attempt.clinic_id, attempt.message_id, now, "retried", "untraceable", due)


def _hand_over(connection: sa.Connection, attempt: AttemptRow, now: datetime) -> None:
    """A person has to look; the attempt stays unknown and is never sent again by itself.

    Nor is it looked for again, lest those that nobody can settle keep the others from their turn.
    """
    set_attempt(
        connection, attempt.id, state="unknown", outcome="handed_over", sid=None, status=None, code=None
    )
    add_task(
        connection,
        clinic_id=attempt.clinic_id,
        kind="untraceable",
        cause="message",
        cause_id=attempt.message_id,
        due=now,
        patient_id=attempt.patient_id,
        appointment_id=attempt.appointment_id,
    )


def _unsettled(connection: sa.Connection, state: str, seconds: float) -> Sequence[sa.Row[Any]]:
    return connection.execute(
        sa.text("SELECT attempt, clinic, sender FROM unsettled(:state, make_interval(secs => :age), :limit)"),
        {"state": state, "age": seconds, "limit": _AT_ONCE},
    ).all()


def _by_clinic(rows: Sequence[sa.Row[Any]]) -> dict[int, list[int]]:
    grouped: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        grouped[row.clinic].append(row.attempt)
    return grouped
