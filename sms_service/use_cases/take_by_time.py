"""After a restore: take texts whose words say nothing for those whose turn it was, and ask a person to look.

Better one text too few than a day sent twice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from sms_service.domain.request import Trace
from sms_service.store.attempts import bound, lock_attempts
from sms_service.store.clock import patient_now
from sms_service.store.database import again_on_deadlock
from sms_service.store.deployment import Waiting, give_up, overdue, record_lost
from sms_service.use_cases.move_attempt import accept
from sms_service.use_cases.service import Service


def take_by_time(
    service: Service, unplaced: Iterable[Trace], everyone: Iterable[int], now: datetime
) -> Counter[str]:
    """Take texts for what is overdue to the same number, of whatever clinic, in the order of their times.

    Where the provider hides the numbers, nobody can say which of a sender's overdue texts went: none of them
    goes, and a person is asked about each.
    """
    listed: dict[str, list[Trace]] = defaultdict(list)
    for trace in unplaced:
        listed[trace.to or ""].append(trace)
    numbers: dict[tuple[str, str], list[Waiting]] = defaultdict(list)
    for clinic_id in everyone:
        with service.db.transaction([clinic_id]) as connection:
            for place, waiting in overdue(connection, service.keys, now).items():
                numbers[place] += waiting
    counts: Counter[str] = Counter()
    for (address, number), waiting in numbers.items():
        ours = [trace for trace in listed.get(number, ()) if trace.sender in {None, address}]
        counts["already_sent"] += _bind(service, sorted(waiting), ours) if ours else 0
    hidden = {trace.sender for number, traces in listed.items() if not _is_number(number) for trace in traces}
    for (address, _), waiting in numbers.items():
        if hidden & {None, address}:
            counts["handed_over"] += _give_up(service, waiting)
    return counts


def _is_number(number: str) -> bool:
    return number[:1] == "+" and number[1:].isdecimal()


@again_on_deadlock
def _bind(service: Service, waiting: Sequence[Waiting], traces: Sequence[Trace]) -> int:
    with service.db.transaction({one.clinic_id for one in waiting}) as connection:
        known = bound(connection, [trace.sid for trace in traces])
        unknown = sorted((t for t in traces if t.sid not in known), key=lambda trace: trace.created_at)
        now = patient_now(connection)
        count = 0
        for one, trace in zip(waiting, unknown, strict=False):
            attempt_id = record_lost(connection, service.keys, one.id, trace, now)
            if attempt_id is not None:
                attempt = lock_attempts(connection, [attempt_id])[attempt_id]
                accept(connection, attempt, trace.sid, trace.status, now, trace.code)
                count += 1
        return count


@again_on_deadlock
def _give_up(service: Service, waiting: Sequence[Waiting]) -> int:
    with service.db.transaction({one.clinic_id for one in waiting}) as connection:
        now = patient_now(connection)
        return sum(give_up(connection, one.id, now) for one in sorted(waiting, key=lambda one: one.id))
