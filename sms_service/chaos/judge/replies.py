"""Who says STOP hears one confirmation and no more, until they say START; who asks is answered at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from math import inf

from sms_service.chaos.judge.case import Case, broken
from sms_service.chaos.judge.evidence import FLIGHT_S, Reply, Violation
from sms_service.chaos.judge.words import read

#: An answer is of use for so long, in patient time.
_USEFUL = timedelta(minutes=30)


def late_answer(case: Case) -> Iterator[Violation]:
    """An answer, which may come at any hour, answers what was just written."""
    clock = case.evidence.clock
    for text in case.received:
        if read(text.body).answer is None:
            continue
        now = min(clock.around(text.at))
        waiting = [
            clock.at(_heard(case, reply)) + _USEFUL if reply.taken is not None else now
            for reply in case.evidence.replies
            if (reply.phone, reply.to) == (text.phone, text.sender) and reply.moment <= text.at
        ]
        if waiting and max(waiting) < now:
            yield broken("late answer", text, "answers what was written long ago")


def _heard(case: Case, reply: Reply) -> float:
    """When a reply was surely taken, for the last time: a restored database forgot it and heard it again."""
    taken = reply.taken or reply.at
    again = [end for since, end in case.evidence.restores if since <= taken and reply.at <= end]
    return max([taken, *again])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Silence:
    """From `stop` to `start` (real time): whoever said STOP surely hears nothing after `taken`."""

    phone: str
    sender: str
    stop: float
    taken: float | None
    start: float


def opted_out(case: Case) -> Iterator[Violation]:
    """After STOP one confirmation, the provider's or the clinic's, and nothing else until START."""
    for silence in _silences(case):
        confirmed = 0
        for text in case.received_by.get((silence.phone, silence.sender), []):
            if not silence.stop <= text.at < silence.start:
                continue
            confirmation = read(text.body).answer == "opt_out"
            confirmed += confirmation
            late = silence.taken is not None and text.at > silence.taken + FLIGHT_S
            if confirmed > 1 if confirmation else late:
                yield broken("after opt-out", text, "reached a phone that had said STOP")


def _silences(case: Case) -> Iterator[_Silence]:
    """From each STOP that no other went before to the START that follows it, or for ever."""
    words: dict[tuple[str, str], list[Reply]] = {}
    for reply in sorted(case.evidence.replies, key=lambda reply: reply.at):
        if _word(reply) in {"STOP", "START"}:
            words.setdefault((reply.phone, reply.to), []).append(reply)
    for (phone, sender), said in words.items():
        starts = [reply.moment for reply in said if _word(reply) == "START"]
        ends = [-inf, *starts, inf]
        for begin, end in pairwise(ends):
            stops = [reply for reply in said if _word(reply) == "STOP" and begin <= reply.moment < end]
            taken = [stop.taken for stop in stops if stop.taken is not None]
            if stops:
                yield _Silence(
                    phone=phone,
                    sender=sender,
                    stop=stops[0].moment,
                    taken=min(taken, default=None),
                    start=end,
                )


def _word(reply: Reply) -> str:
    return reply.body.strip().upper()
