"""Find out what became of attempts nobody can vouch for, before anything is sent again."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag

from sms_service.domain.reasons import Reason
from sms_service.domain.request import Trace
from sms_service.provider.errors import ProviderUnavailable
from sms_service.store.attempts import AttemptRow, bound, lock_attempts, set_attempt, set_message
from sms_service.store.clock import patient_now
from sms_service.store.database import again_on_deadlock
from sms_service.store.keyring import KeyMissingError
from sms_service.store.messages import log
from sms_service.store.patients import phone_of
from sms_service.store.tasks import add_task
from sms_service.use_cases.move_attempt import accept, park
from sms_service.use_cases.points import TRACE_LISTED, reach
from sms_service.use_cases.service import Service

_log = logging.getLogger("sms_service.reconcile")
#: An open attempt older than this has lost its worker: 5 s to the write, 10 s for the call, and a margin.
OPEN_SECONDS = 30
#: How long an unknown attempt waits for a callback before the provider's list is asked (machine time).
GRACE_SECONDS = 600
#: The provider's clock and ours may differ by so much.
SKEW = timedelta(minutes=2)
#: From the fence to the last byte of a call: 5 s of grace before the write, and the longest timeout.
_LONGEST_CALL = timedelta(seconds=65)
#: Attempts to park, and numbers to look up, in one go: housekeeping has other work waiting.
_AT_ONCE, _NUMBERS = 200, 50
#: So many lists that cannot be read mean that the provider is away.
_AWAY = 3


class Lister(Protocol):
    """Whoever can list what the provider holds for a number."""

    async def traces(self, to: str, since: datetime) -> list[Trace]:
        """The messages to that number since then, newest first. Raises when the provider cannot be asked."""


def park_lost(service: Service, *, open_seconds: float = OPEN_SECONDS) -> int:
    """Attempts whose worker died between the fence and the outcome become unknown; how many."""
    with service.db.transaction() as connection:
        lost = connection.execute(
            sa.text("SELECT attempt, clinic FROM unsettled('open', make_interval(secs => :age), :limit)"),
            {"age": open_seconds, "limit": _AT_ONCE},
        ).all()
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

    Per (sender, number), over all clinics: the provider's list, newest first and not filtered by date sent
    (what is unsent has none), less what is already bound, is paired with the unknowns by sender, body and
    time. A trace that fits several is taken by the oldest; the others, which may be it as well, wait for
    staff.

    A number whose list cannot be read waits and the next ones are asked; several in a row say that the
    provider is away. Raises ProviderUnavailable in the end, for whoever logs it. Whatever else was looked at
    is settled or handed over afterwards.
    """
    unknown = _unknown(service, grace_seconds, _NUMBERS)
    counts: dict[str, int] = defaultdict(int)
    failures: list[ProviderUnavailable] = []
    for (_, number), group in _numbers(service, unknown, counts).items():
        oldest = min(attempt.committed_at for attempt in group)
        try:
            traces = await provider.traces(number, oldest.astimezone(UTC) - SKEW)
        except ProviderUnavailable as error:
            failures.append(error)
            if len(failures) == _AWAY:
                raise
            continue
        reach(TRACE_LISTED)
        for name, count in _settle(service, group, traces).items():
            counts[name] += count
    if failures:
        raise failures[-1]
    return dict(counts)


async def reconcile_all(service: Service, provider: Lister, *, grace_seconds: float) -> dict[str, int]:
    """Settle every unknown attempt older than the grace; the counts. Raises ProviderUnavailable."""
    counts: dict[str, int] = defaultdict(int)
    while is_any_unknown(service, grace_seconds):
        for name, count in (await reconcile(service, provider, grace_seconds=grace_seconds)).items():
            counts[name] += count
    return dict(counts)


def is_any_unknown(service: Service, grace_seconds: float) -> bool:
    """Whether `reconcile` would find work."""
    return bool(_unknown(service, grace_seconds, 1))


def _unknown(service: Service, grace_seconds: float, limit: int) -> Sequence[sa.Row[Any]]:
    with service.db.transaction() as connection:
        return connection.execute(
            sa.text(
                "SELECT attempt, clinic FROM unknown_numbers(make_interval(secs => :age), :near, :limit)"
            ),
            {"age": grace_seconds, "near": _LONGEST_CALL + 2 * SKEW, "limit": limit},
        ).all()


def _numbers(
    service: Service, unknown: Sequence[sa.Row[Any]], counts: dict[str, int]
) -> dict[tuple[int, str], list[AttemptRow]]:
    """The attempts by sender and number; whose number nobody can tell is handed over at once."""
    known: dict[tuple[int, str], list[AttemptRow]] = defaultdict(list)
    nameless: list[AttemptRow] = []
    for clinic_id, attempt_ids in _by_clinic(unknown).items():
        with service.db.transaction([clinic_id]) as connection:
            for attempt in lock_attempts(connection, attempt_ids).values():
                number = _number(service, connection, attempt)
                if number is not None:
                    known[attempt.sender_id, number].append(attempt)
                else:
                    nameless.append(attempt)
    for attempt in nameless:
        if (place := _same_number(service, attempt, known)) is not None:
            known[place].append(attempt)
        else:
            _give_up(service, attempt, counts)
    return known


def _number(service: Service, connection: sa.Connection, attempt: AttemptRow) -> str | None:
    """The number that was texted; None when it changed, or cannot be read."""
    try:
        return phone_of(connection, service.keys, attempt.patient_id, attempt.phone_index)
    except (InvalidTag, KeyMissingError, ValueError) as error:
        _log.error("attempt %s: its patient cannot be read: %s", attempt.id, type(error).__name__)
        return None


def _same_number(
    service: Service, attempt: AttemptRow, known: dict[tuple[int, str], list[AttemptRow]]
) -> tuple[int, str] | None:
    """Where another attempt tells the number of one that cannot: their traces are in the same list."""
    for sender_id, number in known:
        if sender_id == attempt.sender_id and attempt.phone_index in service.keys.phone_indexes(number):
            return sender_id, number
    return None


def _give_up(service: Service, attempt: AttemptRow, counts: dict[str, int]) -> None:
    with service.db.transaction([attempt.clinic_id]) as connection:
        now = patient_now(connection)
        for one in lock_attempts(connection, [attempt.id]).values():
            if one.state == "unknown":
                _hand_over(connection, one, now)
                counts["handed_over"] += 1


@again_on_deadlock
def _settle(service: Service, group: Sequence[AttemptRow], traces: Sequence[Trace]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    with service.db.transaction({attempt.clinic_id for attempt in group}) as connection:
        locked = lock_attempts(connection, [attempt.id for attempt in group])
        attempts = [attempt for attempt in locked.values() if attempt.state == "unknown"]
        if not attempts:
            return counts
        one = attempts[0]
        # somebody may look the same number up at this moment, by command
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
            return counts
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
    return counts


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
    if not committed - SKEW <= trace.created_at <= committed + _LONGEST_CALL + SKEW:
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
    set_message(connection, attempt.message_id, "unknown", Reason.UNTRACEABLE.value)
    log(connection, attempt.clinic_id, attempt.message_id, now, "handed over", Reason.UNTRACEABLE.value, None)
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


def _by_clinic(rows: Sequence[sa.Row[Any]]) -> dict[int, list[int]]:
    grouped: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        grouped[row.clinic].append(row.attempt)
    return grouped
