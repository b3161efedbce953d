"""Close texts of which the provider never said whether they arrived, so that nobody goes on waiting."""

from __future__ import annotations

from datetime import timedelta

from sms_service.domain.reasons import Reason
from sms_service.store.attempts import lock_attempts, set_attempt, set_message
from sms_service.store.clock import patient_now
from sms_service.store.ledger import silent
from sms_service.store.messages import log
from sms_service.use_cases.service import Service

#: Many carriers give no receipt: after this, none comes (machine time).
SILENCE = timedelta(hours=72)
_AT_ONCE = 500


def close_silent(service: Service, *, silence: timedelta = SILENCE) -> int:
    """Say of each that its delivery is unknown; how many. A receipt that comes after all still counts."""
    with service.db.transaction() as connection:
        found = silent(connection, silence, _AT_ONCE)
    for clinic_id, attempt_ids in found.items():
        with service.db.transaction([clinic_id]) as connection:
            now = patient_now(connection)
            for attempt in lock_attempts(connection, attempt_ids).values():
                if attempt.state != "accepted" or attempt.message_state != "sent":
                    continue  # a receipt came while we looked
                why = Reason.DELIVERY_UNKNOWN.value
                set_attempt(
                    connection, attempt.id, state="accepted", outcome=why, sid=None, status=None, code=None
                )
                set_message(connection, attempt.message_id, "sent", why)
                log(connection, clinic_id, attempt.message_id, now, "closed", why, None)
    return sum(map(len, found.values()))
