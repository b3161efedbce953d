"""What an outcome class does to a message, its number and its sender."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sms_service.domain.outcome import RETRIES, OutcomeClass
from sms_service.domain.planned import TaskKind
from sms_service.domain.reasons import Reason

_FIRST_BACKOFF = timedelta(seconds=30)
_LONGEST_BACKOFF = timedelta(minutes=30)
_WAIT = timedelta(minutes=30)
_SOFT = timedelta(hours=4)
_RECHECK_CIRCUIT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """Either another try at `again`, or the end with a `reason`; and whom else it concerns."""

    again: datetime | None = None
    reason: Reason
    task: TaskKind | None = None
    open_circuit: bool = False
    suppress: bool = False
    block_route: bool = False
    number_unusable: bool = False


def consequence(
    outcome: OutcomeClass,
    tries: int,
    now: datetime,
    until: datetime,
    jitter: float,
    retry_after: float | None = None,
) -> Consequence:
    """Decide after an attempt that certainly delivered nothing.

    `tries` counts the attempts made so far, this one included, and `jitter` is uniform in 0…1 (full jitter,
    so that many waiting texts do not come back at once). Another try must still fit the window.
    """
    if tries < RETRIES.get(outcome, 0):
        again = now + _delay(outcome, tries, jitter, retry_after)
        if again <= until:
            return Consequence(
                again=again, reason=Reason.RETRY_LATER, open_circuit=outcome is OutcomeClass.HALT
            )
    return _END.get(outcome, Consequence(reason=Reason.UNDELIVERED, task=TaskKind.PHONE_INSTEAD))


def _delay(outcome: OutcomeClass, tries: int, jitter: float, retry_after: float | None) -> timedelta:
    match outcome:
        case OutcomeClass.NOT_POSTED:
            return timedelta(0)
        case OutcomeClass.WAIT:
            return _WAIT
        case OutcomeClass.SOFT:
            return _SOFT
        case OutcomeClass.HALT:
            return _RECHECK_CIRCUIT
    longest = min(_FIRST_BACKOFF * (1 << min(tries - 1, 10)), _LONGEST_BACKOFF)
    return max(longest * jitter, timedelta(seconds=max(retry_after or 0.0, 1.0)))


_END = {
    OutcomeClass.HALT: Consequence(
        reason=Reason.WINDOW_PASSED, task=TaskKind.PHONE_INSTEAD, open_circuit=True
    ),
    OutcomeClass.RECIPIENT: Consequence(
        reason=Reason.NUMBER_UNUSABLE, task=TaskKind.NUMBER_UNUSABLE, number_unusable=True
    ),
    OutcomeClass.ROUTE: Consequence(
        reason=Reason.SENDER_BLOCKED, task=TaskKind.PHONE_INSTEAD, block_route=True
    ),
    OutcomeClass.OPTED_OUT: Consequence(reason=Reason.OPTED_OUT, task=TaskKind.PHONE_INSTEAD, suppress=True),
    OutcomeClass.FILTERED: Consequence(reason=Reason.REFUSED, task=TaskKind.PHONE_INSTEAD),
    OutcomeClass.CONTENT: Consequence(reason=Reason.REFUSED, task=TaskKind.PHONE_INSTEAD),
    OutcomeClass.LOOP: Consequence(reason=Reason.REFUSED),
    OutcomeClass.OTHER: Consequence(reason=Reason.REFUSED, task=TaskKind.PHONE_INSTEAD),
}
