"""The database comes back from a snapshot of yesterday, as an operator would bring it back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path

from sms_service.chaos.journal import Journal
from sms_service.chaos.world import World
from sms_service.runtime import put_back


@contextmanager
def restored(
    world: Callable[[], AbstractContextManager[World]],
    data: Path,
    since: datetime,
    snapshot: Path,
    journal: Journal,
) -> Iterator[World]:
    """Put the snapshot back, start, have the clinics send again what they sent since, reconcile; go on.

    This is the order that the operations guide gives. Sending is held until `reconcile --since` releases it.
    """
    put_back(data, snapshot)
    with world() as running:
        for line in journal.of("event"):
            if line["t"] >= since.timestamp():
                act = line["act"]
                status, answer = running.doors.event(act.body(), running.keys[act.visit.patient.clinic.slug])
                journal.add("event", act=act, first=line["first"], status=status, answer=answer)
        subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "sms_service.cli.app", "reconcile", "--since", since.isoformat()],
            env={**os.environ, **running.stack.environment},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        journal.add("restored", since=since)
        yield running
