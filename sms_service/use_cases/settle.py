"""Write what the provider answered to a batch, in as few statements as it takes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from sms_service.domain.advance import UNDELIVERED, ProviderStatus
from sms_service.domain.outcome import Outcome, OutcomeClass
from sms_service.store.attempts import (
    Accepted,
    AttemptRow,
    lock_attempts,
    lock_patients_of,
    orphaned,
    write_accepted,
)
from sms_service.store.clock import patient_now
from sms_service.store.database import again_on_deadlock
from sms_service.use_cases.move_attempt import STILL_OPEN, WIDE, accept, dead, message_state, park
from sms_service.use_cases.service import Service

_log = logging.getLogger("sms_service.settle")


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
                _log.error("attempt %s: its SID is another's", outcome.attempt_id)
                unclear = Outcome(attempt_id=outcome.attempt_id, outcome=OutcomeClass.UNKNOWN)
                _settle(service, scope, [unclear])


@again_on_deadlock
def _settle(service: Service, clinics: Sequence[int], outcomes: Sequence[Outcome]) -> None:
    with service.db.transaction(clinics) as connection:
        now = patient_now(connection)
        wide = [outcome.attempt_id for outcome in outcomes if outcome.outcome in WIDE]
        if wide:
            lock_patients_of(connection, wide)
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
        and attempt.state in STILL_OPEN
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
        message_state=message_state(said),
    )


def _outcome(connection: sa.Connection, attempt: AttemptRow, outcome: Outcome, now: datetime) -> None:
    """Apply the provider's answer to an attempt that is not settled yet."""
    if outcome.outcome is OutcomeClass.ACCEPTED and outcome.sid is not None:
        accept(connection, attempt, outcome.sid, outcome.status, now, outcome.code)
    elif attempt.state not in STILL_OPEN:
        return  # a receipt, or a person, settled it meanwhile
    elif outcome.outcome is OutcomeClass.UNKNOWN:
        park(connection, attempt)
    else:
        dead(connection, attempt, outcome.outcome, outcome.code, outcome.retry_after, now)
