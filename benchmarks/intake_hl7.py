"""What it costs to read an HL7 v2 scheduling message, beside published parsers in the same run.

    python benchmarks/intake_hl7.py [--rounds 5]

Each round measures everything once, one after the other, so that a noisy machine is noisy for all. Printed
are the medians over the rounds of the mean per call, their spread, and ratios within the round. The limits
on a small machine: 0.2 ms to parse, 0.4 ms from bytes to the canonical event. The peers, `hl7` and `hl7apy`,
are measured where they are installed; they parse only, so they have less to do.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from sms_service.intake.hl7.message import parse
from sms_service.intake.hl7.read import read_message
from sms_service.intake.outcome import outcome_of
from sms_service.intake.profile import profile_of

CALLS = 200
LIMITS = {"parse": 0.2, "event": 0.4}
SAMPLE = Path(__file__).parents[1] / "tests" / "samples" / "hl7v2" / "booked_251.hl7"
NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)
PROFILE = profile_of({"types": {"TPI": "trigger_point_injection"}}, "America/New_York")


def per_call(act: Callable[[], object]) -> float:
    """Mean milliseconds of the processor for one call: other processes on the machine do not count."""
    began = time.process_time()
    for _ in range(CALLS):
        act()
    return (time.process_time() - began) / CALLS * 1e3


def peers(raw: bytes) -> dict[str, Callable[[], object]]:
    """The published parsers that are installed."""
    text = raw.decode().replace("\n", "\r")
    found: dict[str, Callable[[], object]] = {}
    if find_spec("hl7"):
        hl7 = import_module("hl7")
        found["hl7"] = lambda: hl7.parse(text)
    if find_spec("hl7apy"):
        hl7apy = import_module("hl7apy.parser")
        found["hl7apy"] = lambda: hl7apy.parse_message(text, find_groups=False)
    return found


def subjects(raw: bytes) -> dict[str, Callable[[], object]]:
    """Everything that is measured."""
    return {
        "parse": lambda: parse(raw),
        "event": lambda: read_message(raw, PROFILE, NOW),
        "event, checked": lambda: outcome_of(read_message(raw, PROFILE, NOW), PROFILE, NOW),
        **peers(raw),
    }


def main() -> None:
    """Measure, print a table, and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    acts = subjects(SAMPLE.read_bytes())
    for act in acts.values():
        act()
    found = [{name: per_call(act) for name, act in acts.items()} for _ in range(rounds)]
    summary = {}
    for name in acts:
        times = [one[name] for one in found]
        ratio = statistics.median(one[name] / one["event"] for one in found)
        middle = statistics.median(times)
        spread = (max(times) - min(times)) / middle
        limit = f"limit {LIMITS[name]} ms" if name in LIMITS else ""
        print(f"{name:16}{middle:8.3f} ms  spread {spread:4.0%}  {ratio:5.2f} x event  {limit}")
        summary[name] = {"ms": round(middle, 4), "spread": round(spread, 2), "of_event": round(ratio, 2)}
    absent = sorted({"hl7", "hl7apy"} - set(acts))
    if absent:
        print(f"not installed, so not compared: {', '.join(absent)}")
    print(json.dumps({"rounds": rounds, "calls": CALLS, "results": summary, "absent": absent}))


if __name__ == "__main__":
    main()
