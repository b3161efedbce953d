"""Texts per second: our tick and send workers beside one Celery task for each text, on the same fast stub.

    python benchmarks/send.py [--texts 5000] [--rounds 3] [--workers 2] …

Rounds alternate and their medians are compared. Ours runs from the moment the texts become due until every
outcome is committed; theirs, and the wire, until the stub has the last text. A round in which a text is
missing or doubled fails the run. Everything lives in a temporary folder that is removed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from patients import LANGUAGES, Patients
from processes import one_task_each, our_processes, rest_of_the_machine
from report import environment, show
from testbed import HERE, Bed, testbed
from words import number, words

from sms_service.runtime import forget

_WARM_UP = 400
_POLL_S = 0.005
_PATIENCE_S = 120.0


def main() -> None:
    """Run, and print a table and one JSON line."""
    args = _arguments()
    began = time.monotonic()
    data = Path(tempfile.mkdtemp(prefix="bench-send-"))
    rates: dict[str, list[float]] = {"ours": [], "one task each": [], "wire": []}
    try:
        with (
            rest_of_the_machine() as divided,
            testbed(data, tick_s=args.tick, in_flight=args.in_flight, delay_ms=args.delay_ms) as bed,
        ):
            patients = Patients(bed)
            own_core = divided and args.workers == 1
            facts = environment(bed, vars(args), own_core=own_core)
            sides: list[tuple[str, Callable[[], float]]] = [
                ("ours", lambda: _ours(bed, patients, args, own_core=own_core)),
                ("one task each", lambda: _theirs(bed, args)),
            ]
            for turn in range(args.rounds):
                for name, side in sides[:: -1 if turn % 2 else 1]:
                    rates[name].append(args.texts / side())
                rates["wire"].append(args.texts / _wire(bed, args))
    finally:
        for part in ("ours", "theirs", "servers-of-all"):
            forget(data / part)
        forget(data)
    show(rates, facts, seconds=time.monotonic() - began)


def _ours(bed: Bed, patients: Patients, args: argparse.Namespace, *, own_core: bool) -> float:
    with our_processes(bed, workers=args.workers, own_core=own_core):
        seconds = 0.0
        for count in (_WARM_UP, args.texts):
            bed.ask("/reset", b"")
            patients.fill(count)
            began = time.monotonic()
            patients.release()
            _await(bed, count, lambda: str(patients.states()))
            deadline = time.monotonic() + _PATIENCE_S
            while patients.unsettled():
                if time.monotonic() > deadline:
                    raise SystemExit(f"outcomes are missing: {patients.states()}")
                time.sleep(_POLL_S)
            seconds = time.monotonic() - began
            _verify(bed, count)
        return seconds


def _theirs(bed: Bed, args: argparse.Namespace) -> float:
    from one_task_each import app, text  # noqa: PLC0415 - the broker is known only now

    app.conf.broker_url = bed.environment["REDIS_URL"]
    with one_task_each(bed, processes=args.processes, prefetch=args.prefetch):
        seconds = 0.0
        for count in (_WARM_UP, args.texts):
            bed.ask("/reset", b"")
            began = time.monotonic()
            for n in range(count):
                text.delay(number(n), words(n))
            _await(bed, count, lambda: "one task each")
            seconds = bed.ask("/count")["last"] - began
            _verify(bed, count, words)
        return seconds


def _wire(bed: Bed, args: argparse.Namespace) -> float:
    bed.ask("/reset", b"")
    url = f"{bed.stub_url}/2010-04-01/Accounts/AC/Messages.json"
    command: list[str | Path] = [sys.executable, HERE / "wire.py", url, str(args.texts), str(args.in_flight)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    _verify(bed, args.texts, words)
    return float(done.stdout)


def _await(bed: Bed, count: int, explain: Callable[[], str]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while bed.ask("/count")["count"] < count:
        if time.monotonic() > deadline:
            raise SystemExit(f"{bed.ask('/count')['count']} of {count} texts arrived: {explain()}")
        time.sleep(4 * _POLL_S)


def _verify(bed: Bed, count: int, body: Callable[[int], str] | None = None) -> None:
    """Each number got exactly one text, with the words meant for it where they are known."""
    arrived: list[list[Any]] = bed.ask("/texts")
    phones = {to for to, _ in arrived}
    if len(arrived) != count or phones != {number(n) for n in range(count)}:
        raise SystemExit(f"{count} texts were due; {len(arrived)} arrived, on {len(phones)} phones")
    wordings = {said for _, said in arrived}
    if len(wordings) != len(LANGUAGES) if body is None else wordings != {body(n) for n in range(count)}:
        raise SystemExit(f"texts arrived with other words: {len(wordings)} wordings")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Texts per second, ours beside one Celery task each.")
    parser.add_argument("--texts", type=int, default=5000, help="due at once, each to another number")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--workers", type=int, default=2, help="our send workers; a single one has a core of its own"
    )
    parser.add_argument("--tick", type=float, default=1.0, help="seconds between our ticks")
    parser.add_argument("--in-flight", type=int, default=50, help="our calls at once, for each worker")
    parser.add_argument("--processes", type=int, default=8, help="of the prefork pool of one task each")
    parser.add_argument("--prefetch", type=int, default=16, help="its prefetch multiplier")
    parser.add_argument("--delay-ms", type=float, default=0, help="how long the provider takes to answer")
    return parser.parse_args()


if __name__ == "__main__":
    main()
