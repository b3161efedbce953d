"""What an answer to one of our questions sets off, and which text echoes what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sms_service.domain.instants import wall
from sms_service.domain.pathway import Question
from sms_service.domain.people import Clinic
from sms_service.domain.planned import TaskKind

#: For how long a question takes an answer.
QUESTION_LIVES = timedelta(days=21)
_COMING, _CHANGE = 1, 2
_YES = 2
_WORRIED = 3
_STRONG_PAIN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """The id of the text that answers, the work it makes for a person, and whether the visit is confirmed."""

    text: str
    task: TaskKind | None = None
    confirms: bool = False


def echo(question: Question, answer: int, *, visit_stands: bool) -> Echo:
    """What follows from an answer. `visit_stands`: the time the question named is still the visit's time.

    Someone who says yes to a time that has moved since is not confirmed: a person reads it, as the echo says.
    """
    match question:
        case Question.CONFIRM if answer == _COMING and not visit_stands:
            return Echo(text="ambiguous", task=TaskKind.READ_REPLY)
        case Question.CONFIRM if answer == _COMING:
            return Echo(text="confirm_1", confirms=True)
        case Question.PAIN:
            high = answer >= _STRONG_PAIN
            return Echo(text="pain_high" if high else "pain_noted", task=TaskKind.WORRIED if high else None)
    return Echo(text=f"{question}_{answer}", task=_task(question, answer))


def unplaced(clinic: Clinic, now: datetime) -> str:
    """The id of the text that answers what no rule understands: it says whether people are there now."""
    here = wall(now, clinic.zone).local
    staffed = here.weekday() in clinic.working_days and clinic.opens <= here.time() < clinic.closes
    return "unknown_open" if staffed else "unknown_closed"


def _task(question: Question, answer: int) -> TaskKind | None:
    match question:
        case Question.SAFETY if answer == _YES:
            return TaskKind.SAFETY_YES
        case Question.CONFIRM if answer == _CHANGE:
            return TaskKind.CHANGE_WANTED
        case Question.CHECK_IN if answer == _WORRIED:
            return TaskKind.WORRIED
    return None
