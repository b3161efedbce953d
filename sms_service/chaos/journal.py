"""What the outside did and was told, line by line: enough to judge by, and to read what happened when."""

from __future__ import annotations

import json
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any


class Journal:
    """A JSON Lines file that several threads append to."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lines: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._out = file.open("w", encoding="utf-8")

    def add(self, kind: str, **what: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Append a line; `t` is real time in seconds since the epoch."""
        line = {"t": time.time(), "kind": kind, **what}
        with self._lock:
            self.lines.append(line)
            self._out.write(json.dumps(line, default=_plain) + "\n")
            self._out.flush()
        return line

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The lines of one kind, oldest first."""
        with self._lock:
            return [line for line in self.lines if line["kind"] == kind]

    def close(self) -> None:
        """End the file."""
        self._out.close()


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
