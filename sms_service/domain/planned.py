"""What a plan consists of: texts with their instants and windows, left-out steps, and work for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sms_service.domain.pathway import Priority, Step
from sms_service.domain.reasons import Reason


class TaskKind(StrEnum):
    """Work for a person at the clinic."""

    SCREEN_BY_PHONE = "screen_by_phone"
    SAFETY_UNANSWERED = "safety_unanswered"
    SAFETY_YES = "safety_yes"
    CHANGE_WANTED = "change_wanted"
    PHONE_INSTEAD = "phone_instead"
    VISIT_STATUS = "visit_status"
    NOT_DONE = "not_done"
    TEXTED_IN_ERROR = "texted_in_error"
    TEXT_DROPPED = "text_dropped"
    NUMBER_UNUSABLE = "number_unusable"
    UNTRACEABLE = "untraceable"
    WORRIED = "worried"
    READ_REPLY = "read_reply"
    READ_EVENT = "read_event"
    UNSIGNED_TEXT = "unsigned_text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A task that people get at `due` unless a later plan no longer asks for it."""

    kind: TaskKind
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One step as planned: sent at `due` while `until` has not passed, or left out for `reason`.

    `told` is the start (UTC) the text will name; a text for another start is never sent. The steps in
    `merged` share its fate, and its reason where it is left out.
    """

    step: str
    priority: Priority
    occasion: int = 0
    due: datetime | None = None
    until: datetime | None = None
    told: datetime | None = None
    merged: tuple[str, ...] = ()
    reason: Reason | None = None
    tasks: tuple[Wish, ...] = ()

    @property
    def goes(self) -> bool:
        """Whether this is a text to send rather than a step left out."""
        return self.reason is None


def left_out(step: Step, reason: Reason, *tasks: Wish, occasion: int = 0) -> Planned:
    """The step, not sent, with the reason."""
    return Planned(step=step.id, priority=step.priority, occasion=occasion, reason=reason, tasks=tasks)
