"""The texts after a completed visit, counted from its completion."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sms_service.domain.case import Case
from sms_service.domain.event import Status
from sms_service.domain.pathway import Anchor, Step
from sms_service.domain.planned import Planned, TaskKind, Wish, left_out
from sms_service.domain.reasons import Reason

_APART = timedelta(hours=3)


def after(case: Case) -> list[Planned]:
    """Plan the chain after a completed visit; nothing of it when the injection was not given."""
    gone = case.leave(Reason.COMPLETED, case.before_visit)
    if case.appointment.done is False:
        rows = case.leave(Reason.NOT_DONE, case.after_visit)
        wish = Wish(kind=TaskKind.NOT_DONE, due=case.now)
        return [*gone, *(replace(row, tasks=(wish,)) if i == 0 else row for i, row in enumerate(rows))]
    if any(other.status in {Status.BOOKED, Status.ARRIVED} for other in case.appointment.same_day):
        # aftercare follows the last visit of the day
        return [*gone, left_out(case.pathway.step("aftercare"), Reason.NOT_YET)]
    return [*gone, *_chain(case)]


def _chain(case: Case) -> list[Planned]:
    steps = [step for step in case.after_visit if not case.sent(step.id)]
    rows = [_aftercare(case, step) if step.id == "aftercare" else _later(case, step) for step in steps]
    if not case.told.texted and not any(row.merged for row in rows):
        return [  # no first contact without its welcome, and only *aftercare* can carry it
            row if row.step == "aftercare" else left_out(case.pathway.step(row.step), Reason.NOTHING_SENT_YET)
            for row in rows
        ]
    return _check_in_apart(case, rows)


def _aftercare(case: Case, step: Step) -> Planned:
    """An hour after completion; at the edge of the day at once, else next morning and a person phones."""
    completed = case.moments.anchors[Anchor.COMPLETED]
    learned = max(case.appointment.ended_at or completed, completed)
    wanted, until = max(case.moments.due(step), learned), case.moments.until(step)
    if not case.moments.permitted(wanted) and case.moments.permitted(learned):
        wanted = learned
    due = case.moments.after(wanted, until)
    wishes = () if due == wanted else (Wish(kind=TaskKind.PHONE_INSTEAD, due=case.now),)
    if due is None or until < case.now:
        return left_out(step, Reason.WINDOW_PASSED, Wish(kind=TaskKind.PHONE_INSTEAD, due=case.now))
    merged = () if case.told.texted else ("welcome",)
    return Planned(step=step.id, priority=step.priority, due=due, until=until, merged=merged, tasks=wishes)


def _later(case: Case, step: Step, not_before: datetime | None = None) -> Planned:
    until, wanted = case.moments.until(step), case.moments.due(step)
    due = case.moments.after(max(wanted, not_before or wanted), until)
    if due is None or until < case.now:
        return left_out(step, Reason.WINDOW_PASSED)
    return Planned(step=step.id, priority=step.priority, due=due, until=until)


def _check_in_apart(case: Case, rows: list[Planned]) -> list[Planned]:
    """*check_in* keeps three hours from *aftercare*; where it would not, one text carries both.

    It waits instead where that text has gone already, or as a first contact has enough to say.
    """
    by_step = {row.step: row for row in rows}
    aftercare, check_in = by_step.get("aftercare"), by_step.get("check_in")
    moments = [text.at for text in case.chain if text.carries("aftercare")]
    if aftercare is not None and aftercare.due is not None:
        moments.append(aftercare.due)
    if check_in is None or check_in.due is None or not moments or check_in.due - max(moments) >= _APART:
        return rows
    step = case.pathway.step("check_in")
    if aftercare is None or aftercare.merged:
        later = _later(case, step, max(moments) + _APART)
        return [later if row is check_in else row for row in rows]
    aftercare, absent = replace(aftercare, merged=("check_in",)), left_out(step, Reason.MERGED_INTO)
    return [{"aftercare": aftercare, "check_in": absent}.get(row.step, row) for row in rows]
