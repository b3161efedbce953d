"""What the provider says of an attempt - in its answer or in a receipt - moves it through `advance`."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from sms_service.domain.advance import UNDELIVERED, ProviderStatus, Receipt, advance
from sms_service.domain.consequence import Consequence, consequence
from sms_service.domain.outcome import Outcome, OutcomeClass
from sms_service.provider.classify import classify
from sms_service.store.attempts import (
    Accepted,
    AttemptRow,
    add_orphan,
    add_receipt,
    lock_attempts,
    lock_patients_of,
    never_sent,
    orphaned,
    route,
    set_attempt,
    set_message,
    take_orphans,
    write_accepted,
)
from sms_service.store.blocks import block, open_circuit, suppress
from sms_service.store.clock import patient_now
from sms_service.store.database import again_on_deadlock
from sms_service.store.messages import OUT, log
from sms_service.store.patients import mark_unusable
from sms_service.store.tasks import add_task
from sms_service.use_cases.service import Service

#: Outcomes that change the patient, or other texts to the number, as well as their own message.
_WIDE = frozenset({OutcomeClass.RECIPIENT, OutcomeClass.OPTED_OUT})
_journal = logging.getLogger("sms_service.receive")
_STILL_OPEN = frozenset({"open", "unknown"})
#: Answers after which the patient certainly has nothing: a move may still change the text.
_NEVER_LEFT = frozenset({OutcomeClass.NOT_POSTED, OutcomeClass.RETRY, OutcomeClass.HALT, OutcomeClass.WAIT})


def settle(service: Service, clinics: Iterable[int], outcomes: Sequence[Outcome]) -> None:
    """Write the outcomes of one batch in one transaction; should one of them be refused, each by itself."""
    scope = tuple(clinics)
    try:
        _settle(service, scope, outcomes)
    except IntegrityError:
        # e.g. a SID that another attempt holds: it must not cost the others what the provider said of them
        for outcome in outcomes:
            try:
                _settle(service, scope, [outcome])
            except IntegrityError:
                _journal.error("attempt %s: its SID is another's", outcome.attempt_id)
                unclear = Outcome(attempt_id=outcome.attempt_id, outcome=OutcomeClass.UNKNOWN)
                _settle(service, scope, [unclear])


@again_on_deadlock
def _settle(service: Service, clinics: Sequence[int], outcomes: Sequence[Outcome]) -> None:
    with service.db.transaction(clinics) as connection:
        now = patient_now(connection)
        attempts = lock_attempts(connection, [outcome.attempt_id for outcome in outcomes])
        early = orphaned(connection, [outcome.sid for outcome in outcomes if outcome.sid])
        taken = []
        for outcome in outcomes:
            attempt = attempts.get(outcome.attempt_id)
            if attempt is None:
                continue
            if outcome.sid in early or not _plainly_accepted(attempt, outcome):
                _outcome(connection, attempt, outcome, now)
            else:
                taken.append(_taken(attempt, outcome))
        write_accepted(connection, taken)


def _plainly_accepted(attempt: AttemptRow, outcome: Outcome) -> bool:
    """The usual case: the provider took it, and nothing was heard of it before."""
    return (
        outcome.outcome is OutcomeClass.ACCEPTED
        and outcome.sid is not None
        and attempt.state in _STILL_OPEN
        and attempt.status is None
        and outcome.status not in UNDELIVERED
    )


def _taken(attempt: AttemptRow, outcome: Outcome) -> Accepted:
    said = ProviderStatus(outcome.status) if outcome.status in set(ProviderStatus) else ProviderStatus.QUEUED
    return Accepted(
        attempt_id=attempt.id,
        message_id=attempt.message_id,
        sid=str(outcome.sid),
        status=said,
        message_state=_message_state(said),
    )


@again_on_deadlock
def receive(
    service: Service,
    attempt_id: int | None,
    sid: str,
    status: str,
    code: int | None,
    to: str | None = None,
) -> str:
    """Take a receipt in: `applied`, `repeated`, `orphan`, or `ignored` for a status we do not know."""
    try:
        said = ProviderStatus(status)
    except ValueError:
        return "ignored"
    with service.db.transaction() as connection:
        place = route(connection, attempt_id, sid)
        if place is None:
            add_orphan(connection, sid, status, code, attempt_id)
            return "orphan"
    clinic_id, found = place
    with service.db.transaction([clinic_id]) as connection:
        if said in UNDELIVERED and classify(None, code) in _WIDE:
            lock_patients_of(connection, [found])
        attempt = lock_attempts(connection, [found])[found]
        ours = attempt.sid == sid or to is None or attempt.phone_index in service.keys.phone_indexes(to)
        if not ours or (attempt.sid is not None and attempt.sid != sid):
            add_orphan(connection, sid, status, code, attempt_id)
            return "orphan"
        if not add_receipt(connection, clinic_id, found, sid, status, code):
            return "repeated"
        _receipt(connection, attempt, sid, Receipt(status=said, code=code), patient_now(connection))
        return "applied"


def _outcome(connection: sa.Connection, attempt: AttemptRow, outcome: Outcome, now: datetime) -> None:
    """Apply the provider's answer to an attempt that is not settled yet."""
    if outcome.outcome is OutcomeClass.ACCEPTED and outcome.sid is not None:
        accept(connection, attempt, outcome.sid, outcome.status, now, outcome.code)
    elif attempt.state not in _STILL_OPEN:
        return  # a receipt, or a person, settled it meanwhile
    elif outcome.outcome is OutcomeClass.UNKNOWN:
        park(connection, attempt)
    else:
        _dead(connection, attempt, outcome.outcome, outcome.code, outcome.retry_after, now)


