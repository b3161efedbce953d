"""A PostgreSQL database folder: made once, and made startable after anything was killed."""

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

from sms_service.runtime import launch
from sms_service.runtime.errors import CannotStart, unusable
from sms_service.runtime.home import Home
from sms_service.runtime.unprivileged import Account, give

SUPERUSER = "postgres"
_BUILTIN_LOCALE_SINCE = 17
_ORPHANS_MAY_TAKE = 5.0


def superuser_password(home: Home, folder: Path) -> str:
    """Return the superuser's password, kept in a private file of ours; made before the database is."""
    file = home.data / f"{folder.name}.password"
    if file.exists():
        return file.read_text().strip()
    if folder.exists():
        raise CannotStart(
            f"{file} is gone, and without it the database in {folder} cannot be entered; "
            f"bring it back, or remove {home.data} to begin anew."
        )
    password = secrets.token_urlsafe(24)
    draft = file.with_name(f"{file.name}.new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as content:
        content.write(f"{password}\n")
        content.flush()
        os.fsync(content.fileno())
    draft.replace(file)
    return password


def make_cluster(programs: Path, major: int, folder: Path, password: str, account: Account | None) -> None:
    """Run initdb into a draft and rename it, so that a half-made database is never found."""
    draft = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        with tempfile.NamedTemporaryFile("w", dir=folder.parent, prefix="word-") as word:
            word.write(f"{password}\n")
            word.flush()
            give(Path(word.name), account)
            for locale in _locales(major):
                said = _initdb(programs, draft, locale, Path(word.name), account)
                if not said:
                    break
            else:
                remedy = " The disk is full: free some space." if "No space left" in said else ""
                raise CannotStart(
                    f"no database could be made in {folder.parent}.{remedy} initdb said:\n{said}"
                )
        draft.rename(folder)
    except OSError as error:
        raise unusable(folder, error) from error


def make_startable(folder: Path, sockets: Path) -> None:
    """Clear what a killed server left: its last processes, and lock files whose number may be another's now.

    Only the holder of the data folder's lock calls this, so any server in the folder is a leftover.
    """
    pid_file = folder / "postmaster.pid"
    if not pid_file.exists():
        return
    left = [process for process in psutil.process_iter() if _works_in(process, folder)]
    with contextlib.suppress(psutil.NoSuchProcess, FileNotFoundError, ValueError):
        first = psutil.Process(int(pid_file.read_text().split()[0]))
        if first in left:
            first.kill()
    # without their parent the others end by themselves
    for process in psutil.wait_procs(left, timeout=_ORPHANS_MAY_TAKE)[1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    pid_file.unlink(missing_ok=True)
    for lock in sockets.glob(".s.PGSQL.*.lock"):
        lock.unlink(missing_ok=True)


def _locales(major: int) -> list[list[str]]:
    # byte order for sorting, Unicode for lower(); not every system has C.UTF-8 where PostgreSQL brings none
    if major >= _BUILTIN_LOCALE_SINCE:
        return [["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]]
    return [["--locale=C.UTF-8"], ["--locale=C"]]


def _initdb(programs: Path, draft: Path, locale: list[str], word: Path, account: Account | None) -> str:
    identity = [account.name, str(account.uid), str(account.gid)] if account else ["-", "0", "0"]
    done = subprocess.run(  # noqa: S603 - the program was found by us
        [
            *(sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), "9", *identity),
            *(programs / "initdb", "-D", draft, "-U", SUPERUSER, f"--pwfile={word}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--data-checksums", "--no-instructions", *locale),
        ],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        cwd=draft.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return ""
    shutil.rmtree(draft, ignore_errors=True)
    return (done.stderr or done.stdout).strip() or f"exit code {done.returncode}"


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return bool(process.name().startswith("postgres") and process.cwd() == str(folder))
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
