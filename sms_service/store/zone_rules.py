"""Which edition of the world's zone rules this machine computes with."""

from __future__ import annotations

import re
import zoneinfo
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_VERSION = re.compile(r"^# version (\S+)")


def zone_rules() -> str:
    """The IANA release, e.g. `2026a`: of the system's files, which zoneinfo asks first, else of the package."""
    for folder in zoneinfo.TZPATH:
        file = Path(folder) / "tzdata.zi"
        if file.is_file():
            with file.open(encoding="utf-8") as lines:
                found = _VERSION.match(lines.readline())
            if found:
                return found.group(1)
    try:
        return version("tzdata")
    except PackageNotFoundError:
        return "unknown"
