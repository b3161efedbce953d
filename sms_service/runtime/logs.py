"""The children's logs: appended by the children themselves, kept small by us."""

import os
import shutil
from pathlib import Path

_LARGEST_BYTES = 10 * 2**20
_TAIL_BYTES = 4096


def open_log(path: Path) -> int:
    """Open for appending, so that several processes may write and the file may be cut under them."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def cap(path: Path, largest: int = _LARGEST_BYTES) -> None:
    """Move a log that grew too large to NAME.log.1 and begin anew; a line written meanwhile may be lost."""
    if path.exists() and path.stat().st_size > largest:
        older = path.with_name(f"{path.name}.1")
        shutil.copyfile(path, older)
        older.chmod(0o600)
        os.truncate(path, 0)


def tail(path: Path, lines: int = 12) -> str:
    """Return the last lines of a log, for an error message."""
    if not path.exists():
        return ""
    with path.open("rb") as log:
        log.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        text = log.read().decode(errors="replace")
    return "\n".join(text.splitlines()[-lines:])
