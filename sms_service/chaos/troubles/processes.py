"""Kill and pause processes, at random and at named points of the path of a text."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time

from sms_service.chaos.troubles.hand import OURS, SENDERS, SERVERS, WORKERS, Hand
from sms_service.use_cases.points import POINTS, TRACE_LISTED

_POINT_PATIENCE_S = 4.0
#: Longer than a worker may wait between its fence and its call.
_TOO_LONG_S = 6.0


def kill_one(hand: Hand) -> None:
    """Kill -9 one process."""
    hand.kill(hand.chance.choice((*OURS, *WORKERS, *SERVERS)))


def kill_several(hand: Hand) -> None:
    """Kill -9 a handful at the same moment."""
    for name in hand.chance.sample((*OURS, *SERVERS), hand.chance.randint(3, 6)):
        hand.kill(name)


def kill_everything(hand: Hand) -> None:
    """Kill -9 all of it."""
    for name in (*OURS, *SERVERS):
        hand.kill(name)


def pause_one(hand: Hand) -> None:
    """Stop a process for a moment; it goes on as if nothing had been."""
    hand.pause(hand.chance.choice((*OURS, "postgres", "valkey")), hand.chance.uniform(0.3, 2.5))


def pause_a_sender_for_long(hand: Hand) -> None:
    """Stop a send worker for longer than a text may wait between its fence and its call."""
    hand.pause(hand.chance.choice(SENDERS), _TOO_LONG_S)


def at_a_point(hand: Hand) -> None:
    """Wait until a process comes to a named point of the path; kill or pause it there, or what it needs."""
    point = hand.chance.choice((*POINTS, *POINTS, TRACE_LISTED))
    what = hand.chance.choice(("it", "it", "it", "pause", "postgres", "valkey"))
    folder = hand.world.points
    armed, reached, go = (folder / point, folder / f"{point}.reached", folder / f"{point}.go")
    for leftover in (reached, go):
        leftover.unlink(missing_ok=True)
    armed.touch()
    if not hand.wait_for(lambda: reached.exists() and reached.read_text() != "", _POINT_PATIENCE_S):
        armed.unlink(missing_ok=True)
        go.touch()  # should it have come just now
        return
    pid = int(reached.read_text())
    hand.world.journal.add("at point", point=point, then=what)
    if what == "it":
        hand.signal_pid(pid, signal.SIGKILL, point)
    elif what == "pause":
        time.sleep(_TOO_LONG_S)
    else:
        hand.kill(what)
    go.touch()


def beat_twice(hand: Hand) -> None:
    """A second scheduler beside the first for a while, as after a careless deployment."""
    environment = dict(hand.world.stack.environment)
    environment["SMS_BEAT_FILE"] = str(hand.world.points / "second-beat")
    second = subprocess.Popen(
        [sys.executable, "-m", "sms_service.cli.app", "beat"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(hand.chance.uniform(3.0, 5.0))
    finally:
        second.kill()
        second.wait()


def full_disk(hand: Hand) -> None:
    """The log of a process lies on a full disk: every write fails, from its next start to the one after."""
    name = hand.chance.choice(OURS)
    log = hand.world.stack.supervisor.home.logs / f"{name}.log"
    kept = log.with_suffix(".kept")
    with contextlib.suppress(FileNotFoundError):
        shutil.move(log, kept)
    log.symlink_to("/dev/full")
    try:
        hand.kill(name)
        time.sleep(hand.chance.uniform(2.0, 4.0))
    finally:
        log.unlink(missing_ok=True)
        if kept.exists():
            os.replace(kept, log)  # noqa: PTH105 - one call, whole or not at all
        hand.kill(name)
