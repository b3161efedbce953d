"""The tasks. Each can be lost, repeated or killed at any line: the database knows what is left."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kombu.exceptions import OperationalError as BrokerAway

from sms_service.provider.boottime import boottime
from sms_service.store.pulse import count_lost_claims, fold_tallies
from sms_service.use_cases.claim import Batch, claim
from sms_service.use_cases.close_silent import close_silent
from sms_service.use_cases.compare_ledger import compare_nightly
from sms_service.use_cases.guard_restore import guard_restore
from sms_service.use_cases.reconcile import park_lost, reconcile
from sms_service.use_cases.replan_all import follow_zone_rules
from sms_service.use_cases.send import Sent, send
from sms_service.use_cases.sweep_orphans import sweep_orphans
from sms_service.use_cases.watch import watch
from workers import canary
from workers.app import app
from workers.arrival import arrive
from workers.guarded import complaints, guarded, log
from workers.lost_claims import LostClaims
from workers.process import process

lost_claims = LostClaims()


@app.task(name="tick")  # type: ignore[untyped-decorator]
def tick() -> None:
    """Claim what is due and hand it to the senders' queue."""

    def work() -> None:
        parts = process()
        guard_restore(parts.service)
        claim(parts.service, _enqueue, lease_seconds=parts.settings.lease_seconds)

    guarded("tick", work)


@app.task(name="send")  # type: ignore[untyped-decorator]
def send_batch(batch: dict[str, Any]) -> None:
    """Take one claimed batch through fence, provider and outcome."""
    claimed = Batch(
        sender_id=int(batch["sender"]),
        token=UUID(batch["token"]),
        clinics=tuple(batch["clinics"]),
        messages=tuple(batch["messages"]),
    )

    def work() -> Sent:
        parts = process()
        return send(parts.service, parts.provider, claimed, boottime=boottime, run=parts.run)

    sent = guarded("send", work)  # after trouble, lease and reconciliation settle the batch
    if sent is not None:
        log.info("send: attempted=%d deferred=%d skipped=%d", sent.attempted, sent.deferred, sent.skipped)


@app.task(name="housekeeping")  # type: ignore[untyped-decorator]
def housekeeping() -> None:
    """Park attempts that lost their worker, look up what nobody can vouch for, compare with the provider.

    And follow the zone rules. Each by itself: what fails in one must not keep the others from their turn.
    """
    parts = guarded("start", process)
    if parts is None:
        return
    settings = parts.settings
    for what, job in (
        ("park", lambda: park_lost(parts.service, open_seconds=settings.open_seconds)),
        (
            "reconcile",
            lambda: parts.run(reconcile(parts.service, parts.provider, grace_seconds=settings.grace_seconds)),
        ),
        ("orphans", lambda: sweep_orphans(parts.service)),
        ("closed without a receipt", lambda: close_silent(parts.service)),
        (
            "ledger",
            lambda: parts.run(
                compare_nightly(
                    parts.service,
                    parts.provider,
                    hour=settings.ledger_hour,
                    grace_seconds=settings.grace_seconds,
                )
            ),
        ),
        ("zone rules", lambda: follow_zone_rules(parts.service)),
    ):
        done = guarded(what, job)
        if done:
            log.info("%s: %s", what, done)


@app.task(name=canary.NAME)  # type: ignore[untyped-decorator]
def come_through(queue: str, sent_at: float, beat_clock: float) -> None:
    """Show that this queue is served; look at the door while at it, and add the counts up."""

    def work() -> None:
        parts = process()
        arrive(parts.service, app, queue, sent_at, beat_clock)
        watch(parts.service, stall_seconds=parts.settings.stall_seconds)
        if queue == "housekeeping":
            with parts.service.db.transaction() as connection:
                fold_tallies(connection)
                lost_claims.look(count_lost_claims(connection), complaints)

    guarded(f"canary of {queue}", work)


def _enqueue(batch: Batch) -> None:
    """Ids only. Should the broker be away, the lease frees the batch."""
    carried = {
        "sender": batch.sender_id,
        "token": str(batch.token),
        "clinics": list(batch.clinics),
        "messages": list(batch.messages),
    }
    try:
        send_batch.apply_async(args=[carried], queue="send")
    except BrokerAway:
        complaints.tell(
            "enqueue", "the broker does not answer; a claimed batch waits for its lease to run out"
        )
    else:
        complaints.over("enqueue")
