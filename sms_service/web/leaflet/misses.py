"""How often one address may miss: a bucket of look-ups that found nothing, in this process's memory."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from threading import Lock

#: Addresses that are remembered; the one not seen for longest is forgotten first.
_MOST = 10_000


class Misses:
    """Twenty at once and twenty a minute. Who finds a page is never counted, nor kept waiting.

    A token has 95 random bits: nobody guesses one, at any rate. What the limit saves is noise.
    """

    def __init__(
        self, *, burst: int = 20, per_minute: int = 20, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst, self._rate, self._clock = float(burst), per_minute / 60, clock
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def count(self, address: str) -> int:
        """Count one miss; 0, or the seconds to wait where there have been too many."""
        key, now = _network(address), self._clock()
        with self._lock:
            left, since = self._held.pop(key, (self._burst, now))
            left = min(self._burst, left + (now - since) * self._rate)
            wait = 0 if left >= 1 else math.ceil((1 - left) / self._rate)
            self._held[key] = (left if wait else left - 1, now)
            if len(self._held) > _MOST:
                self._held.popitem(last=False)
        return wait


def _network(address: str) -> str:
    """An IPv6 subscriber has a whole /64 to choose addresses from."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return parsed.exploded[:19]
    return str(parsed)
