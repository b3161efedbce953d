"""The user that the servers run as when we are root: `initdb` and `postgres` refuse root.

An existing user is taken; none is ever added, and no folder that is not ours is loosened.
"""

import os
import pwd
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sms_service.runtime.errors import CannotStart

_CANDIDATES = ("postgres", "nobody", "daemon")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user of this system, other than root."""

    name: str
    uid: int
    gid: int


def server_account(candidates: Iterable[str] = _CANDIDATES) -> Account | None:
    """Return the user to become, or None when we are an ordinary user already."""
    if os.geteuid() != 0:
        return None
    for name in candidates:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise CannotStart(
        f"the servers refuse to run as root, and none of the users {', '.join(candidates)} exists; "
        "run this as an ordinary user, or set DATABASE_URL and REDIS_URL."
    )


def owner_account(folder: Path) -> Account | None:
    """Return the owner of a folder that servers already use, so that it stays the owner."""
    uid = folder.stat().st_uid
    if os.geteuid() != 0 or uid == 0:
        return server_account()
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise CannotStart(
            f"{folder} belongs to user {uid}, who does not exist here; give it to a user who does."
        ) from None
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def can_traverse(folder: Path, account: Account) -> bool:
    """Whether the account may pass through the folder and everything above it."""
    folder = folder.resolve()
    return all(_may_execute(step, account) for step in (folder, *folder.parents))


def can_run(program: Path, account: Account) -> bool:
    """Whether the account may execute the program where it lies."""
    return can_traverse(program.parent, account) and _may_execute(program, account)


def give(path: Path, account: Account | None) -> None:
    """Make the account the owner of a path of ours; nothing to do for an ordinary user."""
    if account is not None:
        os.chown(path, account.uid, account.gid)


def _may_execute(path: Path, account: Account) -> bool:
    try:
        facts = path.stat()
    except OSError:
        return False
    if facts.st_uid == account.uid:
        bit = stat.S_IXUSR
    elif facts.st_gid in os.getgrouplist(account.name, account.gid):
        bit = stat.S_IXGRP
    else:
        bit = stat.S_IXOTH
    return bool(facts.st_mode & bit)
