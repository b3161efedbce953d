"""A canary that came through its queue, recorded; apart from its sending, so that beat stays small."""

from __future__ import annotations

import time

from celery import Celery

from sms_service.store.canaries import Canary, record_canary
from sms_service.use_cases.service import Service
from workers.canary import broker_time


def arrive(service: Service, app: Celery, queue: str, sent_at: float, beat_clock: float) -> None:
    """Record it. Raises the broker's or the database's error when one is away."""
    with app.pool.acquire(block=True) as broker:
        arrived_at, worker_clock = broker_time(broker.default_channel), time.time()
    canary = Canary(
        queue=queue,
        sent_at=sent_at,
        beat_clock=beat_clock,
        arrived_at=arrived_at,
        worker_clock=worker_clock,
    )
    with service.db.transaction() as connection:
        record_canary(connection, canary)
