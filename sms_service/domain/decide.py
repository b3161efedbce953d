"""May this text go at this very moment? Asked at the fence, just before the provider is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sms_service.domain.event import CancelReason, Status
from sms_service.domain.hours import Hours
from sms_service.domain.instants import wall
from sms_service.domain.pathway import Anchor
from sms_service.domain.reasons import Reason

_WEEK = timedelta(hours=168)
_HOLD_RECHECK = timedelta(minutes=5)
#: What the provider accepts as a validity period.
_SHORTEST, _LONGEST = timedelta(seconds=1), timedelta(seconds=36_000)
_STANDING = frozenset({Status.BOOKED, Status.ARRIVED})
_STATUS_FOR = {
    Anchor.BOOKED: _STANDING,
    Anchor.START: _STANDING,
    Anchor.MOVED: _STANDING,
    Anchor.COMPLETED: frozenset({Status.COMPLETED}),
    Anchor.CANCELLED: frozenset({Status.CANCELLED}),
    Anchor.NO_SHOW: frozenset({Status.NO_SHOW}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """It may go, and is valid for `validity`: what is left of its window and of the hours, 1…36000 s."""

    validity: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Defer:
    """Not now; ask again at `until`."""

    until: datetime
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """Never."""

    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The message as planned. `anchor` is None for an answer to what the patient just wrote.

    `told` is the start (UTC) its words are about.
    """

    anchor: Anchor | None
    until: datetime
    told: datetime | None = None
    counts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that could have changed since the message was planned, read under the fence's locks.

    `recent` are the instants of counted texts to this patient from this clinic within the last 168 hours.
    """

    zone: str
    hours: Hours
    reachable: bool = True
    consent: bool = True
    opted_out: bool = False
    sender_blocked: bool = False
    deceased: bool = False
    merged_away: bool = False
    on_hold: bool = False
    circuit_open: bool = False
    number_allowed: bool = True
    signed: bool = True
    test: bool = False
    status: Status | None = None
    cancel_reason: CancelReason | None = None
    done: bool | None = None
    start: datetime | None = None
    recent: Sequence[datetime] = ()
    texts_per_day: int = 2
    texts_per_week: int = 5
    confirms_opt_out: bool = False
    """The one text that may follow an opt-out: its confirmation."""


def decide(message: Due, facts: Facts, now: datetime) -> Send | Defer | Skip:
    """Send, defer or skip. Guards that end the text come before those that only delay it."""
    reason = _never(message, facts, now)
    if reason is not None:
        return Skip(reason=reason)
    if facts.on_hold or facts.circuit_open:
        reason = Reason.HOLD if facts.on_hold else Reason.CIRCUIT_OPEN
        return _defer(message, now + _HOLD_RECHECK, reason)
    answer = message.anchor is None
    if not answer and not facts.hours.permit(now, facts.zone):
        return _defer(message, facts.hours.next(now, facts.zone), Reason.QUIET_HOURS)
    validity = message.until - now
    if not answer:
        validity = min(validity, facts.hours.left(now, facts.zone))
    return Send(validity=min(max(validity, _SHORTEST), _LONGEST))


def _defer(message: Due, until: datetime, reason: Reason) -> Defer | Skip:
    """A delay beyond the window is the end of the text."""
    return Defer(until=until, reason=reason) if until <= message.until else Skip(reason=Reason.WINDOW_PASSED)


def _never(message: Due, facts: Facts, now: datetime) -> Reason | None:
    answers = message.anchor is None
    return _person(facts, answers=answers) or _visit(message, facts) or _timing(message, facts, now)


def _person(facts: Facts, *, answers: bool) -> Reason | None:
    """What concerns the patient and the number; who writes to us is answered whatever the record says."""
    guards = (
        (facts.test and not answers, Reason.TEST_EVENT),
        (facts.deceased and not answers, Reason.DECEASED),
        (facts.merged_away and not answers, Reason.MERGED),
        (not facts.reachable, Reason.NO_PHONE),
        (facts.sender_blocked, Reason.SENDER_BLOCKED),
        (facts.opted_out and not facts.confirms_opt_out, Reason.OPTED_OUT),
        (not facts.consent and not answers, Reason.NO_CONSENT),
        (not facts.number_allowed, Reason.NOT_ALLOWED_NUMBER),
        (not facts.signed, Reason.NOT_SIGNED),
    )
    return next((reason for broken, reason in guards if broken), None)


def _visit(message: Due, facts: Facts) -> Reason | None:
    """What concerns the visit, for texts that belong to one."""
    if message.anchor is None:
        return None
    if facts.status not in _STATUS_FOR[message.anchor]:
        return {
            Status.CANCELLED: Reason.CANCELLED,
            Status.NO_SHOW: Reason.NO_SHOW,
            Status.COMPLETED: Reason.COMPLETED,
        }.get(facts.status or Status.PROPOSED, Reason.NOT_NEEDED)
    if facts.cancel_reason is CancelReason.DECEASED:
        return Reason.DECEASED
    if message.anchor is Anchor.CANCELLED and facts.cancel_reason is CancelReason.ENTERED_IN_ERROR:
        return Reason.ENTERED_IN_ERROR
    if message.anchor is Anchor.COMPLETED and facts.done is False:
        return Reason.NOT_DONE
    if message.told is not None and message.told != facts.start:
        return Reason.TIME_CHANGED
    return None


def _timing(message: Due, facts: Facts, now: datetime) -> Reason | None:
    """What concerns this moment: the window and the caps."""
    if now > message.until:
        return Reason.WINDOW_PASSED
    if not message.counts:
        return None
    today = wall(now, facts.zone).local.date()
    if sum(wall(text, facts.zone).local.date() == today for text in facts.recent) >= facts.texts_per_day:
        return Reason.CAP_DAY
    week = sum(now - _WEEK < text <= now for text in facts.recent)
    return Reason.CAP_WEEK if week >= facts.texts_per_week else None
