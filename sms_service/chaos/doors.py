"""The HTTP doors, as a clinic's system and a person with a phone use them: again and again until answered."""

from __future__ import annotations

import itertools
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

_SERVER_ERROR = 500
_TOO_MANY = 429
_PAUSE_S = 0.1


class NoAnswer(Exception):  # noqa: N818 - what happened, in the driver's words
    """A door stayed shut for longer than anyone would wait."""


class Doors:
    """The web processes in turn, and the sandbox."""

    def __init__(self, webs: tuple[str, ...], sandbox: str, patience_s: float) -> None:
        self._webs = itertools.cycle(webs)
        self._sandbox = sandbox
        self._patience_s = patience_s
        self._lock = threading.Lock()

    def web(self) -> str:
        """The next web process."""
        with self._lock:
            return next(self._webs)

    def event(self, body: Mapping[str, Any], key: str) -> tuple[int, Any]:
        """Post an event to one web process or another until one says what became of it."""
        return self._until(lambda: ask(f"{self.web()}/v1/events", body, {"X-API-Key": key}))

    def visit(self, visit_id: str, key: str) -> Any:  # noqa: ANN401 - JSON
        """What the public API says of a visit; None when it knows none."""
        status, found = self._until(
            lambda: ask(f"{self.web()}/v1/appointments/{visit_id}", None, {"X-API-Key": key})
        )
        return found if status == 200 else None  # noqa: PLR2004 - HTTP OK

    def sandbox(self, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        """Ask the sandbox."""
        return self._until(lambda: ask(f"{self._sandbox}/sandbox/{path}", body, {}))[1]

    def _until(self, act: Callable[[], tuple[int, Any]]) -> tuple[int, Any]:
        deadline = time.monotonic() + self._patience_s
        while True:
            try:
                status, answer = act()
                if status < _SERVER_ERROR and status != _TOO_MANY:
                    return status, answer
                last = f"answered {status}"
            except (OSError, ValueError) as error:
                last = type(error).__name__
            if time.monotonic() > deadline:
                raise NoAnswer(f"no door opened within {self._patience_s:g} s; the last one {last}")
            time.sleep(_PAUSE_S)


def ask(url: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]) -> tuple[int, Any]:
    """One request: status and JSON. OSError where nobody answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
            return int(answer.status), json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, None
