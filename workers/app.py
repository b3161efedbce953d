"""The Celery application: queues, schedule, and the settings that make losing a task harmless.

Workers are started with `-I workers.tasks`; beat goes without, and stays a third of their size.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_ready
from kombu.entity import Queue

from sms_service.settings import read_setting

#: The tick never waits behind a batch, and a batch never behind housekeeping: a queue and a process each.
QUEUES = ("tick", "send", "housekeeping")

_tick = float(read_setting(os.environ, "SMS_TICK_SECONDS") or 1)
_housekeeping = float(read_setting(os.environ, "SMS_HOUSEKEEPING_SECONDS") or 10)

app = Celery("sms_service", broker=read_setting(os.environ, "REDIS_URL") or "redis://127.0.0.1:6379/0")
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    task_queues=[Queue(name) for name in QUEUES],  # type: ignore[no-untyped-call]
    task_default_queue="housekeeping",
    task_routes={f"{name}": {"queue": name} for name in QUEUES},
    task_ignore_result=True,
    result_backend=None,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_soft_shutdown_timeout=15,
    worker_enable_soft_shutdown_on_idle=True,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    # No patient's time ever rides on a countdown, so nothing stays unacknowledged for long.
    broker_transport_options={"visibility_timeout": 600, "socket_timeout": 10, "socket_connect_timeout": 5},
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    task_publish_retry=False,  # a batch that cannot be enqueued is a lease that runs out
    enable_utc=True,
    timezone="UTC",
    beat_schedule={
        # expires: ticks that piled up while a worker was away say nothing new
        "tick": {"task": "tick", "schedule": _tick, "options": {"queue": "tick", "expires": 2}},
        "housekeeping": {
            "task": "housekeeping",
            "schedule": _housekeeping,
            "options": {"queue": "housekeeping", "expires": 2 * _housekeeping},
        },
    },
)


@setup_logging.connect  # type: ignore[untyped-decorator]
def _logging(**_: Any) -> None:  # noqa: ANN401 - whatever Celery passes
    """Our own lines at INFO, the libraries' at WARNING; none of ours ever names a patient."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("sms_service").setLevel(logging.INFO)


@worker_ready.connect  # type: ignore[untyped-decorator]
def _ready(**_: Any) -> None:  # noqa: ANN401 - whatever Celery passes
    """Leave a mark for the supervisor that started this worker, if one asked for it."""
    mark = os.environ.get("SMS_READY_FILE")
    if mark:
        Path(mark).touch()
