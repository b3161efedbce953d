"""What must be true of every text that a phone received."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime

from sms_service.chaos.judge.case import Case, broken
from sms_service.chaos.judge.evidence import FLIGHT_S, STEP, Text, Violation, Visit
from sms_service.chaos.judge.history import History
from sms_service.chaos.judge.words import Read, Step, Told, read, step_named


def received(case: Case) -> Iterator[Violation]:
    """Every text is one the judge knows the words of."""
    for text in case.received:
        found = read(text.body)
        if found == Read():
            yield broken("received", text, "has words that no clinic wrote")


def twice(case: Case) -> Iterator[Violation]:
    """No phone has a text more often than its visits and replies explain."""
    counts: Counter[tuple[str, str, str, Told | None]] = Counter()
    alike: Counter[tuple[str, str, str, datetime]] = Counter()
    for text in case.received:
        found = read(text.body)
        kind = found.step or found.answer
        if kind is None:
            continue
        about = case.of(text)
        for told in (found.step is not None and found.told) or (None,):
            most = _most(case, text, found, told)
            this = (text.phone, text.sender, kind, told)
            counts[this] += 1
            if counts[this] > most:
                yield broken("twice", text, f"is {kind} number {counts[this]} where {most} could be")
        if found.step is not None:
            key = (text.phone, text.sender, text.body, case.evidence.clock.at(text.at))
            alike[key] += 1
            if alike[key] > len(about):
                yield broken("twice", text, f"is the same {kind} again, within the hour")


def _most(case: Case, text: Text, found: Read, told: Told | None) -> int:
    """How many such texts the phone's visits, or its replies, can explain."""
    about = [
        history
        for _, history in case.of(text)
        if told is None or any(told.is_at(start) for start in history.every_start())
    ]
    if found.step is None:
        return sum(
            reply.phone == text.phone and reply.to == text.sender and reply.at <= text.at
            for reply in case.evidence.replies
        )
    if step_named(found.step).once:
        return len(about)
    return sum(history.changes for history in about)


def wrong_time(case: Case) -> Iterator[Violation]:
    """A text names the time that its visit has, and no other."""
    for text in case.received:
        found = read(text.body)
        if found.answer is not None:
            continue
        known = {start for _, history in case.of(text) for start in history.starts(text.at)}
        if any(not any(told.is_at(start) for start in known) for told in found.told):
            yield broken("wrong time", text, f"is {found.step} for a time that no visit of this phone has")


def late(case: Case) -> Iterator[Violation]:
    """No text before its cause, none after its window."""
    for text in case.received:
        found = read(text.body)
        if found.step is None:
            continue
        step = step_named(found.step)
        about = [(visit, history) for visit, history in case.of(text) if _names(found, history)]
        if step.after is not None:
            about = [(visit, history) for visit, history in about if history.happened(step.after, text.at)]
            if not about:
                yield broken("late", text, f"is {step.name}, and no visit of this phone was {step.after}")
                continue
        if step.until is not None and not any(_in_window(case, text, step, found, *one) for one in about):
            yield broken("late", text, f"is {step.name} after its window")


def cancelled(case: Case) -> Iterator[Violation]:
    """Nothing about a coming visit that no longer takes place."""
    for text in case.received:
        found = read(text.body)
        if found.step is None or step_named(found.step).after is not None:
            continue
        if not any(history.stands(text.at) for _, history in case.of(text)):
            yield broken("after cancellation", text, f"is {found.step} for a visit that is off")


def opted_out(case: Case) -> Iterator[Violation]:
    """After STOP one confirmation, and nothing until START."""
    for (phone, sender), said in _by_pair(case).items():
        silent_from, confirmed = None, 0
        for at, what in said:
            if isinstance(what, str):
                word = what.strip().upper()
                if word == "STOP":
                    silent_from = at if silent_from is None else silent_from
                elif word == "START":
                    silent_from, confirmed = None, 0
            elif silent_from is not None and at > silent_from + FLIGHT_S:
                confirmation = read(what.body).answer == "opt_out"
                confirmed += confirmation
                if not confirmation or confirmed > 1:
                    yield broken("after opt-out", what, "reached a phone that had said STOP")
        del phone, sender


def hours(case: Case) -> Iterator[Violation]:
    """Nothing outside the patient's hours but an answer to what they just wrote."""
    opens, closes = case.evidence.open_hours
    for text in case.received:
        if read(text.body).step is None:
            continue
        owner = case.owner(text)
        if owner is None:
            continue
        walls = [
            case.evidence.wall(now, zone)
            for now in case.evidence.clock.around(text.at)
            for zone in sorted(owner.zones)
        ]
        if not any(opens <= wall.hour < closes or (wall.hour, wall.minute) == (closes, 0) for wall in walls):
            yield broken("outside hours", text, f"came at {walls[-1]:%H:%M} local")


def wrong_clinic(case: Case) -> Iterator[Violation]:
    """A phone hears only from clinics it belongs to, and only from their numbers."""
    for text in case.received:
        owner = case.owner(text)
        clinics = case.evidence.senders.get(text.sender, frozenset())
        if owner is None or not owner.clinics & clinics:
            yield broken("wrong clinic", text, "came from a clinic the phone's patient is not with")


def _names(found: Read, history: History) -> bool:
    """Whether a text that names times can be about this visit."""
    return not found.told or any(told.is_at(start) for told in found.told for start in history.every_start())


def _in_window(case: Case, text: Text, step: Step, found: Read, visit: Visit, history: History) -> bool:
    if step.until is None:
        return True
    zone = case.evidence.zones[visit.clinic]
    if step.until.anchor == "completed":
        ends = [
            case.evidence.wall(case.evidence.clock.at(event.answered or event.first), zone) + STEP
            for event in history.happened("completed", text.at)
        ]
    else:
        told = found.told
        ends = [
            start for start in history.starts(text.at) if not told or any(one.is_at(start) for one in told)
        ]
    moments = [case.evidence.wall(now, zone) for now in case.evidence.clock.around(text.at)]
    return any(moment <= step.until.of(end) for moment in moments for end in ends)


def _by_pair(case: Case) -> dict[tuple[str, str], list[tuple[float, Text | str]]]:
    """For each phone and sender: texts and replies in the order in which they happened."""
    found: dict[tuple[str, str], list[tuple[float, Text | str]]] = defaultdict(list)
    for text in case.received:
        found[text.phone, text.sender].append((text.at, text))
    for reply in case.evidence.replies:
        word = reply.body.strip().upper()
        # STOP binds from when it was surely taken, START frees from when it was texted
        at = reply.taken if word == "STOP" else reply.at
        if at is not None:
            found[reply.phone, reply.to].append((at, reply.body))
    for said in found.values():
        said.sort(key=lambda one: one[0])
    return found
