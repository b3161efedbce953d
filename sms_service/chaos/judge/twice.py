"""No text more often than what happened explains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from sms_service.chaos.judge.case import Case, broken
from sms_service.chaos.judge.causes import causes
from sms_service.chaos.judge.evidence import Text, Violation
from sms_service.chaos.judge.history import History
from sms_service.chaos.judge.words import Read, Told, carries, linkless, read, step_named, steps

#: The replies that call for an answer of their own; whatever else is texted may be answered by any other.
_WORDS = {"opt_out": "STOP", "opt_in": "START", "help": "HELP"}


def twice(case: Case) -> Iterator[Violation]:
    """No phone has a text more often than its visits and replies explain."""
    seen: Counter[tuple[object, ...]] = Counter()
    for text in case.received:
        found = read(text.body)
        bounds = _of_step(case, text, found) if found.answer is None else _of_answer(case, text, found)
        for kind, most in bounds:
            this = (text.phone, text.sender, *kind)
            seen[this] += 1
            if seen[this] > most:
                yield broken("twice", text, f"is {kind[0]} number {seen[this]} where {most} could be")
                break


def _of_step(case: Case, text: Text, found: Read) -> Iterator[tuple[tuple[object, ...], int]]:
    """What a text about visits counts as, and how many of that there may be."""
    if found.step is None:
        return
    every = [history for _, history in case.of(text)]
    once = {found.step, *(step.name for step in steps() if carries(text.body, step.name))}
    for step in (step_named(name) for name in sorted(once)):
        if step.once:
            yield (step.name,), _at_least_one(len(causes(case, text, step, history)) > 0 for history in every)
    own = found.own
    about = [history for history in every if own is None or own.is_one_of(history.every_start())]
    yield (found.step, own), _at_least_one(_most(case, text, found, own, history) for history in about)
    now: datetime = case.evidence.clock.at(text.at)
    yield (
        (f"the same {found.step} within the hour", linkless(text.body), now),
        _at_least_one(1 for _ in every),
    )


def _most(case: Case, text: Text, found: Read, own: Told | None, history: History) -> int:
    """How many such texts about this time one visit can explain."""
    step = step_named(str(found.step))
    if step.once:
        return 1
    if step.after is not None:
        return sum(own is None or own.is_at(start) for start in causes(case, text, step, history))
    if own is None:
        return history.changes(text.at)
    return sum(event.start is not None and own.is_at(event.start) for event in history.standing(text.at))


def _at_least_one(most: Iterable[int]) -> int:
    """The sum. One text without a cause is not one too many: it came too early, or names a wrong time."""
    return max(sum(most), 1)


def _of_answer(case: Case, text: Text, found: Read) -> Iterator[tuple[tuple[object, ...], int]]:
    """What an answer counts as: the provider's own are counted apart, for both may answer the same reply."""
    said = [
        reply.body.strip().upper()
        for reply in case.evidence.replies
        if (reply.phone, reply.to) == (text.phone, text.sender) and reply.moment <= text.at
    ]
    word = _WORDS.get(str(found.answer))
    ours = sum(one == word if word else one not in _WORDS.values() for one in said)
    yield (found.answer if word else "an answer", found.by_provider), ours
