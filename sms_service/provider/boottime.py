"""A clock that also counts while the machine sleeps, to notice that this process was paused."""

from __future__ import annotations

import sys
import time


def boottime() -> float:
    """Seconds on CLOCK_BOOTTIME; where the system has none, seconds on the monotonic clock."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
