"""A task through each queue every few seconds, only to show that it comes through, and how old it is by then.

Its age is judged by the broker's clock at both ends: scheduler and worker may run on machines whose own
clocks differ, and how they differ is told with it.
"""

from __future__ import annotations

import time
from typing import Any

NAME = "canary"
EVERY_S = 5.0


def broker_time(channel: Any) -> float:  # noqa: ANN401 - kombu is published without types
    """Seconds since the epoch by the broker's clock."""
    seconds, microseconds = channel.client.time()
    return float(seconds) + float(microseconds) / 1e6


def departure(channel: Any) -> dict[str, float]:  # noqa: ANN401 - as above
    """What the scheduler writes on a canary."""
    return {"sent_at": broker_time(channel), "beat_clock": time.time()}
