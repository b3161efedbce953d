"""kill -9 at the fence, after it, and after the provider accepted: nothing is lost, nothing doubled."""

from datetime import datetime
from zoneinfo import ZoneInfo

import psutil
import pytest

from sms_service.store.blocks import release
from sms_service.use_cases.hold import hold
from sms_service.use_cases.points import POINTS

NEW_YORK = ZoneInfo("America/New_York")
VICTIMS = ("worker", "valkey", "postgres")


def stop_at(world, point):
    """Arm a point; returns a way to wait for a process to reach it."""
    for leftover in world.points.glob(f"{point}*"):
        leftover.unlink()
    (world.points / point).touch()
    reached = world.points / f"{point}.reached"
    return lambda: world.until(lambda: reached.exists() and reached.read_text())


@pytest.mark.parametrize("victim", VICTIMS)
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_loses_nothing_and_doubles_nothing(world, point, victim):
    year = world.new_year()
    number = 20 + POINTS.index(point) * len(VICTIMS) + VICTIMS.index(victim)
    phone, visit = f"+121255501{number}", f"kill-{point}-{victim}"
    now = datetime(year, 8, 2, 9, tzinfo=NEW_YORK)
    world.now(now)
    world.settle()
    wait = stop_at(world, point)

    # the welcome is due at once; whoever takes it stops at the point
    world.event("booked", visit, now, phone=phone, start=datetime(year, 8, 31, 14, tzinfo=NEW_YORK))
    pid = int(wait())
    if victim == "worker":
        psutil.Process(pid).kill()
    else:
        world.stack.supervisor.kill(victim)
    (world.points / f"{point}.go").touch()
    if victim != "worker":
        world.stack.supervisor.wait_ready(victim)

    world.until(lambda: [m for m in world.visit(visit)["messages"] if m["state"] == "delivered"])
    world.settle()
    assert len(world.texts(phone)) == 1, "the patient has exactly one welcome"


def test_a_provider_that_took_the_text_and_never_answered_does_not_get_it_twice(world):
    year = world.new_year()
    phone, now = "+12125550151", datetime(year, 8, 3, 9, tzinfo=NEW_YORK)
    world.now(now)
    world.settle()
    # it accepts, hangs beyond our timeout, and its receipts never come: only its list can tell
    world.faults(
        faults=[{"kind": "accept_then_hang", "on": "create", "to": phone, "times": 1}],
        receipts=[{"kind": "drop", "to": phone, "times": 10}],
    )
    world.event("booked", "hang", now, phone=phone, start=datetime(year, 8, 31, 15, tzinfo=NEW_YORK))
    message = world.until(
        lambda: [m for m in world.visit("hang")["messages"] if m["state"] in {"sent", "delivered"}]
    )[0]
    world.faults()
    assert len(world.texts(phone)) == 1
    url = f"{world.stack.web_url}/v1/messages/{message['id']}"
    attempts = world.http(url, headers={"X-API-Key": world.key})["attempts"]
    assert [attempt["state"] for attempt in attempts] == ["accepted"]


def test_a_hold_stops_a_text_that_is_already_due(world):
    year = world.new_year()
    phone, now = "+12125550152", datetime(year, 8, 4, 9, tzinfo=NEW_YORK)
    world.now(now)
    world.settle()
    hold(world.service, "all", 0, "test")
    world.event("booked", "held", now, phone=phone, start=datetime(year, 8, 31, 16, tzinfo=NEW_YORK))
    world.until(lambda: [m for m in world.visit("held")["messages"] if m["state"] == "ready"])
    assert world.texts(phone) == []
    with world.service.db.transaction([1]) as connection:
        release(connection, "all", 0)
    world.until(lambda: [m for m in world.visit("held")["messages"] if m["state"] == "delivered"])
    assert len(world.texts(phone)) == 1
