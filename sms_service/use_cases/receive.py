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
        if said in UNDELIVERED and classify(None, code) in WIDE:
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
