"""What one supervised process is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals

from sms_service.runtime.unprivileged import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A process to keep running.

    `env` is its whole environment, None for our own. `before` runs ahead of every start. `ready` is asked
    from a thread of its own until it is true; it raises `CannotStart` when waiting is of no use. `sign` is
    asked about once a second: a value that differs from the last one says that the child lives, None that
    there is none; after `silence` seconds without one the child is killed and started again, and after four
    times as long when it was not even ready.
    Of children that all have to be started again, a `spare` one comes after the others of its wave are ready.
    `death_signal` is what the kernel sends when the supervisor dies, `grace` seconds lie between
    `stop_signal` and SIGKILL. `shown` goes to state.json, so it holds no secrets.
    """

    name: str
    argv: Sequence[str | Path]
    env: Mapping[str, str] | None = field(default=None, repr=False)
    cwd: Path | None = None
    ready: Callable[[], bool] | None = field(default=None, repr=False)
    before: Callable[[], None] | None = field(default=None, repr=False)
    sign: Callable[[], object] | None = field(default=None, repr=False)
    silence: float = 120.0
    spare: bool = False
    stop_signal: Signals = Signals.SIGTERM
    grace: float = 10.0
    death_signal: Signals = Signals.SIGKILL
    account: Account | None = None
    shown: Mapping[str, str | int] = field(default_factory=dict)
