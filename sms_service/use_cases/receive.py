"""Take a receipt of the provider in; late, repeated and early ones are as welcome as those in order."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from sms_service.domain.advance import UNDELIVERED, ProviderStatus, Receipt, advance
from sms_service.provider.classify import classify
from sms_service.store.attempts import (
    AttemptRow,
    add_orphan,
    add_receipt,
    lock_attempts,
    lock_patients_of,
    route,
    set_attempt,
    set_message,
)
from sms_service.store.clock import patient_now
from sms_service.store.database import again_on_deadlock
from sms_service.use_cases.move_attempt import WIDE, accept, failed, message_state
from sms_service.use_cases.service import Service


@again_on_deadlock
def receive(
    service: Service,
    attempt_id: int | None,
    sid: str,
    status: str,
    code: int | None,
    to: str | None = None,
    mark: str | None = None,
) -> str:
    """Take a receipt in: `applied`, `repeated`, `orphan`, or `ignored` for a status we do not know.

    It is the attempt's that has this SID. While none has, it is that of the attempt it names, if number and
    mark are that one's too: after a restore the same id may have been given to another text. Otherwise it is
    kept, an orphan, until the SID is bound.
    """
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
        if said in UNDELIVERED and classify(None, code) in WIDE:
            lock_patients_of(connection, [found])
        attempt = lock_attempts(connection, [found])[found]
        if attempt.sid != sid and not _is_its(service, attempt, to, mark):
            add_orphan(connection, sid, status, code, attempt_id)
            return "orphan"
        if not add_receipt(connection, clinic_id, found, sid, status, code):
            return "repeated"
        _receipt(connection, attempt, sid, Receipt(status=said, code=code), patient_now(connection))
        return "applied"


def _is_its(service: Service, attempt: AttemptRow, to: str | None, mark: str | None) -> bool:
    """Whether a receipt that names an attempt without a SID can be of it."""
    return (
        attempt.sid is None
        and (to is None or attempt.phone_index in service.keys.phone_indexes(to))
        and (mark is None or attempt.mark is None or mark == attempt.mark)
    )


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
        failed(connection, attempt, sid, reached, receipt.code, now)
        return
    set_attempt(
        connection, attempt.id, state="accepted", outcome="accepted", sid=sid, status=reached, code=None
    )
    set_message(connection, attempt.message_id, message_state(reached))
