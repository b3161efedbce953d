"""What is left of the usual sequence: a late booking's declared merges, and texts that ride with others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sms_service.domain.case import Case
from sms_service.domain.pathway import LateBooking, Merge, Step
from sms_service.domain.planned import Planned
from sms_service.domain.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A carrier step, the steps merged into it, and whether it goes at once."""

    step: Step
    merge: tuple[str, ...]
    now: bool


def entries_for(case: Case, late: LateBooking | None, wanted: Sequence[Step]) -> list[Entry]:
    """What goes: the declared collapse for the lead time, less what has been told already."""
    if late is None or not late.collapses:
        dropped = late.drop if late else frozenset()
        return [Entry(step=step, merge=(), now=False) for step in wanted if step.id not in dropped]
    entries = []
    for merge, at_once in [*((m, True) for m in late.now), *((m, False) for m in late.scheduled)]:
        entry = _entry(case, merge, {step.id for step in wanted}, at_once=at_once)
        if entry is not None:
            entries.append(entry)
    return entries


def _entry(case: Case, merge: Merge, wanted: set[str], *, at_once: bool) -> Entry | None:
    """A declared merge without the parts already told; the most important part left carries the others."""
    order = [step.id for step in case.pathway.steps]
    parts = [step for step in (merge.step, *merge.merge) if step in wanted]
    if not parts:
        return None
    carrier = merge.step
    if carrier not in parts:
        carrier = min(parts, key=lambda part: (case.pathway.step(part).priority, -order.index(part)))
    rest = tuple(sorted((part for part in parts if part != carrier), key=order.index))
    return Entry(step=case.pathway.step(carrier), merge=rest, now=at_once)


def fold_logistics(case: Case, entries: list[Entry], reasons: dict[str, Reason]) -> list[Entry]:
    """A text two hours before that would fall outside the patient's hours rides with *prepare*."""
    logistics = next((entry for entry in entries if entry.step.id == "logistics" and not entry.now), None)
    if logistics is None or case.moments.permitted(case.moments.due(logistics.step)):
        return entries
    kept = [entry for entry in entries if entry is not logistics]
    if all(entry.step.id != "prepare" for entry in kept):
        reasons["logistics"] = Reason.NO_PERMITTED_HOUR
        return kept
    return [
        replace(entry, merge=(*entry.merge, "logistics")) if entry.step.id == "prepare" else entry
        for entry in kept
    ]


def confirm_in_notice(
    case: Case, notice: list[Planned], entries: list[Entry], first: datetime
) -> tuple[list[Planned], list[Entry]]:
    """Where *confirm* would go at once, the text about the move asks whether the patient is coming."""
    alone = next((entry for entry in entries if entry.step.id == "confirm" and not entry.merge), None)
    if alone is None or not any(row.goes for row in notice):
        return notice, entries
    if not alone.now and case.moments.due(alone.step) >= first:
        return notice, entries
    return [replace(notice[0], merged=("confirm",))], [entry for entry in entries if entry is not alone]
