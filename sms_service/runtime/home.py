"""Where everything lies: one data folder, and for root a place beside it that the servers' user can reach.

DATA/logs, DATA/state.json      ours
DATA/servers/postgres           the database; for root, `servers` is a link to a short runtime folder
DATA/servers/run                sockets; where that path is too long, DATA/sockets links to a short one
"""

import os
import re
import secrets
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sms_service.runtime.errors import CannotStart, unusable
from sms_service.runtime.unprivileged import Account, can_traverse, give, owner_account, server_account

_LONGEST_SOCKET_PATH = 100  # Linux allows 107 bytes, macOS 103
_LONGEST_SOCKET_NAME = len("/.s.PGSQL.5432")
_LEAST_FREE_BYTES = 200 * 2**20
_RUNTIME_FOLDERS = (Path("/var/lib/sms-service"), Path("/var/tmp/sms-service"))  # noqa: S108 - checked below
_SHORT_FOLDERS = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - a random name of ours is made inside
_NEEDS_NO_QUOTES = re.compile(r"[\w/.+-]+", re.ASCII)  # in URLs and in the servers' settings
MADE_FOR = "made-for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The folders of one embedded run. `account` is None unless we are root."""

    data: Path
    servers: Path
    sockets: Path
    account: Account | None

    @property
    def logs(self) -> Path:
        """The folder of the children's logs."""
        return self.data / "logs"

    @property
    def state(self) -> Path:
        """The file that says what runs here."""
        return self.data / "state.json"


def open_home(data: Path) -> Home:
    """Make or find the folders for a data folder; raise `CannotStart` when that cannot be."""
    data = data.absolute()
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        (data / "logs").mkdir(mode=0o700, exist_ok=True)
        servers, account = _servers(data)
        if shutil.disk_usage(servers).free < _LEAST_FREE_BYTES:
            raise CannotStart(
                f"less than {_LEAST_FREE_BYTES >> 20} MiB are free on the disk of {servers}; "
                "free some space, or choose another data folder."
            )
        return Home(data=data, servers=servers, sockets=_sockets(data, servers, account), account=account)
    except OSError as error:
        raise unusable(data, error) from error


def runtime_folder(account: Account) -> Path:
    """Return root's folder for what the account must reach: SMS_RUNTIME_DIR, else a system folder."""
    chosen = os.environ.get("SMS_RUNTIME_DIR")
    for folder in (Path(chosen),) if chosen else _RUNTIME_FOLDERS:
        try:
            if not folder.exists():
                folder.mkdir()
                folder.chmod(0o711)
            facts = folder.lstat()
            # in a folder that all may write, somebody else could have put it there first
            if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != 0 or facts.st_mode & 0o022:
                continue
        except OSError:
            continue
        if can_traverse(folder, account):
            return folder.resolve()
    raise CannotStart(
        f"no folder was found in which user {account.name} can keep the servers' data; "
        "set SMS_RUNTIME_DIR to a short folder of root's that all users may pass through."
    )


def _servers(data: Path) -> tuple[Path, Account | None]:
    link = data / "servers"
    if link.exists():
        folder = link.resolve()
        return folder, owner_account(folder)
    if link.is_symlink():
        raise CannotStart(
            f"{link} points to {link.readlink()}, which is gone, and the database with it; "
            f"bring it back, or remove {data} to begin anew."
        )
    account = server_account()
    if account is None:
        link.mkdir(mode=0o700)
        return link.resolve(), None
    folder = runtime_folder(account) / secrets.token_hex(6)
    folder.mkdir(mode=0o700)
    (folder / MADE_FOR).write_text(f"{data}\n")
    give(folder, account)
    link.symlink_to(folder)
    return folder, account


def _sockets(data: Path, servers: Path, account: Account | None) -> Path:
    folder = servers / "run"
    is_short = len(os.fsencode(folder)) + _LONGEST_SOCKET_NAME < _LONGEST_SOCKET_PATH
    if is_short and _NEEDS_NO_QUOTES.fullmatch(str(folder)):
        folder.mkdir(mode=0o700, exist_ok=True)
        give(folder, account)
        return folder
    link = data / "sockets"
    owner = account.uid if account else os.geteuid()
    if link.is_dir() and link.stat().st_uid == owner:
        return link.resolve()
    link.unlink(missing_ok=True)
    for base in _SHORT_FOLDERS:
        if os.access(base, os.W_OK | os.X_OK):
            folder = Path(tempfile.mkdtemp(prefix="sms-", dir=base)).resolve()
            give(folder, account)
            link.symlink_to(folder)
            return folder
    raise CannotStart(
        f"the path of {data} is too long or too odd for sockets, and no short folder can be written."
    )
