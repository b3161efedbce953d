"""Trouble that repeats every second, as a few lines: at once, then each minute, and when it is over."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

EVERY_S = 60.0


@dataclass(slots=True)
class _Trouble:
    since: float
    told_at: float
    times: int = 0
    told: set[str] = field(default_factory=set)


class Complaints:
    """Per topic a line for each kind of trouble, a summary now and then while it lasts, one at the end.

    `every_s` seconds lie between two summaries; `clock` reads seconds that never go back.
    """

    def __init__(
        self, log: logging.Logger, *, every_s: float = EVERY_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._log = log
        self._every_s = every_s
        self._clock = clock
        self._troubles: dict[str, _Trouble] = {}

    def tell(self, topic: str, words: str, *, level: int = logging.WARNING) -> None:
        """Say it, unless it was just said; `words` hold no patient's data and nothing that always changes."""
        now = self._clock()
        trouble = self._troubles.setdefault(topic, _Trouble(since=now, told_at=now))
        trouble.times += 1
        if words not in trouble.told:
            trouble.told.add(words)
            self._log.log(level, "%s: %s", topic, words)
        elif now - trouble.told_at >= self._every_s:
            lasts = now - trouble.since
            self._log.log(level, "%s: %s; %d times in %.0f s", topic, words, trouble.times, lasts)
        else:
            return
        trouble.told_at = now

    def over(self, topic: str) -> None:
        """It went well: if there was trouble, say that it ended."""
        trouble = self._troubles.pop(topic, None)
        if trouble is not None:
            lasted = self._clock() - trouble.since
            self._log.warning("%s: works again; failed %d times in %.0f s", topic, trouble.times, lasted)
