"""A restored snapshot believes that texts it already sent are still due: notice it, and hold everything."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Protocol

from sms_service.store.blocks import release
from sms_service.store.deployment import clinics, differs, leave_a_gap, record
from sms_service.use_cases.hold import hold
from sms_service.use_cases.recall import Pages, recall
from sms_service.use_cases.reconcile import SKEW, Lister, park_lost, reconcile_all
from sms_service.use_cases.service import Service
from sms_service.use_cases.take_by_time import take_by_time

RESTORED = "the database is not the one that sent last: run `sms-service reconcile --since`, then it releases"


class Memory(Lister, Pages, Protocol):
    """A provider that can be asked for a number and for everything."""


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
    service: Service, provider: Memory, since: datetime, now: datetime
) -> dict[str, int]:
    """Learn from the provider what was sent since then and is not known here, release the hold; the counts.

    Attempts that the snapshot held open are settled first, so that no trace is taken for another. Then what
    the provider lists is recognised by its words (`recall`), and the rest by its time (`take_by_time`). The
    hold is released in the end, so whatever stops this on its way leaves everything held: run it again.
    Raises ProviderUnavailable.
    """
    while park_lost(service, open_seconds=0):
        pass
    counts = Counter(await reconcile_all(service, provider, grace_seconds=0))
    with service.db.transaction() as connection:
        everyone = clinics(connection)
        leave_a_gap(connection)
    recalled = await recall(service, provider, since - SKEW)
    counts += recalled.counts + take_by_time(service, recalled.unplaced, everyone, now)
    with service.db.transaction(everyone) as connection:
        record(connection)
        release(connection, "all", 0, RESTORED)
    return dict(counts)
