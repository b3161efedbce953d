"""The page behind the link: until when it is there, what it shows of a visit, which question it asks."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sms_service.domain.event import Status
from sms_service.domain.pathway import Question

#: How long after the visit's start the page is there: longer than any text or question of a visit.
LASTS = timedelta(days=90)
_ENDED = frozenset({Status.COMPLETED, Status.NO_SHOW})


class Shows(StrEnum):
    """What the page says of the visit: that it is to come, that it is off, or only when it was."""

    COMING = "coming"
    CANCELLED = "cancelled"
    OVER = "over"


def expires(start: datetime) -> datetime:
    """When the link of a visit ends (patient time); it moves with the visit."""
    return start + LASTS


def link_to(base_url: str, token: str) -> str:
    """The link as a text carries it."""
    return f"{base_url.rstrip('/')}/l/{token}"


def shows(status: Status | None, start: datetime | None, now: datetime) -> Shows:
    """What is to be said of a visit at this moment."""
    if status is Status.CANCELLED:
        return Shows.CANCELLED
    over = status in _ENDED or (start is not None and start <= now)
    return Shows.OVER if over else Shows.COMING


def asks(
    question: Question,
    shown: Shows,
    *,
    told: datetime | None,
    start: datetime | None,
    confirmed: datetime | None,
) -> bool:
    """Whether a question that is open still makes sense beside what the page shows.

    `told` is the start that the question's text was about: asked of a time that has moved since, "are you
    coming" would be answered for another one, and the notice of the move asks again.
    """
    match question:
        case Question.SAFETY:
            return shown is Shows.COMING
        case Question.CONFIRM:
            return shown is Shows.COMING and told in {None, start} and confirmed != start
        case Question.CHECK_IN:
            return shown is Shows.OVER
    return shown is not Shows.CANCELLED
