"""Copy a running database the low-level way, and put the copy back: what an operator does after a disaster.

The steps are those of PostgreSQL's manual, "Making a Base Backup Using the Low Level API" and "Recovering
Using a Continuous Archive Backup"; there is no archive here, so the copy carries the WAL it needs.
"""

import shutil
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import psycopg

from sms_service.runtime.cluster import SUPERUSER, make_startable, superuser_password
from sms_service.runtime.errors import CannotStart
from sms_service.runtime.home import Home, open_home
from sms_service.runtime.lock import exclusive
from sms_service.runtime.unprivileged import give

_DATABASE = "postgres"  # both the server's folder and the database that every cluster has
#: Their content belongs to one life of a server; the manual says to leave it out. The folders must be there.
_EMPTY = (
    "pg_wal",
    "pg_replslot",
    "pg_dynshmem",
    "pg_notify",
    "pg_serial",
    "pg_snapshots",
    "pg_stat_tmp",
    "pg_subtrans",
)
_LEFT_OUT = (
    "postmaster.pid",
    "postmaster.opts",
    "backup_label",
    "tablespace_map",
    "pg_internal.init*",
    "pgsql_tmp*",
)
#: `false` finds nothing in an archive, so recovery ends where the copied WAL ends, and a new timeline begins.
#: Nobody may read before that: a read-only server would look like one that is ready.
_RECOVERY = "\nrestore_command = 'false'\nhot_standby = off\n"


def take_snapshot(home: Home, folder: Path) -> datetime:
    """Copy the running database of a data folder into `folder`, which must not exist; its writers go on.

    Returns an instant (UTC) before which everything that was committed is in the copy: what
    `sms-service reconcile --since` wants to know once the copy was put back.
    """
    source = home.servers / _DATABASE
    password = superuser_password(home, source)
    with psycopg.connect(
        host=str(home.sockets), user=SUPERUSER, password=password, dbname=_DATABASE, autocommit=True
    ) as session:
        # a checkpoint during the copy must not recycle the WAL that the copy will need
        session.execute("SELECT pg_create_physical_replication_slot('snapshot', true, true)")
        session.execute("SELECT pg_backup_start('snapshot', fast => true)")
        at = datetime.now(UTC)
        shutil.copytree(
            source, folder, symlinks=True, copy_function=_copy, ignore=shutil.ignore_patterns(*_LEFT_OUT)
        )
        for name in _EMPTY:
            shutil.rmtree(folder / name, ignore_errors=True)
            (folder / name).mkdir(mode=0o700)
        row = session.execute(
            "SELECT labelfile, spcmapfile FROM pg_backup_stop(wait_for_archive => false)"
        ).fetchone()
        label, tablespaces = cast("tuple[str, str]", row)
        for segment in (source / "pg_wal").iterdir():
            if segment.is_file():
                _copy(str(segment), str(folder / "pg_wal" / segment.name))
        (folder / "pg_wal" / "archive_status").mkdir(mode=0o700)
    (folder / "backup_label").write_text(label)
    if tablespaces:
        (folder / "tablespace_map").write_text(tablespaces)
    return at


def put_back(data: Path, folder: Path) -> None:
    """Replace the database of a data folder that nobody uses by a copy that `take_snapshot` made.

    The next start recovers it and begins a new timeline. What else lies in the data folder stays. The copy is
    only read. Raises `CannotStart` when the data folder is in use or the copy is none.
    """
    if not (folder / "backup_label").is_file():
        raise CannotStart(f"{folder} holds no snapshot; name the folder that one was taken into.")
    home = open_home(data)
    target = home.servers / _DATABASE
    with exclusive(home.servers / "lock", home.data):
        make_startable(target, home.sockets)
        shutil.rmtree(target)
        shutil.copytree(folder, target, symlinks=True)
        with (target / "postgresql.auto.conf").open("a") as settings:
            settings.write(_RECOVERY)
        (target / "recovery.signal").touch()
        for path in (target, *target.rglob("*")):
            give(path, home.account)


def _copy(source: str, target: str) -> None:
    with suppress(FileNotFoundError):  # a running server removes files; recovery does without what is gone
        shutil.copy2(source, target)
