"""The texts before a visit: the usual sequence, or what is left of it when there is little time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sms_service.domain.case import Case
from sms_service.domain.collapse import Entry, confirm_in_notice, entries_for, fold_logistics
from sms_service.domain.needed import needed
from sms_service.domain.pathway import Anchor, LateBooking, Priority, Step
from sms_service.domain.plan_notices import moved
from sms_service.domain.planned import Planned, TaskKind, Wish, left_out
from sms_service.domain.reasons import Reason

_HOUR = 3600.0
#: What goes at once goes after the welcome or the notice of a move, whose words make sense of it.
_OPENING = timedelta(minutes=1)


def before(case: Case) -> list[Planned]:
    """Plan a booked visit; `booked_at` is set because its status and start are."""
    notice, waiting = moved(case), _awaits_completion(case)
    first = case.moments.next(_earliest(case))
    if first >= case.start.instant:
        return [*_no_hour_left(case), *notice, *waiting]
    late = _late(case, (case.start.instant - first).total_seconds() / _HOUR)
    wanted, reasons = needed(case)
    entries = fold_logistics(case, entries_for(case, late, wanted), reasons)
    notice, entries = confirm_in_notice(case, notice, entries, first)
    rows = [_row(case, entry, first) for entry in entries]
    for entry, row in zip(entries, rows, strict=True):
        if row.reason is not None:
            reasons |= dict.fromkeys(entry.merge, row.reason)
    carried = {step for row in (*rows, *notice) for step in (row.step, *row.merged)}
    rest = [
        _absent(case, step, reasons.get(step.id, Reason.LATE_BOOKING))
        for step in case.before_visit
        if step.id not in carried
    ]
    return [*_with_tasks(case, [*rows, *rest], late, reasons.get("safety")), *notice, *waiting]


def _earliest(case: Case) -> datetime:
    """Nothing goes before the booking was known, nor before a move of what was told has settled."""
    moved_at = case.moments.anchors.get(Anchor.MOVED)
    moments = [moment for moment in (case.appointment.booked_at, moved_at) if moment is not None]
    if moved_at is not None and any(text.at <= moved_at for text in case.chain):
        moments.append(case.moments.due(case.pathway.step("moved")))
    return max(moments)


def _late(case: Case, lead_hours: float) -> LateBooking | None:
    rules = sorted(case.pathway.late_booking, key=lambda rule: rule.under_hours)
    return next((rule for rule in rules if lead_hours < rule.under_hours), None)


def _row(case: Case, entry: Entry, first: datetime) -> Planned:
    step = entry.step
    carried = [case.pathway.step(part) for part in entry.merge]
    musts = [part for part in carried if part.priority is Priority.MUST]
    until = max(case.moments.until(part) for part in (step, *musts))
    if "welcome" not in (step.id, *entry.merge):
        first += _OPENING
    raw = first if entry.now else case.moments.due(step)
    if step.id == "education" and (entry.now or raw < first):
        return _absent(case, step, Reason.LATE_BOOKING)
    if raw < first and step.id == "confirm" and not case.sent("prepare"):
        return _absent(case, step, Reason.ASKED_LATER)
    due = case.moments.before(raw, first, until)
    if due is None or until < max(due, case.now):
        return _absent(case, step, Reason.WINDOW_PASSED)
    return Planned(
        step=step.id,
        priority=step.priority,
        occasion=case.occasion(step),
        due=due,
        until=until,
        told=case.start.instant,
        merged=entry.merge,
    )


def _absent(case: Case, step: Step, reason: Reason) -> Planned:
    occasion = case.occasion(step)
    if reason is Reason.ALREADY_SENT and step.repeatable:
        occasion = max(occasion - 1, 0)
    row = left_out(step, reason, occasion=occasion)
    if reason is Reason.WINDOW_PASSED and step.priority is Priority.MUST and case.ahead:
        kind = TaskKind.SCREEN_BY_PHONE if step.id == "safety" else TaskKind.PHONE_INSTEAD
        row = replace(row, tasks=(Wish(kind=kind, due=case.now),))
    return row


def _no_hour_left(case: Case) -> list[Planned]:
    rows = case.leave(Reason.NO_PERMITTED_HOUR, case.before_visit)
    if not case.ahead:
        return rows
    wish = Wish(kind=TaskKind.SCREEN_BY_PHONE, due=case.now)
    return [replace(row, tasks=(wish,)) if row is rows[0] else row for row in rows]


def _with_tasks(
    case: Case, rows: list[Planned], late: LateBooking | None, safety: Reason | None
) -> list[Planned]:
    """Attach the call list's task to *safety*, and the phone screening that a late booking asks for."""
    asked = [text for text in case.chain if text.carries("safety")]
    if safety is Reason.ALREADY_SENT and asked[-1].answered:
        return rows
    if late is not None and late.task is not None:
        wish = Wish(kind=TaskKind(late.task), due=case.now)
    else:
        deadline = case.moments.resolve(Anchor.START, case.pathway.call_list)
        wish = Wish(kind=TaskKind.SAFETY_UNANSWERED, due=deadline)
    carrier = next((row for row in rows if row.step == "safety" or "safety" in row.merged), None)
    return [replace(row, tasks=(*row.tasks, wish)) if row is carrier else row for row in rows]


def _awaits_completion(case: Case) -> list[Planned]:
    """Aftercare waits for the clinic's word; at the end of its day a person is asked for it."""
    if case.sent("aftercare"):
        return []
    step = case.pathway.step("aftercare")
    closing = max(
        case.start.days_later(0, case.clinic.closes).instant, case.start.instant + timedelta(hours=1)
    )
    return [left_out(step, Reason.NOT_YET, Wish(kind=TaskKind.VISIT_STATUS, due=closing))]
