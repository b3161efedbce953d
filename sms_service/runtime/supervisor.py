"""Runs the processes of the service and keeps them running until told to stop."""

import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from sms_service.runtime.child import Child
from sms_service.runtime.errors import CannotStart
from sms_service.runtime.home import Home, open_home
from sms_service.runtime.keeper import Keeper
from sms_service.runtime.lock import exclusive
from sms_service.runtime.logs import cap, tail
from sms_service.runtime.state import stop_strays, write_state

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LOG_CHECK = 1.0
_SIGN_CHECK = 1.0
_SLICE = 0.5  # a signal that another thread received is handled when the main thread next wakes

log = logging.getLogger(__name__)


class Supervisor:
    """A context manager over one data folder; leaving it stops everything.

    `start` starts a wave of children together and waits for them; waves stop in reverse. What has to be
    started again waits for the waves before its own. SIGINT, SIGTERM and
    SIGHUP end `run_until_signal` and are a KeyboardInterrupt anywhere else in the block; a second one cuts
    the grace of those still stopping.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._home: Home | None = None
        self._waves: list[list[Keeper]] = []
        self._keepers: dict[str, Keeper] = {}
        self._changes = threading.Condition()
        self._done = threading.Event()
        self._hurry = threading.Event()
        self._signal: signal.Signals | None = None
        self._started_at = datetime.now(UTC)
        self._exit = contextlib.ExitStack()

    @property
    def home(self) -> Home:
        """The folders of this run."""
        if self._home is None:
            raise RuntimeError("a Supervisor is used in a with statement")
        return self._home

    def __enter__(self) -> Self:
        home = self._home = open_home(self._data_dir)
        with contextlib.ExitStack() as undo:
            undo.enter_context(exclusive(home.servers / "lock", home.data))
            stop_strays(home.state)
            self._listen(undo)
            self._exit = undo.pop_all()
        threading.Thread(target=self._watch_logs, name="logs", daemon=True).start()
        threading.Thread(target=self._watch_signs, name="signs of life", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._exit:
            self.stop()

    def start(self, *children: Child, timeout: float = 60.0) -> None:
        """Start children together, return when all are ready; raise `CannotStart` when one never is."""
        before = [keeper for wave in self._waves for keeper in wave]
        wave: list[Keeper] = []
        self._waves.append(wave)
        for child in children:
            if child.name in self._keepers:
                raise ValueError(f"a child named {child.name} runs already")
            keeper = Keeper(
                child,
                self.home.logs / f"{child.name}.log",
                self._note_change,
                _ready_ahead(child, before, wave),
            )
            with self._changes:
                self._keepers[child.name] = keeper
            wave.append(keeper)  # before it starts, so that an interrupt cannot lose it
            keeper.start()
        for child in children:
            self.wait_ready(child.name, timeout=timeout)

    def stop(self) -> None:
        """Stop every wave, the last first; a child that outstays its grace is killed with its group."""
        self._done.set()
        while self._waves:
            wave = self._waves.pop()
            for keeper in wave:
                keeper.request_stop()
            for keeper in wave:
                keeper.await_stop(self._hurry)
        if self._home is not None:
            self._note_change()

    def run_until_signal(self) -> signal.Signals:
        """Wait for SIGINT, SIGTERM or SIGHUP and return it."""
        with contextlib.suppress(KeyboardInterrupt):
            while self._signal is None and not self._done.wait(_SLICE):
                pass
        return self._signal or signal.SIGINT

    def wait_ready(self, name: str, *, timeout: float = 60.0) -> None:
        """Return when the child runs and is ready; raise `CannotStart` with the end of its log otherwise."""
        keeper = self._keepers[name]
        self._wait(lambda: keeper.ready or keeper.is_hopeless, timeout)
        if not keeper.ready:
            why = keeper.failure or f"it was not ready after {timeout:g} s"
            end = tail(keeper.log_file)
            raise CannotStart(
                f"{name} does not start: {why}. Its log is {keeper.log_file}" + (f":\n{end}" if end else ".")
            )

    def pid(self, name: str) -> int:
        """Return the child's process id; raise `ProcessLookupError` while it is down."""
        pid = self._keepers[name].pid
        if pid is None:
            raise ProcessLookupError(f"{name} is not running")
        return pid

    def restarts(self, name: str) -> int:
        """How many times the child has ended without being told to."""
        return self._keepers[name].exits

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to the child; after SIGKILL, return once its end was noticed."""
        keeper, pid = self._keepers[name], self.pid(name)
        os.kill(pid, number)
        if number == signal.SIGKILL:
            self._wait(lambda: keeper.pid != pid, timeout=10)

    def _wait(self, condition: Callable[[], bool], timeout: float) -> None:
        deadline = time.monotonic() + timeout
        with self._changes:
            while not condition() and (left := deadline - time.monotonic()) > 0:
                self._changes.wait(min(left, _SLICE))

    def _note_change(self) -> None:
        with self._changes:
            try:
                write_state(self.home.state, started_at=self._started_at, keepers=self._keepers.values())
            except OSError as error:  # a full disk must not stop the watching
                log.warning("%s cannot be written: %s", self.home.state, error)
            self._changes.notify_all()

    def _watch_logs(self) -> None:
        while not self._done.wait(_LOG_CHECK):
            for keeper in tuple(self._keepers.values()):
                try:
                    cap(keeper.log_file)
                except OSError as error:
                    log.warning("%s cannot be cut: %s", keeper.log_file, error)

    def _watch_signs(self) -> None:
        while not self._done.wait(_SIGN_CHECK):
            for keeper in tuple(self._keepers.values()):
                keeper.look_for_sign()

    def _listen(self, undo: contextlib.ExitStack) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in _STOP_SIGNALS:
                undo.callback(signal.signal, number, signal.signal(number, self._on_signal))

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self._signal is not None or self._done.is_set():
            self._hurry.set()
            return
        self._signal = signal.Signals(number)
        raise KeyboardInterrupt


def _ready_ahead(child: Child, before: list[Keeper], wave: list[Keeper]) -> Callable[[], bool]:
    """Whether all are ready that a child starts again after."""
    return lambda: all(
        keeper.ready for keeper in (*before, *((k for k in wave if not k.child.spare) if child.spare else ()))
    )
