"""What must have happened before a text of some kind may go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sms_service.chaos.judge.case import Case
from sms_service.chaos.judge.evidence import Text
from sms_service.chaos.judge.history import History
from sms_service.chaos.judge.words import Step


def causes(case: Case, text: Text, step: Step, history: History) -> Sequence[datetime]:
    """The starts that the visit had at each cause that could have been stored before the text.

    A visit booked in the place of another is a move for its patient, so where a phone has several visits,
    a booking may be told as one.
    """
    kind = step.after or "booked"
    if kind == "booked" or (kind == "moved" and len(case.of(text)) > 1):
        return [event.start for event in history.standing(text.at) if event.start is not None]
    happened = history.happened(kind, text.at)
    if kind == "moved":
        return [event.start for event in happened if event.start is not None]
    return [start for _ in happened for start in history.every_start()]
