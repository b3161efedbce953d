"""The invariants by name, each a function from the case to its violations."""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import accumulate

from sms_service.chaos.judge.case import Case
from sms_service.chaos.judge.evidence import Evidence, Violation
from sms_service.chaos.judge.replies import late_answer, opted_out
from sms_service.chaos.judge.texts import cancelled, hours, late, received, wrong_clinic, wrong_time
from sms_service.chaos.judge.twice import twice
from sms_service.chaos.judge.visits import lost, planned, status

Rule = Callable[[Case], Iterator[Violation]]
_FORBIDDEN = 403
#: The rate is looked at over so many seconds; so much a bucket may have saved up, or a pause pent up.
_WINDOWS_S, _SAVED_S = (10.0, 60.0), 5.0


def forged(case: Case) -> Iterator[Violation]:
    """A webhook with a wrong signature is refused."""
    for code in case.evidence.forged:
        if code != _FORBIDDEN:
            yield Violation(rule="forged", what=f"a forged webhook was answered with {code}")


def rate(case: Case) -> Iterator[Violation]:
    """No sender is given more segments than it may send, not even after a standstill."""
    by_sender = defaultdict(list)
    for text in sorted(case.evidence.texts, key=lambda text: text.at):
        by_sender[text.sender].append(text)
    for sender, texts in by_sender.items():
        moments = [text.at for text in texts]
        sums = list(accumulate((text.segments for text in texts), initial=0))
        for window in _WINDOWS_S:
            most = case.evidence.segments_per_second * (window + _SAVED_S)
            ends = [bisect.bisect_right(moments, moment + window) for moment in moments]
            sent = max(sums[last] - sums[first] for first, last in enumerate(ends))
            if sent > most:
                what = f"sender …{sender[-4:]} sent {sent} segments in {window:g} s, {most:g} are the most"
                yield Violation(rule="rate", what=what)
                break


RULES: dict[str, Rule] = {
    "planned": planned,
    "received": received,
    "twice": twice,
    "lost": lost,
    "late": late,
    "late answer": late_answer,
    "after cancellation": cancelled,
    "after opt-out": opted_out,
    "outside hours": hours,
    "wrong time": wrong_time,
    "wrong clinic": wrong_clinic,
    "status": status,
    "forged": forged,
    "rate": rate,
}


def violations(evidence: Evidence) -> list[Violation]:
    """Everything that is wrong, rule by rule."""
    case = Case(evidence)
    return [violation for rule in RULES.values() for violation in rule(case)]
