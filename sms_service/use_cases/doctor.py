"""What an examination of the whole set-up finds: one sentence of what is, one of how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding. `cure` is empty where nothing is to be done; no secret and no patient's data is in it."""

    check: str
    level: Level
    says: str
    cure: str = ""


def ok(check: str, says: str) -> Finding:
    """All is well."""
    return Finding(check=check, level=Level.OK, says=says)


def warning(check: str, says: str, cure: str) -> Finding:
    """It works, and somebody should know."""
    return Finding(check=check, level=Level.WARNING, says=says, cure=cure)


def error(check: str, says: str, cure: str) -> Finding:
    """It does not work, or is not safe."""
    return Finding(check=check, level=Level.ERROR, says=says, cure=cure)
