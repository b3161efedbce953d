"""The scheduler as a process: what it sends does not pile up and does not depend on its clock."""

import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pytest
import redis

from sms_service.runtime import Child, Supervisor, start_valkey

ROOT = Path(__file__).parents[3]
#: Ticks that wait: the scheduler sends no more.
MOST_WAITING = 3


@pytest.fixture(scope="module")
def stage():
    """A broker, and a scheduler that nobody works for."""
    private = Path(tempfile.mkdtemp(prefix="sms-test-", dir="/var/tmp"))
    private.chmod(0o711)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMS_RUNTIME_DIR", str(private))
        with Supervisor(private / "data") as supervisor:
            valkey = start_valkey(supervisor)
            mark = private / "beat.mark"
            beat = Child(
                name="beat",
                argv=[sys.executable, "-m", "sms_service.cli.app", "beat"],
                env={
                    **os.environ,
                    "PYTHONPATH": str(ROOT),
                    "REDIS_URL": valkey.url,
                    "SMS_TICK_SECONDS": "0.05",
                    "SMS_HOUSEKEEPING_SECONDS": "0.2",
                    "SMS_BEAT_FILE": str(mark),
                },
                ready=mark.exists,
                grace=20.0,
            )
            supervisor.start(beat)
            with redis.Redis.from_url(valkey.client_url) as client:
                yield supervisor, client, mark
    shutil.rmtree(private)


@pytest.fixture
def until():
    """Wait for a condition, with a deadline."""

    def wait(condition, seconds):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not come true in time"
            time.sleep(0.01)

    return wait


def tasks(client, queue):
    """The messages that wait, oldest first."""
    return [json.loads(raw) for raw in reversed(client.lrange(queue, 0, -1))]


def names(client, queue):
    return [task["headers"]["task"] for task in tasks(client, queue)]


def test_ticks_that_nobody_takes_do_not_pile_up_and_go_on_when_somebody_does(stage, until):
    _, client, _ = stage
    until(lambda: names(client, "tick").count("tick") == MOST_WAITING, 30)
    # a canary may wait behind the ticks, so its coming says that many turns passed without one more tick
    until(lambda: "canary" in names(client, "tick"), 30)
    assert names(client, "tick").count("tick") == MOST_WAITING
    client.delete("tick")
    until(lambda: names(client, "tick").count("tick") >= 1, 30)


def test_nothing_expires_by_the_schedulers_clock(stage, until):
    _, client, _ = stage
    until(lambda: all(client.llen(queue) for queue in ("tick", "send", "housekeeping")), 30)
    for queue in ("tick", "send", "housekeeping"):
        assert {task["headers"]["expires"] for task in tasks(client, queue)} == {None}


def test_a_canary_for_each_queue_carries_the_brokers_time_and_the_schedulers(stage, until):
    _, client, _ = stage
    for queue in ("tick", "send", "housekeeping"):
        until(lambda queue=queue: "canary" in names(client, queue), 30)
        task = next(task for task in tasks(client, queue) if task["headers"]["task"] == "canary")
        told = json.loads(task["headers"]["kwargsrepr"].replace("'", '"'))
        assert told["queue"] == queue
        assert told["sent_at"] == pytest.approx(told["beat_clock"], abs=1)


def test_while_the_broker_is_away_it_shows_that_it_lives_and_says_so_once(stage, until):
    supervisor, client, mark = stage
    before = mark.stat().st_mtime_ns
    log = supervisor.home.logs / "beat.log"

    def still_away():
        with contextlib.suppress(ProcessLookupError):
            supervisor.kill("valkey")
        return "the broker takes nothing" in log.read_text() and mark.stat().st_mtime_ns > before

    until(still_away, 30)
    away = mark.stat().st_mtime_ns
    until(lambda: mark.stat().st_mtime_ns > away, 30)
    supervisor.wait_ready("valkey")
    until(lambda: client.llen("tick") >= 1, 30)
    until(lambda: "works again" in log.read_text(), 30)
    assert supervisor.restarts("beat") == 0
    said = [line for line in log.read_text().splitlines() if "sms_service.beat" in line]
    assert len(said) <= 2 * supervisor.restarts("valkey"), said
    assert "Traceback" not in log.read_text()