def accept(
    connection: sa.Connection,
    attempt: AttemptRow,
    sid: str,
    status: str | None,
    now: datetime,
    code: int | None = None,
) -> None:
    """The provider has it: bind its SID, and apply what it said of it before we knew that SID."""
    if attempt.state == "dead" and attempt.sid == sid:
        return  # its receipt overtook the answer, and said that it failed
    said = ProviderStatus(status) if status in set(ProviderStatus) else ProviderStatus.QUEUED
    held = ProviderStatus(attempt.status) if attempt.status else None
    reached = advance(held, Receipt(status=said))
    for early, why in take_orphans(connection, sid):
        add_receipt(connection, attempt.clinic_id, attempt.id, sid, early, why)
        before, reached = reached, advance(reached, Receipt(status=ProviderStatus(early)))
        code = code if reached == before else why or None
    alive = attempt.state in {*_STILL_OPEN, "accepted"}
    if reached in UNDELIVERED and alive and reached != held:
        _failed(connection, attempt, sid, reached, code, now)
    elif alive or (reached not in UNDELIVERED and attempt.message_state not in OUT):
        # also one that was written off, while no other attempt has taken its place: nothing goes twice
        set_attempt(
            connection, attempt.id, state="accepted", outcome="accepted", sid=sid, status=reached, code=None
        )
        set_message(connection, attempt.message_id, _message_state(reached))
    else:
        set_attempt(connection, attempt.id, state="dead", outcome="late", sid=sid, status=reached, code=code)
        if reached not in UNDELIVERED:
            _ask(connection, attempt, "untraceable", now)  # the patient may have it twice


def _failed(
    connection: sa.Connection,
    attempt: AttemptRow,
    sid: str,
    status: ProviderStatus,
    code: int | None,
    now: datetime,
) -> None:
    """The provider took it and could not deliver it."""
    set_attempt(connection, attempt.id, state="accepted", outcome=None, sid=sid, status=status, code=code)
    _dead(connection, attempt, classify(None, code), code, None, now)


def park(connection: sa.Connection, attempt: AttemptRow) -> None:
    """Nobody can say whether the provider took it: it is not sent again before it is reconciled."""
    set_attempt(connection, attempt.id, state="unknown", outcome="unknown", sid=None, status=None, code=None)
    set_message(connection, attempt.message_id, "unknown")


def _receipt(
    connection: sa.Connection,
    attempt: AttemptRow,
    sid: str,
    receipt: Receipt,
    now: datetime,
) -> None:
    if attempt.state == "dead":
        if attempt.sid is None:
            accept(connection, attempt, sid, receipt.status, now, receipt.code)
        return
    held = ProviderStatus(attempt.status) if attempt.status else None
    reached = advance(held, receipt)
    if reached == held:
        return  # late or repeated: recorded, and nothing changes
    if reached in UNDELIVERED:
        _failed(connection, attempt, sid, reached, receipt.code, now)
        return
    set_attempt(
        connection, attempt.id, state="accepted", outcome="accepted", sid=sid, status=reached, code=None
    )
    set_message(connection, attempt.message_id, _message_state(reached))


def _message_state(status: ProviderStatus) -> str:
    return "delivered" if status in {ProviderStatus.DELIVERED, ProviderStatus.READ} else "sent"


def _dead(
    connection: sa.Connection,
    attempt: AttemptRow,
    outcome: OutcomeClass,
    code: int | None,
    retry_after: float | None,
    now: datetime,
) -> None:
    """An attempt that certainly delivered nothing: another try in the window, or the end with a reason."""
    set_attempt(connection, attempt.id, state="dead", outcome=outcome, sid=None, status=None, code=code)
    jitter = random.random()  # noqa: S311 - spreads retries, guards nothing
    follows = consequence(outcome, attempt.tries, now, attempt.until, jitter, retry_after)
    if follows.again is not None:
        set_message(connection, attempt.message_id, "planned", follows.reason.value, follows.again)
        if attempt.sid is None and outcome in _NEVER_LEFT:
            never_sent(connection, attempt.message_id)
    else:
        set_message(connection, attempt.message_id, "undelivered", follows.reason.value)
    log(
        connection,
        attempt.clinic_id,
        attempt.message_id,
        now,
        "retried" if follows.again else "undelivered",
        follows.reason.value,
        follows.again,
    )
    _spread(connection, attempt, follows, code, now)


def _spread(
    connection: sa.Connection, attempt: AttemptRow, follows: Consequence, code: int | None, now: datetime
) -> None:
    """What an outcome means beyond its own message."""
    if follows.open_circuit:
        open_circuit(connection, attempt.sender_id, f"provider code {code}")
    if follows.suppress:
        block(connection, attempt.sender_id, attempt.phone_index, "opted_out", now)
        suppress(connection, attempt.clinic_id, attempt.phone_index, "provider", now)
    if follows.block_route:
        block(connection, attempt.sender_id, attempt.phone_index, "route", now)
    if follows.number_unusable and attempt.patient_id is not None:
        mark_unusable(connection, attempt.patient_id, attempt.phone_index, now)
    if follows.task is not None:
        _ask(connection, attempt, follows.task, now)


def _ask(connection: sa.Connection, attempt: AttemptRow, kind: str, now: datetime) -> None:
    add_task(
        connection,
        clinic_id=attempt.clinic_id,
        kind=kind,
        cause="message",
        cause_id=attempt.message_id,
        due=now,
        patient_id=attempt.patient_id,
        appointment_id=attempt.appointment_id,
    )
