"""Texts are due and nothing leaves: notice it, say it once, and say when it is over."""

from __future__ import annotations

import logging

import sqlalchemy as sa

from sms_service.store import stalls
from sms_service.use_cases.service import Service

_log = logging.getLogger("sms_service.watch")
#: Seconds of machine time for which texts may be due while none leaves.
STALL_SECONDS = 120.0


def watch(service: Service, *, stall_seconds: float = STALL_SECONDS) -> list[str]:
    """Look at every sender once; the names of those whose texts are due and do not leave.

    Whoever is still alive watches: every queue's worker with its canary, and the web process when it is asked
    for its state. A hold and an open circuit are told elsewhere and are no silence; nor is a rate that is
    used up. An episode is one ERROR at its begin and one WARNING at its end, whoever writes them.
    """
    with service.db.transaction() as connection:
        return look_out(connection, stall_seconds=stall_seconds)


def look_out(connection: sa.Connection, *, stall_seconds: float) -> list[str]:
    """The same in a transaction that is open."""
    if not stalls.take_watch(connection):
        return []
    silent = []
    for sight in stalls.look(connection):
        if not sight.watched:
            stalls.begin(connection, sight.id)
        elif not sight.waiting or (sight.left_since and sight.silent_s <= stall_seconds):
            stalls.end(connection, sight.id)
            if sight.told:
                _log.warning("sender %s: texts leave again, or nothing is due any more", sight.name)
            if sight.waiting:
                stalls.begin(connection, sight.id)
        elif sight.silent_s > stall_seconds:
            silent.append(sight.name)
            if not sight.told:
                stalls.tell(connection, sight.id)
                _log.error(
                    "sender %s: texts are due and none has left for %.0f s; see problems in /readyz, or run"
                    " `sms-service doctor`",
                    sight.name,
                    sight.silent_s,
                )
    return silent
