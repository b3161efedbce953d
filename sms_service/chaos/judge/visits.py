"""What must be true of every visit: nothing unknown, nothing stuck, nothing owed, nothing told wrongly."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sms_service.chaos.judge.case import Case
from sms_service.chaos.judge.evidence import Text, Violation, Visit
from sms_service.chaos.judge.words import carries, read, steps

_KNOWN = frozenset(step.name for step in steps())


def planned(case: Case) -> Iterator[Violation]:
    """Every event that was answered with success is known; each text left out has its reason in words."""
    seen = {(visit.clinic, visit.id): visit for visit in case.evidence.visits}
    for clinic, visit_id in case.histories:
        visit = seen.get((clinic, visit_id))
        if visit is None or visit.messages is None:
            yield Violation(rule="planned", what=f"visit {visit_id} was accepted and is unknown")
            continue
        for message in visit.messages:
            if message.state in {"skipped", "waiting", "undelivered"} and not message.explanation:
                what = f"visit {visit_id}: {message.step} is {message.state} without a reason"
                yield Violation(rule="planned", what=what)


def lost(case: Case) -> Iterator[Violation]:
    """What is said to be sent is on the phone; what is owed is there or has a reason; nothing is stuck."""
    if not case.evidence.final:
        yield Violation(rule="lost", what="the service never came to rest")
    now = case.evidence.clock.patient[-1]
    for visit in case.evidence.visits:
        for message in visit.messages or ():
            due = message.due is not None and message.due <= now
            if message.state in {"ready", "claimed", "sending", "unknown"} or (
                message.state == "planned" and due
            ):
                yield Violation(
                    rule="lost", what=f"visit {visit.id}: {message.step} is stuck as {message.state}"
                )
    for visit, texts in _alone(case):
        said = Counter(
            message.step for message in visit.messages or () if message.state in {"sent", "delivered"}
        )
        there = Counter(read(text.body).step for text in texts)
        for step in _KNOWN & (said.keys() | there.keys()):
            if said[step] != there[step]:
                what = f"visit {visit.id}: {step}: {there[step]} on the phone, {said[step]} said to be sent"
                yield Violation(rule="lost", what=what)
        if visit.plain:
            yield from _owed(case, visit, texts)


def status(case: Case) -> Iterator[Violation]:
    """What the provider knows to be delivered is told as delivered, and nothing else is."""
    for visit, texts in _alone(case):
        ours = Counter(message.step for message in visit.messages or () if message.state == "delivered")
        theirs = Counter(read(text.body).step for text in texts if text.status == "delivered")
        for step in _KNOWN & (ours.keys() | theirs.keys()):
            if ours[step] != theirs[step]:
                what = f"visit {visit.id}: {step} was delivered {theirs[step]} times, told as {ours[step]}"
                yield Violation(rule="status", what=what)


def _alone(case: Case) -> Iterator[tuple[Visit, Sequence[Text]]]:
    """Visits whose phone has no other, with the phone's texts about them."""
    texts = defaultdict(list)
    for text in case.received:
        texts[text.phone, text.sender].append(text)
    for pair, visits in case.visits.items():
        if len(visits) == 1 and visits[0].messages is not None:
            yield visits[0], texts[pair]


def _owed(case: Case, visit: Visit, texts: Sequence[Text]) -> Iterator[Violation]:
    """A plain visit gets every usual text, once everything works again, unless time stood still meanwhile."""
    history = case.histories.get((visit.clinic, visit.id))
    if history is None:
        return
    start = max(history.every_start())
    reasons = {message.step: message.reason for message in visit.messages or ()}
    for step in steps():
        if step.due is None or step.until is None or any(_does(text, step.name) for text in texts):
            continue
        anchor = start if step.due.anchor == "start" else start + timedelta(minutes=45)
        due, until = step.due.of(anchor), step.until.of(anchor)
        if until < case.end(visit) and not _stood_still(case, visit, due, until):
            what = f"visit {visit.id}: {step.name} is owed and never came (reason: {reasons.get(step.name)})"
            yield Violation(rule="lost", what=what)


def _does(text: Text, step: str) -> bool:
    return read(text.body).step == step or carries(text.body, step)


def _stood_still(case: Case, visit: Visit, begin: datetime, end: datetime) -> bool:
    zone = case.evidence.zones[visit.clinic]
    return any(
        case.evidence.wall(first, zone) < end and begin < case.evidence.wall(last, zone)
        for first, last in case.evidence.floods
    )
