"""A restored snapshot believes that texts it already sent are still due: notice it, and hold everything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sms_service.domain.request import Trace
from sms_service.store.attempts import bound, lock_attempts
from sms_service.store.blocks import release
from sms_service.store.clock import patient_now
from sms_service.store.deployment import clinics, differs, leave_a_gap, overdue, record, record_lost
from sms_service.use_cases.hold import hold
from sms_service.use_cases.move_attempt import accept
from sms_service.use_cases.reconcile import Lister, park_lost, reconcile
from sms_service.use_cases.service import Service

RESTORED = "the database is not the one that sent last: run `sms-service reconcile --since`, then it releases"


def guard_restore(service: Service) -> bool:
    """Hold all sending when system identifier or timeline are not those of the last send; whether it did.

    Asked before every claim: a failover can happen under a running worker. What it cannot see is a copy of
    the disk put back in place, which has the same identifier and timeline.
    """
    with service.db.transaction() as connection:
        changed = differs(connection)
        if changed is None:
            record(connection)
    if changed:
        hold(service, "all", 0, RESTORED)
    return bool(changed)


async def reconcile_since(
    service: Service, provider: Lister, since: datetime, now: datetime
) -> dict[str, int]:
    """Learn from the provider what was sent since then and is not known here, and release the hold.

    For each number with texts waiting here, the provider's unbound messages since then are taken for those
    texts, in the order of their times, and a person is asked to look: better one text too few than a day sent
    twice. Attempts that the snapshot held open are settled first, so that no trace is taken for another.
    """
    counts: dict[str, int] = defaultdict(int)
    while park_lost(service, open_seconds=0):
        pass
    while settled := await reconcile(service, provider, grace_seconds=0):
        for name, count in settled.items():
            counts[name] += count
    with service.db.transaction() as connection:
        everyone = clinics(connection)
        leave_a_gap(connection)
    for clinic_id in everyone:
        with service.db.transaction([clinic_id]) as connection:
            numbers = overdue(connection, service.keys, since, now)
        for (address, number), message_ids in numbers.items():
            traces = await provider.traces(number, since)
            ours = [trace for trace in traces if trace.sender in {None, address}]
            counts["already_sent"] += _bind(service, clinic_id, message_ids, ours)
    with service.db.transaction(everyone) as connection:
        record(connection)
        release(connection, "all", 0, RESTORED)
    return dict(counts)


def _bind(service: Service, clinic_id: int, message_ids: Sequence[int], traces: Sequence[Trace]) -> int:
    with service.db.transaction([clinic_id]) as connection:
        known = bound(connection, [trace.sid for trace in traces])
        unknown = sorted((t for t in traces if t.sid not in known), key=lambda trace: trace.created_at)
        now = patient_now(connection)
        count = 0
        for message_id, trace in zip(message_ids, unknown, strict=False):
            attempt_id = record_lost(connection, service.keys, message_id, trace, now)
            if attempt_id is not None:
                attempt = lock_attempts(connection, [attempt_id])[attempt_id]
                accept(connection, attempt, trace.sid, trace.status, now, trace.code)
                count += 1
        return count
