"""Keeps one child running: starts it, waits until it is ready, starts it again when it ends, stops it."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil

from sms_service.runtime import launch
from sms_service.runtime.child import Child
from sms_service.runtime.errors import CannotStart
from sms_service.runtime.logs import open_log
from sms_service.runtime.silence import Silence

_FIRST_DELAY = 0.2
_LONGEST_DELAY = 10.0
_HEALTHY_AFTER = 30.0
_FIRST_POLL, _LONGEST_POLL = 0.02, 0.1
_HOPELESS_AFTER = 3  # ends before it was ever ready
_LONGEST_LOOK = 5.0
_WHILE_STARTING = 4  # times the silence that is allowed later
_LONGEST_WAIT = 10.0  # for those that have to be ready first; then it is tried all the same

log = logging.getLogger(__name__)


class Keeper:
    """One child and the thread that watches it.

    The thread starts every incarnation itself and outlives it, because the kernel's death signal
    follows the thread that started a process. `changed` is called after every change that shows here.
    Before another incarnation is started `ahead` is asked whether those are ready without which it would
    only fail, or take the processor from them.
    """

    def __init__(
        self,
        child: Child,
        log_file: Path,
        changed: Callable[[], None],
        ahead: Callable[[], bool] = lambda: True,
    ) -> None:
        self.child = child
        self.log_file = log_file
        self.ready = False
        self.ever_ready = False
        self.exits = 0
        self.failure = ""
        self._given_up = False
        self._was_killed = False
        self._silent_for: float | None = None
        self._silence = Silence(longest_look=_LONGEST_LOOK)
        self._watched: subprocess.Popen[bytes] | None = None
        self.started_at: datetime | None = None
        self.created: float | None = None
        self._family: list[psutil.Process] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._changed = changed
        self._ahead = ahead
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"keeper of {child.name}", daemon=True)

    def start(self) -> None:
        """Begin to keep the child running; return at once."""
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """The process id, None while it is down."""
        process = self._process
        return process.pid if process else None

    @property
    def is_hopeless(self) -> bool:
        """Whether it was never ready and waiting longer is of no use."""
        return not self.ever_ready and (self._given_up or self.exits >= _HOPELESS_AFTER)

    def look_for_sign(self) -> None:
        """Kill the child, with its group, once it gave no sign of life for longer than it may."""
        process = self._process
        if self.child.sign is None or process is None:
            return
        if process is not self._watched:
            self._watched, self._silence = process, Silence(longest_look=_LONGEST_LOOK)
        silent = self._silence.look(self._sign(), time.monotonic())
        if silent <= self.child.silence * (1 if self.ready else _WHILE_STARTING):
            return
        with self._lock:
            if self._process is process and not self._stopping.is_set():
                self._silent_for = silent
                _kill_group(process.pid)  # SIGKILL also ends what SIGSTOP holds

    def request_stop(self) -> None:
        """Ask the child to end, and start it no more."""
        with self._lock:
            self._stopping.set()
            if self._process is not None:
                self._family = _descendants(self._process.pid)
                _signal(self._process.pid, self.child.stop_signal)

    def await_stop(self, hurry: threading.Event) -> None:
        """Wait for the end of the child as long as its grace lasts, then kill it and its descendants."""
        deadline = time.monotonic() + self.child.grace
        while self._thread.is_alive() and time.monotonic() < deadline and not hurry.is_set():
            self._thread.join(0.05)
        if self._thread.is_alive() and (pid := self.pid):
            log.warning("%s did not stop within %s s and is killed", self.child.name, self.child.grace)
            _kill_group(pid)
        for process in self._family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        if self._thread.ident is not None:
            self._thread.join()

    def _keep(self) -> None:
        delay = _FIRST_DELAY
        while not self._stopping.is_set():
            began = time.monotonic()
            self._run_once()
            # whoever kills a process that worked must not make the next one late; what ends by itself may be
            # broken
            if time.monotonic() - began >= _HEALTHY_AFTER or self._was_killed:
                delay = _FIRST_DELAY
            self._stopping.wait(delay)
            self._await_those_ahead()
            delay = min(2 * delay, _LONGEST_DELAY)

    def _await_those_ahead(self) -> None:
        deadline = time.monotonic() + _LONGEST_WAIT
        while time.monotonic() < deadline and not self._stopping.is_set() and not self._ahead():
            self._stopping.wait(_LONGEST_POLL)

    def _run_once(self) -> None:
        try:
            self._was_killed, self._silent_for = False, None
            process = self._start()
        except (OSError, psutil.Error, CannotStart) as error:
            self.failure = str(error)
            self.exits += 1
            self._given_up = isinstance(error, CannotStart)
            self._changed()
            return
        if process is None:
            return
        self._await_ready(process)
        code = process.wait()
        self._was_killed = self.ready and code == -signal.SIGKILL
        _kill_group(process.pid)  # what it may have left behind
        with self._lock:
            self._process = None
        self.ready = False
        if not self._stopping.is_set():
            self.exits += 1
            silent = self._silent_for
            ending = (
                _ending(code) if silent is None else f"no sign of life for {silent:.0f} s, so it was killed"
            )
            self.failure = self.failure if self._given_up else ending
            log.warning("%s ended: %s; starting it again", self.child.name, ending)
        self._changed()

    def _start(self) -> subprocess.Popen[bytes] | None:
        child = self.child
        if child.before is not None:
            child.before()
        user = child.account
        identity = (user.name, str(user.uid), str(user.gid)) if user else ("-", "0", "0")
        head = (sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), str(int(child.death_signal)))
        output = open_log(self.log_file)
        try:
            with self._lock:
                if self._stopping.is_set():
                    return None
                process = subprocess.Popen(  # noqa: S603 - the argv is the caller's
                    [*head, *identity, *child.argv],
                    env=child.env,
                    cwd=child.cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,  # Ctrl-C is for us; a group of its own to kill
                )
                self._process = process
        finally:
            os.close(output)
        self.started_at = datetime.now(UTC)
        with contextlib.suppress(psutil.NoSuchProcess):  # it may be a zombie already
            self.created = psutil.Process(process.pid).create_time()
        self._changed()
        return process

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        pause = _FIRST_POLL
        while process.poll() is None and not self._stopping.is_set():
            if self._is_ready():
                self.failure = ""
                self.ready = self.ever_ready = True
                self._changed()
                return
            self._stopping.wait(pause)
            pause = min(1.5 * pause, _LONGEST_POLL)

    def _sign(self) -> object:
        try:
            return self.child.sign() if self.child.sign else None
        except Exception as error:  # noqa: BLE001 - a broken check is no sign, and must not end the watch
            log.warning("%s: its sign of life cannot be read: %s", self.child.name, error)
            return None

    def _is_ready(self) -> bool:
        if self.child.ready is None:
            return True
        try:
            return self.child.ready()
        except Exception as error:  # noqa: BLE001 - a broken check must not leave the child unwatched
            failure = str(error) if isinstance(error, CannotStart) else f"{type(error).__name__}: {error}"
            if failure != self.failure:
                self.failure, self._given_up = failure, isinstance(error, CannotStart)
                self._changed()
            return False


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"


def _descendants(pid: int | None) -> list[psutil.Process]:
    if pid is None:
        return []
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
