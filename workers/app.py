"""The Celery application: queues, schedule, and the settings that make losing a task harmless.

Workers are started with `-I workers.tasks`; beat goes without, and stays a third of their size.
"""

from __future__ import annotations

import logging
import os
import warnings
from typing import Any

from celery import Celery
from celery.signals import setup_logging, task_postrun, task_prerun, worker_ready
from kombu.entity import Queue

from sms_service.settings import read_setting
from workers import canary
from workers.liveness import SignOfLife, liveness

#: The tick never waits behind a batch, and a batch never behind housekeeping: a queue and a process each.
QUEUES = ("tick", "send", "housekeeping")

# eight lines at each loss of the broker, about a choice that is made below
warnings.filterwarnings("ignore", message=r"\s*In Celery 5\.1 we introduced an optional breaking change")

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
    worker_cancel_long_running_tasks_on_connection_loss=False,
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
        # none expires: the scheduler's clock would say when and the worker's whether. Instead the scheduler
        # sends no more while some wait
        "tick": {"task": "tick", "schedule": _tick, "options": {"queue": "tick"}},
        "housekeeping": {
            "task": "housekeeping",
            "schedule": _housekeeping,
            "options": {"queue": "housekeeping"},
        },
        **{
            f"canary-{name}": {"task": canary.NAME, "schedule": canary.EVERY_S, "options": {"queue": name}}
            for name in QUEUES
        },
    },
)
app.steps["consumer"].add(SignOfLife)
task_prerun.connect(liveness.sign)
task_postrun.connect(liveness.sign)


@setup_logging.connect  # type: ignore[untyped-decorator]
def _logging(**_: Any) -> None:  # noqa: ANN401 - whatever Celery passes
    """Our own lines at INFO, the libraries' at WARNING; none of ours ever names a patient."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("sms_service").setLevel(logging.INFO)


@worker_ready.connect  # type: ignore[untyped-decorator]
def _ready(**_: Any) -> None:  # noqa: ANN401 - whatever Celery passes
    """Leave a mark for the supervisor that started this worker, if one asked for it."""
    liveness.ready()
