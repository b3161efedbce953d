"""How long a process gave no sign of life, counted only while we were awake to see one."""

from __future__ import annotations


class Silence:
    """Adds up the time between signs.

    A sign is any value that differs from the last one. A machine that slept, and a supervisor that was
    stopped itself, see a long time pass between two looks: then nobody could have given a sign, and the look
    counts no more than `longest_look` seconds.
    """

    def __init__(self, *, longest_look: float) -> None:
        self._longest_look = longest_look
        self._sign: object = None
        self._looked_at: float | None = None
        self._silent = 0.0

    def look(self, sign: object, now: float) -> float:
        """Take a look at `now` (seconds of a monotonic clock); the seconds for which it has been silent."""
        if self._looked_at is None or (sign is not None and sign != self._sign):
            self._silent = 0.0
        else:
            self._silent += min(max(now - self._looked_at, 0.0), self._longest_look)
        self._sign, self._looked_at = sign, now
        return self._silent
