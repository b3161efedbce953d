"""What must be true of every visit: nothing unknown, nothing stuck, nothing owed, nothing told wrongly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from sms_service.chaos.judge.case import Case
from sms_service.chaos.judge.evidence import Text, Violation, Visit
from sms_service.chaos.judge.words import carries, read, steps

_KNOWN = frozenset(step.name for step in steps())
#: From the start of a visit until the clinic says that it took place.
_TAKES = timedelta(minutes=45)
#: Patient time moves in steps: what was due between two of them is sent at the later one.
_STEP = timedelta(minutes=60)
_ENDS = frozenset({"completed", "cancelled", "no_show"})
_STUCK = frozenset({"ready", "claimed", "sending", "unknown"})


def planned(case: Case) -> Iterator[Violation]:
    """Every event is taken, and its visit known; each text left out has its reason in words."""
    for event in case.evidence.posted:
        if event.answered is None or event.outcome == "quarantined":
            yield Violation(rule="planned", what=f"visit {event.visit}: {event.kind} was not taken")
    seen = {(visit.clinic, visit.id): visit for visit in case.evidence.visits}
    for (clinic, visit_id), history in case.histories.items():
        visit = seen.get((clinic, visit_id))
        if visit is None or visit.messages is None:
            yield Violation(rule="planned", what=f"visit {visit_id} was accepted and is unknown")
            continue
        if not visit.messages and history.every_start():
            yield Violation(rule="planned", what=f"visit {visit_id} has no text, planned or left out")
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
            due = message.due is None or message.due <= now
            over = message.state == "waiting" and _is_over(case, visit)
            if message.state in _STUCK or (message.state == "planned" and due) or over:
                yield Violation(
                    rule="lost", what=f"visit {visit.id}: {message.step} is stuck as {message.state}"
                )
    for visits, texts in _together(case):
        told = _told(visits, {"sent", "delivered"})
        there = Counter(read(text.body).step for text in texts)
        for step in sorted(_KNOWN & (told.keys() | there.keys())):
            if told[step] != there[step]:
                what = f"{_named(visits)}: {step}: {there[step]} on the phone, {told[step]} said to be sent"
                yield Violation(rule="lost", what=what)
        if len(visits) == 1 and visits[0].plain:
            yield from _owed(case, visits[0], texts)


def status(case: Case) -> Iterator[Violation]:
    """What the provider knows to be delivered is told as delivered, and nothing else is."""
    for visits, texts in _together(case):
        ours = _told(visits, {"delivered"})
        theirs = Counter(read(text.body).step for text in texts if text.status == "delivered")
        for step in sorted(_KNOWN & (ours.keys() | theirs.keys())):
            if ours[step] != theirs[step]:
                what = f"{_named(visits)}: {step} was delivered {theirs[step]} times, told as {ours[step]}"
                yield Violation(rule="status", what=what)


def _together(case: Case) -> Iterator[tuple[Sequence[Visit], Sequence[Text]]]:
    """The visits of each phone at a sender, with the phone's texts from there.

    Whose a text is, of several visits, no one outside can tell; how many there are, anyone can.
    """
    for pair, visits in case.visits.items():
        if all(visit.messages is not None for visit in visits):
            yield visits, case.received_by.get(pair, [])


def _told(visits: Sequence[Visit], states: Collection[str]) -> Counter[str | None]:
    return Counter(
        message.step for visit in visits for message in visit.messages or () if message.state in states
    )


def _named(visits: Sequence[Visit]) -> str:
    return f"visit{'s' if len(visits) > 1 else ''} {', '.join(visit.id for visit in visits)}"


def _is_over(case: Case, visit: Visit) -> bool:
    """Whether the last word on it was its end. Of several visits one may wait for another of its day."""
    history = case.histories.get((visit.clinic, visit.id))
    alone = not any(visit in visits and len(visits) > 1 for visits in case.visits.values())
    return alone and history is not None and history.events[-1].kind in _ENDS


def _owed(case: Case, visit: Visit, texts: Sequence[Text]) -> Iterator[Violation]:
    """A plain visit gets every usual text, once everything works again, unless time stood still meanwhile."""
    history = case.histories.get((visit.clinic, visit.id))
    if history is None or not history.every_start():
        return
    start = max(history.every_start())
    anchors = {
        "booked": case.evidence.wall(history.events[0].version, case.evidence.zones[visit.clinic]),
        "start": start,
        "completed": start + _TAKES,
    }
    reasons = {message.step: message.reason for message in visit.messages or ()}
    for step in steps():
        if step.due is None or step.until is None or any(_does(text, step.name) for text in texts):
            continue
        due, until = (limit.of(anchors[limit.anchor]) for limit in (step.due, step.until))
        if until < case.end(visit) and not _stood_still(case, visit, due):
            what = f"visit {visit.id}: {step.name} is owed and never came (reason: {reasons.get(step.name)})"
            yield Violation(rule="lost", what=what)


def _does(text: Text, step: str) -> bool:
    return read(text.body).step == step or carries(text.body, step)


def _stood_still(case: Case, visit: Visit, due: datetime) -> bool:
    """Whether it fell due when everything stood still on purpose; what was due before had gone by then."""
    zone = case.evidence.zones[visit.clinic]
    return any(
        case.evidence.wall(first, zone) - _STEP < due <= case.evidence.wall(last, zone)
        for first, last in case.evidence.floods
    )
