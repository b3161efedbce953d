"""Which of the steps before a visit still have something to tell, and why each of the others has not."""

from __future__ import annotations

from datetime import timedelta

from sms_service.domain.case import Case
from sms_service.domain.pathway import Step
from sms_service.domain.reasons import Reason

_SAFETY_GROWS_OLD = timedelta(days=30)


def needed(case: Case) -> tuple[list[Step], dict[str, Reason]]:
    """The steps still needed, in order, and the reason for every other one."""
    found = {step.id: _not_needed(case, step) for step in case.before_visit}
    reasons = {step: reason for step, reason in found.items() if reason is not None}
    return [step for step in case.before_visit if step.id not in reasons], reasons


def _not_needed(case: Case, step: Step) -> Reason | None:
    if step.id == "confirm":
        return _not_asked(case)
    if step.id == "education" and case.patient.returning:
        return Reason.RETURNING
    texts = [text for text in case.chain if text.carries(step.id)]
    if not texts:
        return None
    if not step.repeatable:
        return Reason.ALREADY_SENT
    last = texts[-1]
    moved_on = last.start != case.start.instant
    again = last.pathway != case.pathway.id or (
        moved_on and (not last.answered or case.start.instant - last.at > _SAFETY_GROWS_OLD)
    )
    return None if again else Reason.ALREADY_SENT


def _not_asked(case: Case) -> Reason | None:
    """Whether they come is asked once for each time they are told, and not of who said so."""
    if case.appointment.confirmed == case.start.instant:
        return Reason.ALREADY_CONFIRMED
    since = case.told.since
    here = [
        text
        for text in case.chain
        if text.start == case.start.instant and (since is None or text.at >= since)
    ]
    if any(text.carries("confirm") for text in here):
        return Reason.ALREADY_SENT
    return Reason.ASKED_LATER if any(text.carries("prepare") for text in here) else None
