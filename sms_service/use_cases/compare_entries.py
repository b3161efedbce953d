"""Compare known texts with what the provider says of them: correct what it knows better, keep the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from sms_service.domain.advance import RANK, UNDELIVERED, ProviderStatus
from sms_service.domain.ledger import Difference, Kind, compare
from sms_service.domain.planned import TaskKind
from sms_service.domain.request import Trace
from sms_service.store.clock import patient_now
from sms_service.store.differences import About, agree, note
from sms_service.store.ledger import Entry, read_entries, write_listed
from sms_service.store.tasks import add_task
from sms_service.use_cases.receive import receive
from sms_service.use_cases.service import Service

_SENT = RANK[ProviderStatus.SENT]


def compare_entries(
    service: Service, owners: Mapping[int, Sequence[int]], traces: Mapping[str, Trace]
) -> tuple[Counter[str], set[str]]:
    """Compare attempts, given by clinic, with the traces of their SIDs; the counts, and the SIDs known.

    A better status is taken in like any receipt, with all that follows from it; billed segments, price and a
    later error code are stored beside the attempt.
    """
    with service.db.transaction(owners) as connection:
        entries = read_entries(connection, [one for attempts in owners.values() for one in attempts])
    found = {entry.sid: compare(entry.held, traces[entry.sid]) for entry in entries}
    for sid, differences in found.items():
        if any(one.kind is Kind.STATUS and one.better for one in differences):
            receive(service, None, sid, traces[sid].status, traces[sid].code)
    counts: Counter[str] = Counter(compared=len(entries))
    with service.db.transaction(owners) as connection:
        late = {
            e.attempt_id: traces[e.sid].code
            for e in entries
            if any(d.kind is Kind.CODE for d in found[e.sid])
        }
        codes = {attempt: code for attempt, code in late.items() if code is not None}
        write_listed(connection, {entry.attempt_id: traces[entry.sid] for entry in entries}, codes)
        agree(connection, list(found), [Kind.MISSING_THERE])
        agreed = [
            sid for sid, differences in found.items() if not any(d.kind is Kind.STATUS for d in differences)
        ]
        agree(connection, agreed, [Kind.STATUS])
        for entry in entries:
            for difference in found[entry.sid]:
                counts["corrected" if difference.better else difference.kind] += _keep(
                    connection, entry, difference
                )
    return counts, set(found)


def miss(service: Service, clinic_id: int, attempt_id: int) -> Counter[str]:
    """The provider says that it has no such text; the counts.

    Where it never said that the text left, nobody knows whether the patient has it: a person has to look.
    """
    with service.db.transaction([clinic_id]) as connection:
        counts: Counter[str] = Counter()
        for entry in read_entries(connection, [attempt_id]):
            difference = Difference(
                kind=Kind.MISSING_THERE, ours=entry.held.status, theirs=None, better=False
            )
            counts[Kind.MISSING_THERE] += _keep(connection, entry, difference)
            if entry.held.alive and (entry.held.status is None or RANK[entry.held.status] < _SENT):
                _ask(connection, entry, TaskKind.UNTRACEABLE)
        return counts


def _keep(connection: sa.Connection, entry: Entry, difference: Difference) -> bool:
    about = About(
        sid=entry.sid,
        sender_id=entry.sender_id,
        clinic_id=entry.clinic_id,
        attempt_id=entry.attempt_id,
    )
    if difference.kind is Kind.STATUS and not difference.better and difference.theirs in UNDELIVERED:
        _ask(connection, entry, TaskKind.PHONE_INSTEAD)
    return note(connection, about, difference)


def _ask(connection: sa.Connection, entry: Entry, kind: TaskKind) -> None:
    add_task(
        connection,
        clinic_id=entry.clinic_id,
        kind=kind,
        cause="message",
        cause_id=entry.message_id,
        due=patient_now(connection),
        patient_id=entry.patient_id,
        appointment_id=entry.appointment_id,
    )
