"""One text each about a move, a cancellation and a missed visit."""

from __future__ import annotations

from datetime import datetime

from sms_service.domain.case import Case
from sms_service.domain.pathway import Anchor, Priority, Step
from sms_service.domain.planned import Planned, TaskKind, Wish, left_out
from sms_service.domain.reasons import Reason


def moved(case: Case) -> list[Planned]:
    """The notice that the visit has another time, or is on again; empty when none was ever called for.

    It settles for its offset: moved back meanwhile to what was last told, nothing is sent.
    """
    since = case.moments.anchors.get(Anchor.MOVED)
    if since is None:
        return []
    step = case.pathway.step("moved")
    if case.gone("moved", since):
        return []
    if not case.told.texted:
        return [_leave(case, step, Reason.NOTHING_SENT_YET)]
    if case.told.start == case.start.instant and not case.told.cancelled:
        return [_leave(case, step, Reason.BACK_TO_TOLD)]
    return [_notice(case, step, case.start.instant)]


def cancelled(case: Case) -> list[Planned]:
    """One acknowledgement, and nothing else."""
    rest = case.leave(Reason.CANCELLED, [*case.before_visit, *case.after_visit])
    step = case.pathway.step("cancelled")
    if case.appointment.replaced:
        return [*rest, _leave(case, step, Reason.REBOOKED)]
    if not case.told.texted:
        return [*rest, _leave(case, step, Reason.NOTHING_SENT_YET)]
    if case.told.cancelled or case.gone("cancelled", case.moments.anchors[Anchor.CANCELLED]):
        return rest
    return [*rest, _notice(case, step, case.start.instant)]


def no_show(case: Case) -> list[Planned]:
    """One kind text the day after, only to someone who was texted before."""
    rest = case.leave(Reason.NO_SHOW, [*case.before_visit, *case.after_visit])
    step = case.pathway.step("no_show")
    if case.sent(step.id):
        return rest
    if not case.told.texted:
        return [*rest, _leave(case, step, Reason.NOTHING_SENT_YET)]
    return [*rest, _notice(case, step, case.start.instant)]


def _notice(case: Case, step: Step, start: datetime) -> Planned:
    until = case.moments.until(step)
    due = case.moments.after(case.moments.due(step), until)
    if due is None or until < case.now:
        must = step.priority is Priority.MUST and case.ahead
        wishes = (Wish(kind=TaskKind.PHONE_INSTEAD, due=case.now),) if must else ()
        return left_out(step, Reason.WINDOW_PASSED, *wishes, occasion=case.occasion(step))
    return Planned(
        step=step.id, priority=step.priority, occasion=case.occasion(step), due=due, until=until, told=start
    )


def _leave(case: Case, step: Step, reason: Reason) -> Planned:
    return left_out(step, reason, occasion=case.occasion(step))
