"""What must be true of every text that a phone received."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sms_service.chaos.judge.case import Case, broken
from sms_service.chaos.judge.causes import causes
from sms_service.chaos.judge.evidence import Text, Violation, Visit
from sms_service.chaos.judge.history import History
from sms_service.chaos.judge.words import Limit, Read, Step, carries, read, step_named

#: A text before a visit goes earlier where its time is outside the patient's hours, never by as much as this.
_EARLIER = timedelta(days=1)


def received(case: Case) -> Iterator[Violation]:
    """Every text is one the judge knows the words of."""
    for text in case.received:
        found = read(text.body)
        if found.step is None and found.answer is None:
            yield broken("received", text, "has words that no clinic wrote")


def wrong_time(case: Case) -> Iterator[Violation]:
    """A text names the time that its visit has, and no other."""
    for text in case.received:
        found = read(text.body)
        what = found.step or found.answer
        if found.step is not None and step_named(found.step).names and not found.told:
            yield broken("wrong time", text, f"is {what} and does not say when the visit is")
        known = {start for _, history in case.of(text) for start in history.starts(text.at)}
        if case.of(text) and any(not told.is_one_of(known) for told in found.told):
            yield broken("wrong time", text, f"is {what} for a time that no visit of this phone has")


def late(case: Case) -> Iterator[Violation]:
    """No text before its cause or its time, none after its window."""
    for text in case.received:
        found = read(text.body)
        if found.step is None:
            continue
        step = step_named(found.step)
        if not case.of(text) and (text.phone, text.sender) in case.visits:
            yield broken("late", text, f"is {step.name}, and no visit of this phone was accepted")
        about = [(visit, history) for visit, history in case.of(text) if _names(found, history)]
        if not about:
            continue
        if step.after is not None:
            about = [(visit, history) for visit, history in about if causes(case, text, step, history)]
            if not about:
                yield broken("late", text, f"is {step.name}, and no visit of this phone was {step.after}")
                continue
        if not any(_begun(case, text, step, found, *one) for one in about):
            yield broken("late", text, f"is {step.name} long before its time")
        if not any(_in_window(case, text, step, found, *one) for one in about):
            yield broken("late", text, f"is {step.name} after its window")


def cancelled(case: Case) -> Iterator[Violation]:
    """Nothing about a coming visit that no longer takes place; no word that one is off which does."""
    for text in case.received:
        found = read(text.body)
        if found.step is None or step_named(found.step).after not in {None, "moved", "cancelled"}:
            continue
        off = found.step == "cancelled"
        for told in found.told or (None,):
            about = [
                history
                for _, history in case.of(text)
                if told is None or told.is_one_of(history.every_start())
            ]
            if about and not any(
                history.off(text.at) if off else history.stands(text.at) for history in about
            ):
                state = "on" if off else "off"
                yield broken("after cancellation", text, f"is {found.step} for a visit that is {state}")
                break


def hours(case: Case) -> Iterator[Violation]:
    """Nothing outside the patient's hours but an answer to what they just wrote."""
    opens, closes = case.evidence.open_hours
    for text in case.received:
        owner = case.owner(text)
        if read(text.body).answer is not None or owner is None:
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
    """Whether a text can be about this visit: the first time that it names is the visit's own."""
    return found.own is None or found.own.is_one_of(history.every_start())


def _anchors(
    case: Case, text: Text, limit: Limit, found: Read, visit: Visit, history: History
) -> list[datetime]:
    """The wall times a limit can count from."""
    if limit.anchor != "start":
        zone = case.evidence.zones[visit.clinic]
        return [case.evidence.wall(event.version, zone) for event in history.happened(limit.anchor, text.at)]
    if found.own is None:
        return sorted(history.starts(text.at))
    return [start for start in history.every_start() if found.own.is_at(start)]


def _moments(case: Case, text: Text, visit: Visit) -> list[datetime]:
    zone = case.evidence.zones[visit.clinic]
    return [case.evidence.wall(now, zone) for now in case.evidence.clock.around(text.at)]


def _begun(case: Case, text: Text, step: Step, found: Read, visit: Visit, history: History) -> bool:
    if step.due is None or step.due.anchor == "booked":
        return True
    first = [step.due.of(anchor) for anchor in _anchors(case, text, step.due, found, visit, history)]
    if step.due.anchor == "start":
        first = [due - _EARLIER for due in first]
    elif step.due.days == 0:
        # at the edge of the day it goes at once
        return True
    return any(due <= moment for due in first for moment in _moments(case, text, visit))


def _in_window(case: Case, text: Text, step: Step, found: Read, visit: Visit, history: History) -> bool:
    if step.until is None:
        return True
    limits = [step.until]
    if step.until.anchor == "start" and carries(text.body, "welcome"):
        # who was never welcomed still can be, with whatever comes first
        limits += [limit for limit in (step_named("welcome").until,) if limit]
    return any(
        moment <= limit.of(anchor)
        for limit in limits
        for anchor in _anchors(case, text, limit, found, visit, history)
        for moment in _moments(case, text, visit)
    )
