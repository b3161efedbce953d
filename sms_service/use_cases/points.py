"""Named points of the send path at which a crash test can stop a process and kill whatever it likes.

Nothing happens unless SMS_POINTS names a folder and that folder holds a file with the point's name. The
process that first reaches the point renames the file to `<point>.reached` with its pid inside and waits
until somebody writes `<point>.go`, or kills it.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

CLAIM_COMMITTED = "claim-committed"
FENCE_LOCKED = "fence-locked"
FENCE_COMMITTED = "fence-committed"
PROVIDER_ANSWERED = "provider-answered"
TRACE_LISTED = "trace-listed"
#: Those that every text passes, in this order.
POINTS = (CLAIM_COMMITTED, FENCE_LOCKED, FENCE_COMMITTED, PROVIDER_ANSWERED)

_folder = os.environ.get("SMS_POINTS")
_POLL_S = 0.01


def reach(point: str) -> None:
    """Say that this line is reached; a no-op outside crash tests."""
    if _folder is None:
        return
    armed, reached = Path(_folder) / point, Path(_folder) / f"{point}.reached"
    try:
        armed.rename(reached)
    except FileNotFoundError:
        return
    reached.write_text(str(os.getpid()))
    while not (Path(_folder) / f"{point}.go").exists():
        time.sleep(_POLL_S)
