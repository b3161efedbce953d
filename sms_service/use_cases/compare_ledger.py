"""Compare the provider's list with our attempts, page by page, and keep what does not agree."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sms_service.domain.ledger import Difference, Kind, is_ours
from sms_service.domain.request import Listed, Trace
from sms_service.provider.errors import ProviderUnavailable
from sms_service.store.differences import About, close_matched, note
from sms_service.store.ledger import read_entries, unlisted, whose
from sms_service.store.ledger_runs import Run, begin, begin_nightly, move, open_run
from sms_service.store.tenants import load_senders
from sms_service.use_cases.compare_entries import compare_entries, miss
from sms_service.use_cases.reconcile import GRACE_SECONDS, SKEW
from sms_service.use_cases.service import Service

log = logging.getLogger("sms_service.ledger")
#: How far a nightly run reaches behind the end of the one before: a final status, a price and the last word
#: on a text whose receipt never comes may be three days late.
LOOK_BACK = timedelta(days=4)
#: Of each turn: pages of the list, or as many times so many texts that are asked for one by one. A turn is
#: short, so that the rest of housekeeping is not kept waiting.
_STEPS, _ONE_BY_ONE = 5, 10
_OPEN = (Kind.STATUS, Kind.UNKNOWN_HERE, Kind.MISSING_THERE, "matched")
_CLIENT_ERROR = range(400, 500)
_NOT_THE_PAGES_FAULT = {401, 403, 429}


class Ledger(Protocol):
    """Whoever can list everything the provider holds. Both raise ProviderUnavailable."""

    async def page(self, place: str | None) -> Listed:
        """A page of the whole list, newest first: the first, or the one at `place`."""

    async def message(self, sid: str) -> Trace | None:
        """One message; None when there is none."""


async def compare_nightly(
    service: Service, provider: Ledger, *, hour: int, grace_seconds: float = GRACE_SECONDS
) -> dict[str, int]:
    """Begin the comparison once a day at `hour` (UTC, machine time), or go on with it for a turn; its counts.

    Asked as often as one likes: a stored mark says what is done. Empty when nothing is to be done.
    """
    grace = timedelta(seconds=grace_seconds)
    with service.db.transaction() as connection:
        if load_senders(connection):
            begin_nightly(connection, hour, LOOK_BACK, grace)
    return await _go_on(service, provider, steps=_STEPS)


async def compare_now(
    service: Service, provider: Ledger, since: datetime | None = None, *, grace_seconds: float = GRACE_SECONDS
) -> dict[str, int]:
    """Compare from `since`, or as far back as a nightly run, to the end; the counts.

    A run that is open is brought to its end first. Raises ProviderUnavailable; the next call goes on from
    there.
    """
    while await _go_on(service, provider, steps=_STEPS):
        pass
    with service.db.transaction() as connection:
        begin(connection, since, LOOK_BACK, timedelta(seconds=grace_seconds))
    counts: dict[str, int] = {}
    while more := await _go_on(service, provider, steps=_STEPS):
        counts = more
    return counts


async def _go_on(service: Service, provider: Ledger, *, steps: int) -> dict[str, int]:
    """Take an open run some steps further; what it counted so far, empty when there is none."""
    counts: dict[str, int] = {}
    for _ in range(steps):
        with service.db.transaction() as connection:
            run = open_run(connection)
        if run is None:
            break
        taken = await (_ask_one_by_one if run.listed else _read_page)(service, provider, run)
        counts = dict(Counter(run.counts) + Counter(taken)) | {"steps": run.counts.get("steps", 0) + 1}
    return counts


async def _read_page(service: Service, provider: Ledger, run: Run) -> Mapping[str, int]:
    try:
        listed = await provider.page(run.place)
    except ProviderUnavailable as error:
        if run.place is not None and error.http_status in set(_CLIENT_ERROR) - _NOT_THE_PAGES_FAULT:
            # the provider does not know its own mark any more: read the list again from its top
            with service.db.transaction() as connection:
                move(connection, run, {})
        raise
    # Texts without a date of sending come first and dates may be equal: a page with nothing recent ends the
    # list.
    recent = [t for t in listed.traces if t.created_at >= run.since - SKEW and is_ours(t)]
    counts = _compare(service, recent, run) + Counter(steps=1)
    ends = listed.next_place is None or not any(t.created_at >= run.since - SKEW for t in listed.traces)
    with service.db.transaction() as connection:
        move(connection, run, counts, listed=ends, place=None if ends else listed.next_place)
    return counts


def _compare(service: Service, traces: Sequence[Trace], run: Run) -> Counter[str]:
    by_sid = {trace.sid: trace for trace in traces}
    with service.db.transaction() as connection:
        owners = whose(connection, list(by_sid))
        senders = {sender.address: sender.id for sender in load_senders(connection)}
    counts, known = compare_entries(service, owners, by_sid)
    strangers = [
        trace
        for trace in traces
        # what is younger may be of an attempt that is not settled yet; the next run sees it again
        if trace.sid not in known and trace.sender in senders and trace.created_at < run.until
    ]
    with service.db.transaction() as connection:
        for trace in strangers:
            difference = Difference(kind=Kind.UNKNOWN_HERE, ours=None, theirs=trace.status, better=False)
            about = About(sid=trace.sid, sender_id=senders[str(trace.sender)])
            counts[Kind.UNKNOWN_HERE] += note(connection, about, difference)
    return counts


async def _ask_one_by_one(service: Service, provider: Ledger, run: Run) -> Mapping[str, int]:
    """What no list has shown may be behind a page that moved: only the provider's "there is none" counts."""
    with service.db.transaction() as connection:
        asked = unlisted(connection, run.since, run.until, run.after_attempt, _ONE_BY_ONE)
    counts: Counter[str] = Counter(steps=1)
    for clinic_id, attempt_id in asked:
        counts += await _ask(service, provider, clinic_id, attempt_id)
    with service.db.transaction() as connection:
        last = max((attempt_id for _, attempt_id in asked), default=run.after_attempt)
        ended = len(asked) < _ONE_BY_ONE
        counts["matched"] += close_matched(connection) if ended else 0
        moved = move(connection, run, counts, listed=True, after_attempt=last, ended=ended)
    if ended and moved:
        _tell(run, counts)
    return counts


async def _ask(service: Service, provider: Ledger, clinic_id: int, attempt_id: int) -> Counter[str]:
    with service.db.transaction([clinic_id]) as connection:
        (entry,) = read_entries(connection, [attempt_id])
    trace = await provider.message(entry.sid)
    if trace is None:
        return miss(service, clinic_id, attempt_id)
    return compare_entries(service, {clinic_id: [attempt_id]}, {entry.sid: trace})[0]


def _tell(run: Run, counts: Mapping[str, int]) -> None:
    said = Counter(run.counts) + Counter(counts)
    words = " ".join(f"{name}={said[name]}" for name in ("compared", "corrected", *_OPEN) if said[name])
    log.info("ledger: since=%s until=%s %s", run.since, run.until, words or "nothing was sent")
