"""The three tasks. Each can be lost, repeated or killed at any line: the database knows what is left."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from kombu.exceptions import OperationalError
from sqlalchemy.exc import DBAPIError, InterfaceError

from sms_service.provider.boottime import boottime
from sms_service.provider.errors import ProviderUnavailable
from sms_service.use_cases.claim import Batch, claim
from sms_service.use_cases.guard_restore import guard_restore
from sms_service.use_cases.reconcile import park_lost, reconcile
from sms_service.use_cases.replan_all import follow_zone_rules
from sms_service.use_cases.send import send
from workers.app import app
from workers.process import process

log = logging.getLogger("sms_service.worker")
_DATABASE_AWAY = (DBAPIError, InterfaceError)


@app.task(name="tick")  # type: ignore[untyped-decorator]
def tick() -> None:
    """Claim what is due and hand it to the senders' queue."""
    parts = process()
    try:
        if not parts.guarded:
            guard_restore(parts.service)
            parts.guarded = True
        claim(parts.service, _enqueue, lease_seconds=parts.settings.lease_seconds)
    except _DATABASE_AWAY as error:
        log.warning("tick: the database does not answer (%s); the next tick tries again", _kind(error))


@app.task(name="send")  # type: ignore[untyped-decorator]
def send_batch(batch: dict[str, Any]) -> None:
    """Take one claimed batch through fence, provider and outcome."""
    parts = process()
    claimed = Batch(
        sender_id=int(batch["sender"]),
        token=UUID(batch["token"]),
        clinics=tuple(batch["clinics"]),
        messages=tuple(batch["messages"]),
    )
    try:
        sent = send(parts.service, parts.provider, claimed, boottime=boottime, run=parts.run)
    except _DATABASE_AWAY as error:
        log.warning(
            "send: the database does not answer (%s); lease and reconciliation settle the batch", _kind(error)
        )
        return
    log.info("send: attempted=%d deferred=%d skipped=%d", sent.attempted, sent.deferred, sent.skipped)


@app.task(name="housekeeping")  # type: ignore[untyped-decorator]
def housekeeping() -> None:
    """Park attempts that lost their worker, and reconcile those nobody can vouch for."""
    parts = process()
    try:
        follow_zone_rules(parts.service)
        park_lost(parts.service, open_seconds=parts.settings.open_seconds)
        counts = parts.run(
            reconcile(parts.service, parts.provider, grace_seconds=parts.settings.grace_seconds)
        )
    except _DATABASE_AWAY as error:
        log.warning("housekeeping: the database does not answer (%s)", _kind(error))
    except ProviderUnavailable as error:
        log.warning("housekeeping: the provider cannot be asked (%s); unknown attempts wait", error)
    else:
        if counts:
            log.info("reconciled: %s", counts)


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
    except OperationalError:
        log.warning("tick: the broker does not answer; a claimed batch waits for its lease to run out")


def _kind(error: Exception) -> str:
    """The class of a database error; its message could quote a row."""
    return type(getattr(error, "orig", None) or error).__name__
