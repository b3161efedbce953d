"""Remove a data folder, with what root's servers keep outside of it."""

import shutil
from pathlib import Path

from sms_service.runtime.home import MADE_FOR
from sms_service.runtime.lock import exclusive


def forget(data: Path) -> None:
    """Delete the database, sockets, logs and state of a data folder; refuses while it is in use."""
    servers = data / "servers"
    if servers.is_dir():
        folder = servers.resolve()
        with exclusive(folder / "lock", data):
            if servers.is_symlink() and (folder / MADE_FOR).is_file():
                shutil.rmtree(folder)
    sockets = data / "sockets"
    if sockets.is_symlink() and sockets.resolve().name.startswith("sms-"):
        shutil.rmtree(sockets.resolve(), ignore_errors=True)
    shutil.rmtree(data, ignore_errors=True)
