"""Receipts of no attempt we know: take them in once their text is known, or say that nobody's they stayed."""

from __future__ import annotations

import logging
from datetime import timedelta

from sms_service.domain.ledger import Difference, Kind
from sms_service.store.differences import About, close_matched, note
from sms_service.store.orphans import aged_orphans, drop_orphans, matched_orphans, waiting_orphans
from sms_service.use_cases.receive import receive
from sms_service.use_cases.service import Service

_log = logging.getLogger("sms_service.orphans")
#: No receipt is awaited for longer, and a restored database is reconciled within this time (machine time).
PATIENCE = timedelta(hours=72)
_AT_ONCE = 200


def sweep_orphans(service: Service, *, patience: timedelta = PATIENCE) -> dict[str, int]:
    """Take in those whose SID is bound by now; those that waited too long become differences; the counts."""
    with service.db.transaction() as connection:
        known = matched_orphans(connection, _AT_ONCE)
    taken = 0
    for sid in known:
        with service.db.transaction() as connection:
            receipts = waiting_orphans(connection, sid)
        for status, code in receipts:
            receive(service, None, sid, status, code or None)
        with service.db.transaction() as connection:
            drop_orphans(
                connection, sid
            )  # taken in and committed above: killed in between, it is a repetition
        taken += len(receipts)
    with service.db.transaction() as connection:
        matched = close_matched(connection)
        aged = aged_orphans(connection, patience, _AT_ONCE)
        for sid, status in aged:
            difference = Difference(kind=Kind.ORPHAN_RECEIPT, ours=None, theirs=status, better=False)
            note(connection, About(sid=sid), difference)
            drop_orphans(connection, sid)
    if aged:
        _log.warning(
            "%d texts with receipts belong to no attempt; `sms-service reconcile` shows them", len(aged)
        )
    counts = {"taken_in": taken, "matched": matched, "given_up": len(aged)}
    return {name: count for name, count in counts.items() if count}
