"""One patch for each protection, applied inside the processes of a mutant before they do anything.

The product has no switch for any of this: a mutant is the product with one function replaced.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from sms_service.domain.outcome import OutcomeClass
from sms_service.store import database, messages
from sms_service.store.clock import patient_now
from sms_service.use_cases import claim, move_attempt, receive, reconcile, replan, reply, send, settle

_A_MONTH = timedelta(days=30)
_FOR_EVER_S = 1e6


def fence() -> None:
    """Everything from the claim to the outcome in one transaction, the call in its middle."""
    held = threading.local()
    apart = database.Database.transaction

    @contextmanager
    def joined(self: database.Database, clinics: Iterable[int] = ()) -> Iterator[sa.Connection]:
        if getattr(held, "connection", None) is None:
            with apart(self, clinics) as connection:
                yield connection
        else:
            database.scope(held.connection, clinics)
            yield held.connection

    original = send.send

    def whole(service: Any, provider: Any, batch: claim.Batch, **named: Any) -> send.Sent:  # noqa: ANN401
        with apart(service.db, batch.clinics) as connection:
            held.connection = connection
            try:
                return original(service, provider, batch, **named)
            finally:
                del held.connection

    _replace(database.Database, "transaction", joined)
    _replace(send, "send", whole)


def unique_key() -> None:
    """Planning sees no message that is there."""

    def none(_connection: sa.Connection, _patient_id: int) -> list[messages.MessageRow]:
        return []

    _replace(replan, "lock_messages", none)


def unknown() -> None:
    """An unclear answer is a clear no."""

    def sent_again(connection: sa.Connection, attempt: Any) -> None:  # noqa: ANN401
        now = patient_now(connection)
        move_attempt.dead(connection, attempt, OutcomeClass.RETRY, None, None, now)

    _replace(settle, "park", sent_again)


def rank() -> None:
    """The last word counts."""
    for module in (receive, move_attempt):
        _replace(module, "advance", lambda _held, receipt: receipt.status)


def window() -> None:
    """A text may go a month after its time."""
    exact = messages._values  # noqa: SLF001 - a mutant reaches inside on purpose

    def longer(wanted: messages.Wanted) -> dict[str, Any]:
        values = exact(wanted)
        return values | {"until": wanted.until + _A_MONTH if wanted.until else None}

    _replace(messages, "_values", longer)


def suppression() -> None:
    """Nobody remembers who said STOP."""
    for module in (reply, move_attempt):
        _replace(module, "suppress", lambda *_given, **_named: None)


def lease() -> None:
    """Claims last for ever."""
    original = claim.claim
    _replace(claim, "claim", lambda *given, **_named: original(*given, lease_seconds=_FOR_EVER_S))


def token() -> None:
    """Whose claim it is, and whether there is one, is not looked at."""

    def any_row(connection: sa.Connection, ids: Sequence[int], _token: UUID) -> list[int]:
        found = connection.execute(
            sa.text("SELECT id FROM messages WHERE id = ANY (:ids) ORDER BY id FOR UPDATE"),
            {"ids": list(ids)},
        )
        return [row.id for row in found]

    _replace(send, "lock_claimed", any_row)


def grace() -> None:
    """Unknown attempts are looked up the moment they are parked."""
    original = reconcile.reconcile
    _replace(
        reconcile, "reconcile", lambda service, lister, **_named: original(service, lister, grace_seconds=0)
    )


def _replace(holder: object, name: str, new: Callable[..., Any]) -> None:
    if not hasattr(holder, name):
        raise AttributeError(f"{holder} has no {name}: the mutant would change nothing")
    setattr(holder, name, new)
