"""Both kinds of workers, and the cores they run on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from testbed import HERE, Bed

from sms_service.runtime import Child, Supervisor

_CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []


@contextmanager
def our_processes(bed: Bed, *, workers: int, own_core: bool) -> Iterator[None]:
    """Beat, the tick's worker and the send workers, as `sms-service up` starts them."""
    with Supervisor(bed.data / "ours") as supervisor:
        beat = _celery(bed, "beat", ["-m", "sms_service.cli.app", "beat"], mark="SMS_BEAT_FILE")
        supervisor.start(_worker(bed, "tick", "tick"), beat)
        with cores(_CORES[:1] if own_core else _CORES):
            supervisor.start(*(_worker(bed, "send", f"send-{n}") for n in range(1, workers + 1)))
        yield


@contextmanager
def one_task_each(bed: Bed, *, processes: int, prefetch: int) -> Iterator[None]:
    """The prefork worker of the usual way, on every core."""
    arguments = ["-m", "celery", "-q", "-A", "one_task_each", "worker", "-P", "prefork", "-c", str(processes)]
    arguments += ["--prefetch-multiplier", str(prefetch), "--without-gossip", "--without-mingle"]
    with Supervisor(bed.data / "theirs") as supervisor, cores(_CORES):
        supervisor.start(_celery(bed, "one-task-each", arguments, cwd=HERE))
        yield


@contextmanager
def rest_of_the_machine() -> Iterator[bool]:
    """Keep all that starts in here, unless said otherwise, off the first core; False where that cannot be."""
    with cores(_CORES[1:]):
        yield len(_CORES) > 1


@contextmanager
def cores(chosen: Sequence[int]) -> Iterator[None]:
    """Start processes on some cores: they and their threads inherit it from this thread."""
    if not chosen:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, chosen)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _worker(bed: Bed, queue: str, name: str) -> Child:
    return _celery(
        bed, name, ["-m", "sms_service.cli.app", "worker", "--queue", queue, "--name", name], cwd=HERE.parent
    )


def _celery(
    bed: Bed, name: str, arguments: list[str], *, mark: str = "SMS_READY_FILE", cwd: Path | None = None
) -> Child:
    file = bed.data / f"{name}.ready"
    return Child(
        name=name,
        argv=[sys.executable, *arguments],
        env=dict(bed.environment) | {mark: str(file)},
        cwd=cwd or HERE.parent,
        before=lambda: file.unlink(missing_ok=True),
        ready=file.exists,
        grace=20.0,
    )
