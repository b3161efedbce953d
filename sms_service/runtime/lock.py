"""One supervisor per data folder, told by a lock that the kernel drops when its holder dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sms_service.runtime.errors import CannotStart, unusable


@contextmanager
def exclusive(path: Path, data: Path) -> Iterator[None]:
    """Hold the lock file at `path`; raise `CannotStart` when another process holds it."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unusable(path, error) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(handle, 32).decode(errors="replace").strip() or "unknown"
            raise CannotStart(
                f"{data} is in use by another run (process {holder}); "
                "stop that one first, or choose another data folder."
            ) from None
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(handle)
