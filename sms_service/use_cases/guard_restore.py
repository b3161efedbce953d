"""A restored snapshot believes that texts it already sent are still due: notice it, and hold everything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sms_service.domain.request import Trace
from sms_service.store.attempts import bound
from sms_service.store.blocks import hold, release
from sms_service.store.deployment import clinics, differs, overdue, record, record_sent
from sms_service.use_cases.reconcile import Lister, reconcile
from sms_service.use_cases.service import Service

RESTORED = "the database is not the one that sent last: run `sms-service reconcile --since`, then it releases"


def guard_restore(service: Service) -> bool:
    """Hold all sending when system identifier or timeline are not those of the last send; whether it did."""
    with service.db.transaction() as connection:
        everyone = clinics(connection)
        changed = differs(connection)
        if changed is None:
            record(connection)
    if not changed:
        return False
    with service.db.transaction(everyone) as connection:
        hold(connection, "all", 0, RESTORED)
    return True


async def reconcile_since(
    service: Service, provider: Lister, since: datetime, now: datetime
) -> dict[str, int]:
    """Learn from the provider what was sent since then and is not known here, and release the hold.

    For each number with texts overdue here, the provider's unbound messages since then are taken for those
    texts, in the order of their times: better one text too few, with a task in sight, than a day sent twice.
    """
    counts: dict[str, int] = defaultdict(int)
    counts.update(await reconcile(service, provider, grace_seconds=0))
    with service.db.transaction() as connection:
        everyone = clinics(connection)
    for clinic_id in everyone:
        with service.db.transaction([clinic_id]) as connection:
            numbers = overdue(connection, service.keys, since, now)
        for number, message_ids in numbers.items():
            traces = await provider.traces(number, since)
            counts["already_sent"] += _bind(service, clinic_id, message_ids, traces)
    with service.db.transaction(everyone) as connection:
        record(connection)
        release(connection, "all", 0, RESTORED)
    return dict(counts)


def _bind(service: Service, clinic_id: int, message_ids: Sequence[int], traces: Sequence[Trace]) -> int:
    with service.db.transaction([clinic_id]) as connection:
        known = bound(connection, [trace.sid for trace in traces])
        unknown = sorted((t for t in traces if t.sid not in known), key=lambda trace: trace.created_at)
        pairs = list(zip(message_ids, unknown, strict=False))
        for message_id, trace in pairs:
            record_sent(connection, service.keys, message_id, trace)
        return len(pairs)
