"""What the provider said, sorted into the few classes that decide what happens next.

The classes are those of the outcome table (`provider/outcomes.yaml`), which maps each provider code.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sms_service.domain.ids import AttemptId


class OutcomeClass(StrEnum):
    """What an answer or a receipt means for the message, its number and its sender."""

    ACCEPTED = "accepted"  # the provider has it
    NOT_POSTED = "not_posted"  # our own pause: the request never left
    RETRY = "retry"  # certainly not sent; back off with jitter inside the window
    RETRY_ONCE = "retry_once"  # the same, a single time
    UNKNOWN = "unknown"  # park, reconcile, then decide
    WAIT = "wait"  # requeue when the provider's limit lifts, if the window still allows
    RECIPIENT = "recipient"  # number unusable; a person has to look
    ROUTE = "route"  # this sender cannot reach this number
    SOFT = "soft"  # handset off: at most two more
    OPTED_OUT = "opted_out"  # suppress at once, never retry
    FILTERED = "filtered"  # carrier filter; alarm on the rate
    CONTENT = "content"  # the author's fault; block the step
    HALT = "halt"  # set-up of the sender is broken: open its circuit
    LOOP = "loop"  # two machines are answering each other
    OTHER = "other"  # unlisted: no retry, alert


#: Classes after which the provider certainly has not delivered and a later attempt may be made,
#: with the number of attempts a message may have in all.
RETRIES: dict[OutcomeClass, int] = {
    OutcomeClass.NOT_POSTED: 1_000,
    OutcomeClass.RETRY: 1_000,
    OutcomeClass.RETRY_ONCE: 2,
    OutcomeClass.WAIT: 1_000,
    OutcomeClass.SOFT: 3,
    OutcomeClass.HALT: 1_000,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one call to the provider came to.

    `status` is the provider's word for the message's state; `retry_after` is in seconds.
    """

    attempt_id: AttemptId
    outcome: OutcomeClass
    sid: str | None = None
    status: str | None = None
    http_status: int | None = None
    code: int | None = None
    retry_after: float | None = None
