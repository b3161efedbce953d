"""Take away what Redis holds, cut connections, deliver batches twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import psycopg
import redis

from sms_service.chaos.troubles.hand import SENDERS, Hand
from sms_service.runtime.cluster import superuser_password

_SEND_QUEUE = "send"
_STILL_S = 1.5


def flush_broker(hand: Hand) -> None:
    """FLUSHALL: queues, unacknowledged tasks, everything; half the time while batches wait in it."""
    if hand.chance.random() < 0.5:  # noqa: PLR2004
        with suppress(redis.RedisError):
            _broker(hand).flushall()
        return
    with _batches_waiting(hand) as broker:
        broker.flushall()


def cut_broker_connections(hand: Hand) -> None:
    """Close every client's connection."""
    with suppress(redis.RedisError):
        _broker(hand).execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")  # type: ignore[no-untyped-call]


def stall_broker(hand: Hand) -> None:
    """The broker accepts connections and answers nothing for a while."""
    with suppress(redis.RedisError):
        _broker(hand).execute_command("CLIENT", "PAUSE", str(hand.chance.randrange(500, 3000)), "ALL")  # type: ignore[no-untyped-call]


def repeat_batches(hand: Hand) -> None:
    """Every batch that waits is there twice, as after a redelivery."""
    with _batches_waiting(hand) as broker:
        for batch in broker.lrange(_SEND_QUEUE, 0, -1):
            broker.rpush(_SEND_QUEUE, batch)


@contextmanager
def _batches_waiting(hand: Hand) -> Iterator[redis.Redis]:
    """The senders stand still for a moment, so that what is claimed waits in the broker."""
    with ThreadPoolExecutor(len(SENDERS)) as still, suppress(redis.RedisError):
        for name in SENDERS:
            still.submit(hand.pause, name, _STILL_S)
        time.sleep(_STILL_S / 2)
        yield _broker(hand)


def cut_database_connections(hand: Hand) -> None:
    """End every session of the service in the database."""
    home = hand.world.stack.supervisor.home
    password = superuser_password(home, home.servers / "postgres")
    with (
        suppress(psycopg.Error),
        psycopg.connect(
            host=str(home.sockets), user="postgres", password=password, dbname="postgres", connect_timeout=2
        ) as admin,
    ):
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'sms%'")


def _broker(hand: Hand) -> redis.Redis:
    url = hand.world.stack.environment["REDIS_URL"].replace("redis+socket://", "unix://")
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
