"""The scheduler: sends what is due unless it would only pile up, and shows that it lives."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from celery.beat import Scheduler, SchedulingError
from kombu.exceptions import OperationalError as BrokerAway
from redis.exceptions import RedisError

from workers import canary
from workers.complaints import Complaints

BEAT_FILE = Path(os.environ.get("SMS_BEAT_FILE", str(Path(tempfile.gettempdir()) / "sms-service-beat")))
#: A tick that waits behind others says nothing new. Their number is what ends them, not an expiry: that would
#: be written by one machine's clock and read by another's. Canaries wait behind batches, so more of them may.
MOST_WAITING = {canary.NAME: 200}
_MOST_WAITING = 3
#: A tick that takes longer than the schedule is no trouble; nobody taking any for so long is.
_PATIENCE_S = 30.0

_complaints = Complaints(logging.getLogger("sms_service.beat"))


class Heartbeat(Scheduler):  # type: ignore[misc]
    """Beat without a schedule file: the schedule is code, so nothing has to survive a restart."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Celery's signature
        self._last_sent: dict[str, float] = {}
        super().__init__(*args, **kwargs)

    def apply_entry(self, entry: Any, producer: Any = None) -> None:  # noqa: ANN401 - Celery's signature
        """Send what is due, and leave the mark that the loop goes on: also while the broker is away."""
        try:
            self._send(entry, producer)
        except (SchedulingError, BrokerAway, RedisError, OSError) as error:
            kind = type(error.__cause__ or error.__context__ or error).__name__
            _complaints.tell("beat", f"the broker takes nothing ({kind}): is Redis running at REDIS_URL?")
        else:
            _complaints.over("beat")
        if self._last_sent:
            BEAT_FILE.touch()

    def _send(self, entry: Any, producer: Any) -> None:  # noqa: ANN401 - Celery's values
        queue = entry.options["queue"]
        waiting = producer.channel.queue_declare(queue).message_count
        now = time.monotonic()
        if waiting >= MOST_WAITING.get(entry.task, _MOST_WAITING):
            idle = now - self._last_sent.setdefault(entry.name, now)
            if idle >= _PATIENCE_S:
                _complaints.tell(
                    f"queue {queue}",
                    "tasks wait and none is taken: is its worker running, and well?",
                )
            return
        if entry.task == canary.NAME:
            sent = {"queue": queue, **canary.departure(producer.channel)}
            self.send_task(canary.NAME, kwargs=sent, producer=producer, **entry.options)
        else:
            self.apply_async(entry, producer=producer, advance=False)
        self._last_sent[entry.name] = now
        _complaints.over(f"queue {queue}")

    def _ensure_connected(self) -> Any:  # noqa: ANN401 - Celery's signature
        def away(error: Exception, _interval: float) -> None:
            _complaints.tell(
                "beat", f"the broker does not answer ({type(error).__name__}): is Redis running?"
            )

        return self.connection.ensure_connection(away, self.app.conf.broker_connection_max_retries)
