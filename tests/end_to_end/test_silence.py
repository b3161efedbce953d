"""A process that is stopped, or hangs in a task, is found by its silence; its texts go out all the same."""

import contextlib
import os
import signal
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from end_to_end.conftest import CLINIC, QUICK, World

from sms_service.cli.embedded import running
from sms_service.runtime import forget
from sms_service.settings import load_settings, psycopg_url
from sms_service.use_cases.points import FENCE_COMMITTED
from sms_service.use_cases.set_up import set_up
from sms_service.wiring import make_service

NEW_YORK = ZoneInfo("America/New_York")
OURS = ("web", "beat", "tick", "send-1", "housekeeping")
#: Little more than the least.
IMPATIENT = QUICK | {"SMS_SILENCE_SECONDS": "12.5"}


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """A running service whose supervisor waits no longer than it may."""
    data = tmp_path_factory.mktemp("silence") / "data"
    points = data.parent / "points"
    points.mkdir()
    with running(data, os.environ, overrides=IMPATIENT | {"SMS_POINTS": str(points)}) as stack:
        service = make_service(load_settings(stack.environment), pool_size=2)
        engine = sa.create_engine(psycopg_url(stack.owner_url), poolclass=sa.NullPool)
        with engine.begin() as owner:
            made = set_up(owner, service.keys, service.library, CLINIC)
        yield World(stack=stack, service=service, key=made.key, points=Path(points))
        service.db.close()
    forget(data)


def book(world, visit, phone, day):
    """A visit whose welcome is due at once; a way to ask whether it was delivered."""
    now = datetime(world.year, 8, day, 9, tzinfo=NEW_YORK)
    world.now(now)
    start = datetime(world.year, 8, 31, 14, tzinfo=NEW_YORK)
    world.event("booked", visit, now, phone=phone, start=start)
    return lambda: [m for m in world.visit(visit)["messages"] if m["state"] == "delivered"]


def test_processes_that_are_stopped_are_replaced_and_texts_go_out(watched):
    supervisor = watched.stack.supervisor
    before = {name: (supervisor.pid(name), supervisor.restarts(name)) for name in OURS}
    for pid, _ in before.values():
        os.kill(pid, signal.SIGSTOP)
    for name, (pid, restarts) in before.items():
        watched.until(lambda name=name, restarts=restarts: supervisor.restarts(name) > restarts)
        supervisor.wait_ready(name)
        assert supervisor.pid(name) != pid
    watched.until(book(watched, "stopped", "+12125550242", 2))
    assert {name: supervisor.restarts(name) for name in OURS} == dict.fromkeys(OURS, 1)


def test_a_worker_that_hangs_in_a_task_is_replaced_and_its_text_goes_out_once(watched):
    supervisor = watched.stack.supervisor
    before = supervisor.restarts("send-1")
    (watched.points / FENCE_COMMITTED).touch()  # whoever reaches it waits there for ever
    delivered = book(watched, "hung", "+12125550249", 10)
    watched.until((watched.points / f"{FENCE_COMMITTED}.reached").exists)
    watched.until(lambda: supervisor.restarts("send-1") > before)
    watched.until(delivered)
    watched.settle()
    assert len(watched.texts("+12125550249")) == 1


def test_a_worker_without_its_broker_is_waiting_and_not_dead(watched):
    supervisor = watched.stack.supervisor
    before = {one: supervisor.restarts(one) for one in ("tick", "send-1", "housekeeping", "beat")}
    marks = [supervisor.home.servers / f"{one}.ready" for one in before]
    begun = {mark: mark.stat().st_mtime for mark in marks}

    def alive_without_it():
        with contextlib.suppress(ProcessLookupError):
            supervisor.kill("valkey")
        # each goes on giving signs for longer than it may be silent
        return all(mark.stat().st_mtime > begun[mark] + 15 for mark in marks)

    watched.until(alive_without_it)
    supervisor.wait_ready("valkey")
    watched.until(book(watched, "back", "+12125550250", 11))
    assert {one: supervisor.restarts(one) for one in before} == before
