"""state.json: what runs here, for people and for the next start; holds no secrets."""

import contextlib
import json
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from sms_service.runtime.keeper import Keeper

_SAME_START = 1.0  # seconds by which two readings of a process's start may differ


def write_state(path: Path, *, started_at: datetime, keepers: Iterable[Keeper]) -> None:
    """Replace the file in one step, so that a reader sees the old or the new, never half."""
    state = {
        "supervisor": os.getpid(),
        "started_at": started_at.isoformat(),
        "children": {keeper.child.name: _entry(keeper) for keeper in keepers},
    }
    draft = path.with_name(f"{path.name}.new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(state, file, indent=2)
        file.write("\n")
    draft.replace(path)


def stop_strays(path: Path) -> None:
    """Kill children that outlived a supervisor which was itself killed, where the kernel did not."""
    try:
        children = json.loads(path.read_text())["children"].values()
    except (FileNotFoundError, ValueError, KeyError):
        return
    strays = [process for child in children for process in _still_alive(child)]
    for process in strays:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(strays, timeout=10)


def _entry(keeper: Keeper) -> dict[str, Any]:
    return {
        **keeper.child.shown,
        "pid": keeper.pid,
        "created": keeper.created,
        "started_at": keeper.started_at.isoformat() if keeper.started_at else None,
        "ready": keeper.ready,
        "restarts": keeper.exits,
        "log": str(keeper.log_file),
    }


def _still_alive(child: dict[str, Any]) -> list[psutil.Process]:
    if not child.get("pid"):
        return []
    try:
        process = psutil.Process(child["pid"])
        if abs(process.create_time() - (child.get("created") or 0)) > _SAME_START:
            return []  # the number belongs to somebody else by now
        return [*process.children(recursive=True), process]
    except psutil.NoSuchProcess:
        return []
