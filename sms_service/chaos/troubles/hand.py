"""What every trouble works with: the world, a seeded chance, and signals to processes by pid."""

from __future__ import annotations

import contextlib
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from signal import SIGCONT, SIGKILL, SIGSTOP, Signals

from sms_service.chaos.world import World

SENDERS = ("send-1", "send-2", "send-3")
WORKERS = ("tick", *SENDERS, "housekeeping")
OURS = ("web", "web-2", "beat", *WORKERS)
SERVERS = ("postgres", "valkey", "sandbox")


@dataclass(kw_only=True)
class Hand:
    """The hand that makes trouble. `kills` counts the processes that it killed."""

    world: World
    chance: random.Random
    kills: int = 0
    forged: list[int] = field(default_factory=list)

    def kill(self, name: str) -> bool:
        """SIGKILL a process; whether there was one."""
        return self.signal(name, SIGKILL)

    def signal(self, name: str, number: Signals) -> bool:
        """Send a signal to a process of the system by its name; whether there was one."""
        try:
            pid = self.world.stack.supervisor.pid(name)
        except ProcessLookupError:
            return False
        return self.signal_pid(pid, number, name)

    def signal_pid(self, pid: int, number: Signals, name: str) -> bool:
        """Send a signal to a pid; whether it was there."""
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return False
        self.kills += number == SIGKILL
        if number == SIGKILL:
            self.world.journal.add("killed", name=name, pid=pid)
        return True

    def pause(self, name: str, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after a while: the same process, that never knows of it."""
        try:
            pid = self.world.stack.supervisor.pid(name)
        except ProcessLookupError:
            return
        self.pause_pid(pid, name, seconds)

    def pause_pid(self, pid: int, name: str, seconds: float) -> None:
        """The same, by pid."""
        if self.signal_pid(pid, SIGSTOP, name):
            try:
                time.sleep(seconds)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, SIGCONT)

    def wait_for(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is so; whether it came to it."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True
