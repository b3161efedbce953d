"""Move an attempt along, and its message with it: accepted, parked, failed, or dead with its consequences."""

from __future__ import annotations

import random
from datetime import datetime

import sqlalchemy as sa

from sms_service.domain.advance import UNDELIVERED, ProviderStatus, Receipt, advance
from sms_service.domain.consequence import Consequence, consequence
from sms_service.domain.outcome import OutcomeClass
from sms_service.provider.classify import classify
from sms_service.store.attempts import (
    AttemptRow,
    add_receipt,
    never_sent,
    set_attempt,
    set_message,
    take_orphans,
)
from sms_service.store.blocks import block, open_circuit, suppress
from sms_service.store.messages import OUT, log
from sms_service.store.patients import mark_unusable
from sms_service.store.tasks import add_task

#: Outcomes that change the patient, or other texts to the number, as well as their own message.
WIDE = frozenset({OutcomeClass.RECIPIENT, OutcomeClass.OPTED_OUT})
#: Not settled yet.
STILL_OPEN = frozenset({"open", "unknown"})
#: Answers after which the patient certainly has nothing: a move may still change the text.
_NEVER_LEFT = frozenset({OutcomeClass.NOT_POSTED, OutcomeClass.RETRY, OutcomeClass.HALT, OutcomeClass.WAIT})


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
    alive = attempt.state in {*STILL_OPEN, "accepted"}
    if reached in UNDELIVERED and alive and reached != held:
        failed(connection, attempt, sid, reached, code, now)
    elif alive or (reached not in UNDELIVERED and attempt.message_state not in OUT):
        # also one that was written off, while no other attempt has taken its place: nothing goes twice
        set_attempt(
            connection, attempt.id, state="accepted", outcome="accepted", sid=sid, status=reached, code=None
        )
        set_message(connection, attempt.message_id, message_state(reached))
    else:
        set_attempt(connection, attempt.id, state="dead", outcome="late", sid=sid, status=reached, code=code)
        if reached not in UNDELIVERED:
            _ask(connection, attempt, "untraceable", now)  # the patient may have it twice


def failed(
    connection: sa.Connection,
    attempt: AttemptRow,
    sid: str,
    status: ProviderStatus,
    code: int | None,
    now: datetime,
) -> None:
    """The provider took it and could not deliver it."""
    set_attempt(connection, attempt.id, state="accepted", outcome=None, sid=sid, status=status, code=code)
    dead(connection, attempt, classify(None, code), code, None, now)


def park(connection: sa.Connection, attempt: AttemptRow) -> None:
    """Nobody can say whether the provider took it: it is not sent again before it is reconciled."""
    set_attempt(connection, attempt.id, state="unknown", outcome="unknown", sid=None, status=None, code=None)
    set_message(connection, attempt.message_id, "unknown")


def message_state(status: ProviderStatus) -> str:
    """The state of a message whose living attempt has this status."""
    return "delivered" if status in {ProviderStatus.DELIVERED, ProviderStatus.READ} else "sent"


def dead(
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
