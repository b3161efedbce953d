"""How many texts a patient gets from one clinic: so many a local day, so many in seven rolling days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sms_service.domain.case import Case
from sms_service.domain.instants import wall
from sms_service.domain.pathway import Priority
from sms_service.domain.planned import Planned, TaskKind, Wish
from sms_service.domain.reasons import Reason

WEEK = timedelta(hours=168)


def cap(case: Case, rows: list[Planned]) -> list[Planned]:
    """Leave out the least important texts beyond the caps; a dropped `high` becomes a task."""
    taken = [text.at for text in case.already if text.counts and not text.undelivered]
    kept: dict[tuple[str, int], Planned] = {}
    for row in sorted((row for row in rows if row.goes), key=lambda row: (row.priority, row.due)):
        kept[row.step, row.occasion] = row
        if not case.pathway.step(row.step).counts or row.due is None:
            continue
        reason = over_cap([*taken, row.due], row.due, case)
        if reason is None:
            taken.append(row.due)
        else:
            tasks = (Wish(kind=TaskKind.TEXT_DROPPED, due=case.now),) if row.priority is Priority.HIGH else ()
            kept[row.step, row.occasion] = replace(
                row, due=None, until=None, reason=reason, tasks=(*row.tasks, *tasks)
            )
    return [kept.get((row.step, row.occasion), row) if row.goes else row for row in rows]


def over_cap(texts: Sequence[datetime], at: datetime, case: Case) -> Reason | None:
    """Whether the texts, the one at `at` among them, exceed the clinic's day or week."""
    zone = case.moments.patient_zone
    day = wall(at, zone).local.date()
    if sum(wall(text, zone).local.date() == day for text in texts) > case.clinic.texts_per_day:
        return Reason.CAP_DAY
    for end in (text for text in texts if timedelta(0) <= text - at < WEEK):
        if sum(end - WEEK < text <= end for text in texts) > case.clinic.texts_per_week:
            return Reason.CAP_WEEK
    return None
