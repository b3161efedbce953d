"""What it costs to read an Appointment and its Patient from FHIR, beside fhir.resources in the same run.

    python benchmarks/intake_fhir.py [--rounds 7]

Each round measures everything once, one after the other, so that a noisy machine is noisy for all. Printed
are the medians over the rounds of the mean CPU time per call, the best round, and the ratio within the round.
The limit on a small machine: 0.2 ms from bytes to the canonical event. The peer only parses and validates; it
is left out where it is not installed (it is no dependency of ours).
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sms_service.intake.canonical import read_event
from sms_service.intake.fhir.reader import read_fhir
from sms_service.intake.profile import Profile

CALLS = 200
LIMIT = 200.0
OURS = "read_fhir: Appointment + Patient"
FOLDER = Path(__file__).parents[1] / "tests" / "samples" / "fhir"
#: A search's answer as US Core servers give it, and the barest that means the same.
FULL, BARE = "r4-searchset-like-us-core.json", "r4-collection-names-from-resources.json"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
PROFILE = Profile(zone="America/New_York", types={"tpi": "trigger_point_injection"})


def per_call(act: Callable[[], object]) -> float:
    """Mean microseconds of CPU of one call."""
    began = time.process_time()
    for _ in range(CALLS):
        act()
    return (time.process_time() - began) / CALLS * 1e6


def subjects() -> dict[str, Callable[[], object]]:
    """Everything that is measured."""
    full = (FOLDER / FULL).read_bytes()
    sample = json.loads((FOLDER / BARE).read_text(encoding="utf-8"))
    two = [each for each in sample["entry"] if each["resource"]["resourceType"] in {"Appointment", "Patient"}]
    bare = json.dumps(sample | {"entry": two}).encode()
    event = read_fhir(full, PROFILE, NOW).readings[0].event or {}
    found: dict[str, Callable[[], object]] = {
        OURS: lambda: read_fhir(full, PROFILE, NOW),
        "peer: json.loads, nothing more": lambda: json.loads(full),
        "read_fhir: the barest resources": lambda: read_fhir(bare, PROFILE, NOW),
        "then read_event, for every door": lambda: read_event(event, PROFILE, NOW),
    }
    try:
        from fhir.resources.R4B.bundle import Bundle  # noqa: PLC0415 - a peer that need not be there
    except ImportError:
        return found
    return found | {
        "peer: fhir.resources, parsing only": lambda: Bundle.model_validate_json(full),
        "peer: fhir.resources, the barest": lambda: Bundle.model_validate_json(bare),
    }


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    every = subjects()
    for act in every.values():
        act()
    rounds = [{name: per_call(act) for name, act in every.items()} for _ in range(options.rounds)]
    print(
        f"msgspec {version('msgspec')}, fhir.resources {_peer()}, {options.rounds} rounds of {CALLS} calls\n"
    )
    print("| what | µs, median | best round | limit | beside ours |")
    print("|---|---|---|---|---|")
    for name in every:
        times = [each[name] for each in rounds]
        ratio = statistics.median(each[name] / each[OURS] for each in rounds)
        limit = f"{LIMIT:g}" if name == OURS else ""
        print(f"| {name} | {statistics.median(times):.0f} | {min(times):.0f} | {limit} | {ratio:.2f} x |")


def _peer() -> str:
    try:
        return version("fhir.resources")
    except PackageNotFoundError:
        return "not installed"


if __name__ == "__main__":
    main()
