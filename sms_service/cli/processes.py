"""One command per process: `web`, `worker`, `beat`, `sandbox`; what `up` and a container run alike."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from tempfile import gettempdir
from typing import Annotated

import typer

from sms_service.settings import load_settings

_QUEUES = ("tick", "send", "housekeeping")
_BEAT_STALE_S = 30.0


def install(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(web)
    app.command()(worker)
    app.command()(beat)
    app.command()(healthcheck)


def web() -> None:
    """Serve the HTTP doors on SMS_WEB_HOST and SMS_WEB_PORT."""
    import uvicorn  # noqa: PLC0415 - see below
    from uvicorn.importer import import_from_string  # noqa: PLC0415

    from sms_service.runtime import require_free  # noqa: PLC0415

    settings = load_settings(os.environ)
    # made here and not by uvicorn, so that what cannot serve is told in one line
    application = import_from_string("sms_service.web.app:from_environment")()
    require_free(settings.web_port, host=settings.web_host, what="the web process")
    uvicorn.run(
        application,
        host=settings.web_host,
        port=settings.web_port,
        access_log=False,  # paths hold ids of visits
        log_level="warning",
        timeout_graceful_shutdown=10,
        server_header=False,
    )


def worker(
    queue: Annotated[str, typer.Option(help="tick, send or housekeeping")],
    name: Annotated[str, typer.Option(help="name of this process among its like")] = "worker",
) -> None:
    """Run a Celery worker for one queue. One process, one batch at a time; start more for more."""
    if queue not in _QUEUES:
        raise typer.BadParameter(f"one of {', '.join(_QUEUES)}", param_hint="--queue")
    load_settings(os.environ)
    # Celery is known to workers/ alone: this process becomes it.
    _become(
        "worker",
        "-I",
        "workers.tasks",
        "-Q",
        queue,
        "-P",
        "solo",
        "-n",
        f"{queue}-{name}@%h",
        "--without-gossip",
        "--without-mingle",
    )


def beat() -> None:
    """Run the scheduler: it only ticks."""
    _become("beat", "--scheduler", "workers.heartbeat:Heartbeat", "--pidfile", "")


def healthcheck(
    process: Annotated[str, typer.Argument(help="web, worker or beat")],
    queue: Annotated[str, typer.Option(help="of a worker")] = "send",
    name: Annotated[str, typer.Option(help="of a worker")] = "worker",
) -> None:
    """Exit 0 when the process on this machine does its work, 1 otherwise; for container health checks."""
    match process:
        case "web":
            port = os.environ.get("SMS_WEB_PORT", "8000")
            from sms_service.cli.embedded import answers  # noqa: PLC0415 - see below

            healthy = answers(f"http://127.0.0.1:{port}/healthz")
        case "worker":
            _become(
                "inspect", "--timeout", "4", "--destination", f"{queue}-{name}@{os.uname().nodename}", "ping"
            )
        case "beat":
            mark = Path(os.environ.get("SMS_BEAT_FILE", str(Path(gettempdir()) / "sms-service-beat")))
            healthy = mark.exists() and time.time() - mark.stat().st_mtime < _BEAT_STALE_S
        case _:
            raise typer.BadParameter("one of web, worker, beat")
    raise typer.Exit(0 if healthy else 1)


def _become(*arguments: str) -> None:
    os.execv(sys.executable, [sys.executable, "-m", "celery", "-A", "workers.app", "-q", *arguments])  # noqa: S606


#: These alone, for `sms_service.cli.app`: each imports what it needs when it runs, to be up soon.
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
install(app)
