"""A worker's sign of life: the file it made when it was ready, touched while its own work goes on.

Outside a task the consumer's loop touches it. Inside one that loop stands still, and each statement that the
database answers counts instead: what hangs in a task gives no sign. While the broker is away the consumer
blocks between its tries, so a thread speaks for it.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path
from typing import Any

from celery import bootsteps

_EVERY_S = 1.0


class Liveness:
    """The mark of this process, if a supervisor asked for one with SMS_READY_FILE."""

    def __init__(self, mark: Path | None) -> None:
        self._mark = mark
        self._touched = 0.0
        self._consuming = threading.Event()

    def ready(self) -> None:
        """Make the mark: this worker takes tasks."""
        if self._mark is not None:
            self._mark.touch()

    def sign(self, *_: object, **__: object) -> None:
        """Show that the work goes on. Cheap enough for every statement; takes whatever a hook passes."""
        now = time.monotonic()
        if self._mark is None or now - self._touched < _EVERY_S / 2:
            return
        self._touched = now
        with contextlib.suppress(FileNotFoundError):  # before it is ready there is nothing to touch
            os.utime(self._mark)

    def consuming(self, *, yes: bool) -> None:
        """Whether the consumer's loop runs; while it does not, a thread gives the sign."""
        if yes:
            self._consuming.set()
        else:
            self._consuming.clear()
            if self._mark is not None:
                threading.Thread(target=self._speak_for_it, name="liveness", daemon=True).start()

    def _speak_for_it(self) -> None:
        while not self._consuming.wait(_EVERY_S):
            self.sign()


liveness = Liveness(Path(os.environ["SMS_READY_FILE"]) if os.environ.get("SMS_READY_FILE") else None)


class SignOfLife(bootsteps.StartStopStep):  # type: ignore[misc]
    """Hooks the consumer's own loop: started when it has its connection, stopped when that is lost."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, consumer: Any) -> None:  # noqa: ANN401 - Celery's signature
        """The loop gives signs by its timer."""
        liveness.consuming(yes=True)
        consumer.timer.call_repeatedly(_EVERY_S, liveness.sign)

    def stop(self, consumer: Any) -> None:  # noqa: ANN401, ARG002 - Celery's signature
        """The timer is cleared with the connection."""
        liveness.consuming(yes=False)
