"""How long the page behind the link takes, at 200 requests a second, beside the same server's floor.

    python benchmarks/leaflet.py [--rate 200] [--seconds 6] [--rounds 7] [--visits 300]

The web process, PostgreSQL and the pages are the real ones; each request is for another visit, in any of the
languages. In every round the same server first answers `/healthz` at the same rate, which asks nobody: what
is left between the two is ours. A request is timed from the moment at which it was due, so that one that had
to wait for the one before it is not counted as quick. Anything but a 200 fails the run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path

import aiohttp
import sqlalchemy as sa
from testbed import HERE, Bed, testbed

from sms_service.cli.embedded import answers
from sms_service.runtime import Child, Supervisor, forget, free_port
from sms_service.settings import load_settings, psycopg_url
from sms_service.store.tenants import Caller
from sms_service.use_cases.book import book
from sms_service.use_cases.service import Service
from sms_service.use_cases.set_up import SetUp, set_up
from sms_service.wiring import make_service

LIMIT_MS = 50.0
_CLINIC = {
    "sender": {"name": "bench", "address": "+15005550006"},
    "clinic": {
        "slug": "bench",
        "name": "Riverside Pain Clinic",
        "program": "Injection Guide",
        "phone": "(555) 010-2000",
        "zone": "America/New_York",
        "addresses": {"": "12 River Street, Springfield"},
    },
    "feed": {"name": "main", "country": "US", "types": {"TPI": "trigger_point_injection"}},
}


def main() -> None:
    """Run, and print a table and one JSON line."""
    args = _arguments()
    data = Path(tempfile.mkdtemp(prefix="bench-leaflet-"))
    found: dict[str, list[list[float]]] = {"/healthz": [], "/l/{token}": []}
    sizes: list[int] = []
    try:
        with testbed(data, tick_s=1.0, in_flight=1, delay_ms=0.0) as bed:
            links = _links(bed, args.visits)
            with Supervisor(data / "ours") as supervisor:
                url = _web(bed, supervisor)
                asyncio.run(_run(url, cycle(links).__next__, args.rate, 3.0, []))  # warm
                for _ in range(args.rounds):
                    floor = lambda: "/healthz"  # noqa: E731 - a source of paths
                    found["/healthz"].append(asyncio.run(_run(url, floor, args.rate, args.seconds, [])))
                    found["/l/{token}"].append(
                        asyncio.run(_run(url, cycle(links).__next__, args.rate, args.seconds, sizes))
                    )
    finally:
        for part in ("ours", "servers-of-all"):
            forget(data / part)
        forget(data)
    _show(found, args, max(sizes))


def _links(bed: Bed, visits: int) -> list[str]:
    """Book visits, and the paths of their pages; every third reader chose a language."""
    service = make_service(load_settings(bed.environment), pool_size=2)
    engine = sa.create_engine(psycopg_url(bed.owner_url), poolclass=sa.NullPool)
    with engine.begin() as owner:
        clinic = set_up(owner, service.keys, service.library, _CLINIC)
    for number in range(visits):
        book(service, Caller(feed_id=clinic.feed_id, clinic_id=clinic.clinic_id), _booking(number))
    tags = cycle("?lang=" + tag.replace("_", "-") for tag in service.library.catalogs)
    return [
        f"/l/{token}{next(tags) if number % 3 == 0 else ''}"
        for number, token in enumerate(_tokens(service, clinic))
    ]


def _tokens(service: Service, clinic: SetUp) -> Sequence[str]:
    with service.db.transaction([clinic.clinic_id]) as connection:
        rows = connection.execute(
            sa.text("SELECT l.token, p.data_key FROM leaflets l JOIN patients p ON p.id = l.patient_id")
        ).all()
    service.db.close()
    return [service.keys.box(row.data_key).open(row.token) for row in rows]


def _booking(number: int) -> dict[str, object]:
    now = datetime.now(UTC)
    start = (now + timedelta(days=10 + number % 20)).replace(tzinfo=None, microsecond=0)
    return {
        "specversion": "1.0",
        "id": f"b{number}",
        "source": "/bench",
        "type": "clinic.appointment.booked.v1",
        "time": now.isoformat(),
        "data": {
            "appointment": {"id": f"V{number}", "start": start.isoformat(), "type": {"code": "TPI"}},
            "patient": {"id": f"P{number}", "phone": f"+1212{number:07d}", "consent": {"sms": True}},
        },
    }


def _web(bed: Bed, supervisor: Supervisor) -> str:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    child = Child(
        name="web",
        argv=[sys.executable, "-m", "sms_service.cli.app", "web"],
        env=dict(bed.environment) | {"SMS_WEB_HOST": "127.0.0.1", "SMS_WEB_PORT": str(port)},
        cwd=HERE.parent,
        ready=lambda: answers(f"{url}/healthz"),
    )
    supervisor.start(child)
    return url


async def _run(
    url: str, next_path: Callable[[], str], rate: float, seconds: float, sizes: list[int]
) -> list[float]:
    """Ask at a steady rate, whatever the answers do; milliseconds from the moment each was due."""
    took: list[float] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def ask(path: str, due: float) -> None:
            async with session.get(url + path) as answer:
                body = await answer.read()
                if answer.status != 200:  # noqa: PLR2004 - HTTP OK
                    raise SystemExit(f"{path.partition('?')[0][:4]}… answered {answer.status}")
            took.append((time.perf_counter() - due) * 1000)
            sizes.append(len(body))

        began, asked = time.perf_counter(), []
        for number in range(int(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            asked.append(asyncio.create_task(ask(next_path(), due)))
        await asyncio.gather(*asked)
    return took


def _show(found: dict[str, list[list[float]]], args: argparse.Namespace, largest: int) -> None:
    """Medians of the rounds; the range of p99 beside them is the machine's noise."""
    summary = {}
    print(f"{args.rate:g} requests/s, {args.rounds} rounds of {args.seconds:g} s; at most {largest} bytes\n")
    print("| what | requests | p50 ms | p95 ms | p99 ms | p99 of the rounds | limit |")
    print("|---|---|---|---|---|---|---|")
    for name, rounds in found.items():
        cuts = [statistics.quantiles(times, n=100) for times in rounds]
        p50, p95, p99 = (statistics.median(cut[n] for cut in cuts) for n in (49, 94, 98))
        limit = f"p99 {LIMIT_MS:g}" if name != "/healthz" else ""
        noise = f"{min(cut[98] for cut in cuts):.1f} to {max(cut[98] for cut in cuts):.1f}"
        requests = sum(map(len, rounds))
        print(f"| {name} | {requests} | {p50:.1f} | {p95:.1f} | {p99:.1f} | {noise} | {limit} |")
        summary[name] = {"p50": round(p50, 2), "p99": round(p99, 2)}
    print(json.dumps({"leaflet_ms": summary, "largest_bytes": largest, **vars(args)}))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--visits", type=int, default=300)
    return parser.parse_args()


if __name__ == "__main__":
    main()
