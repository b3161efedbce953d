"""The usual way, done well: one Celery task for each text, the synchronous SDK, a prefork pool.

The caller passes number and words along, so this side reads no database, decides nothing, and records nothing
once the provider has answered: all of that would only slow it down.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import worker_ready
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

QUEUE = "one-task-each"

app = Celery("one_task_each", broker=os.environ.get("REDIS_URL"))
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    task_default_queue=QUEUE,
    task_ignore_result=True,
    task_acks_late=True,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
)


@cache
def client() -> Client:
    """One for each process of the pool: its connections are kept and reused, every call has a timeout."""
    made = Client(
        os.environ["SMS_TWILIO_ACCOUNT_SID"],
        os.environ["SMS_TWILIO_AUTH_TOKENS"],
        http_client=TwilioHttpClient(pool_connections=True, timeout=10),
    )
    made.api.base_url = os.environ["SMS_TWILIO_BASE_URL"]
    return made


@app.task  # type: ignore[untyped-decorator]
def text(to: str, body: str) -> None:
    """Send one text."""
    client().messages.create(
        to=to,
        from_=os.environ["BENCH_FROM"],
        body=body,
        status_callback="http://127.0.0.1/status",
        smart_encoded=False,
        validity_period=3600,
    )


@worker_ready.connect  # type: ignore[untyped-decorator]
def _ready(**_: Any) -> None:  # noqa: ANN401 - whatever Celery passes
    Path(os.environ["SMS_READY_FILE"]).touch()
