"""The three tasks. Each can be lost, repeated or killed at any line: the database knows what is left."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

from kombu.exceptions import OperationalError as BrokerAway
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

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


@app.task(name="tick")  # type: ignore[untyped-decorator]
def tick() -> None:
    """Claim what is due and hand it to the senders' queue."""
    parts = process()
    try:
        guard_restore(parts.service)
        claim(parts.service, _enqueue, lease_seconds=parts.settings.lease_seconds)
    except DBAPIError as error:
        _tell("tick", error)


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
    except DBAPIError as error:
        _tell("send", error)  # lease and reconciliation settle the batch
        return
    log.info("send: attempted=%d deferred=%d skipped=%d", sent.attempted, sent.deferred, sent.skipped)


@app.task(name="housekeeping")  # type: ignore[untyped-decorator]
def housekeeping() -> None:
    """Park attempts that lost their worker, reconcile those nobody can vouch for, follow the zone rules.

    Each by itself: what fails in one must not keep the others from their turn.
    """
    parts = process()
    settings = parts.settings
    _try("park", lambda: park_lost(parts.service, open_seconds=settings.open_seconds))
    _try(
        "reconcile",
        lambda: parts.run(reconcile(parts.service, parts.provider, grace_seconds=settings.grace_seconds)),
    )
    _try("zone rules", lambda: follow_zone_rules(parts.service))


def _try(what: str, work: Callable[[], object]) -> None:
    try:
        done = work()
    except DBAPIError as error:
        _tell(what, error)
    except ProviderUnavailable as error:
        log.warning("%s: the provider cannot be asked (%s); unknown attempts wait", what, error)
    except Exception as error:  # noqa: BLE001 - the next job has to run whatever this one met
        log.error("%s: %s", what, type(error).__name__)  # noqa: TRY400 - a traceback could quote a row
    else:
        if done:
            log.info("%s: %s", what, done)


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
        log.warning("tick: the broker does not answer; a claimed batch waits for its lease to run out")


def _tell(what: str, error: DBAPIError) -> None:
    """One line, with the kind of the error only: its message could quote a row."""
    kind = type(error.orig or error).__name__
    if isinstance(error, OperationalError | InterfaceError):
        log.warning("%s: the database does not answer (%s); it is tried again", what, kind)
    else:
        log.error("%s: the database refused (%s)", what, kind)
