"""The tick: hand what is due to the workers, as much as the sender may send and the workers can take."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import sqlalchemy as sa

from sms_service.store.clock import beat, patient_now
from sms_service.store.database import again_on_deadlock
from sms_service.store.deployment import differs
from sms_service.store.tenants import load_senders
from sms_service.use_cases.points import CLAIM_COMMITTED, reach
from sms_service.use_cases.service import Service

log = logging.getLogger("sms_service.claim")
BATCH = 100
#: Batches claimed for one sender in one tick at most; what is left is claimed by the next.
BATCHES = 30
#: A claim that no worker took to the fence in this time is freed (machine time).
LEASE_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Claimed messages of one sender, as ids: this is all that the broker carries."""

    sender_id: int
    token: UUID
    clinics: tuple[int, ...]
    messages: tuple[int, ...]


def claim(service: Service, enqueue: Callable[[Batch], None], *, lease_seconds: float = LEASE_SECONDS) -> int:
    """Claim what is due for every sender and enqueue it; how many messages were claimed.

    A batch is enqueued after its claim committed. Should the broker lose it, or be down, its lease runs out.
    """
    claimed = 0
    with service.db.transaction() as connection:
        senders = load_senders(connection)
        connection.execute(sa.text("SELECT open_due_tasks(:now)"), {"now": patient_now(connection)})
        beat(connection, "tick")
    for sender in senders:
        try:
            batches = _claim_one(service, sender.id, lease_seconds)
        except sa.exc.DBAPIError as error:
            if error.connection_invalidated:
                raise
            # one sender's trouble is not the next one's
            log.error("sender %s: claiming failed: %s", sender.id, type(error.orig).__name__)  # noqa: TRY400 - rows
            continue
        if batches:
            reach(CLAIM_COMMITTED)
        for batch in batches:
            enqueue(batch)
            claimed += len(batch.messages)
    return claimed


@again_on_deadlock
def _claim_one(service: Service, sender_id: int, lease_seconds: float) -> Sequence[Batch]:
    tokens = [uuid4() for _ in range(BATCHES)]
    with service.db.transaction() as connection:
        if differs(connection):
            return []  # nor is anything skipped for its window: many of these texts did go
        rows = connection.execute(
            sa.text(
                "SELECT message, clinic, claim FROM claim_due(:sender, :now, cast(:tokens AS uuid[]), :batch,"
                " make_interval(secs => :lease))"
            ),
            {
                "sender": sender_id,
                "now": patient_now(connection),
                "tokens": tokens,
                "batch": BATCH,
                "lease": lease_seconds,
            },
        ).all()
    batches: dict[UUID, list[tuple[int, int]]] = defaultdict(list)
    for row in rows:
        batches[row.claim].append((row.message, row.clinic))
    return [
        Batch(
            sender_id=sender_id,
            token=token,
            clinics=tuple(sorted({clinic for _, clinic in members})),
            messages=tuple(sorted(message for message, _ in members)),
        )
        for token, members in batches.items()
    ]
