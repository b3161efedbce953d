"""The two commands of a newcomer: `up` and `demo`."""

from __future__ import annotations

import json
import os
import webbrowser
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sms_service.cli.demo.drive import drive
from sms_service.cli.demo.show import Show
from sms_service.cli.embedded import DEFAULT_DATA, running
from sms_service.runtime import CannotStart, forget

Data = Annotated[Path, typer.Option(help="folder of all data", envvar="SMS_DATA")]
#: With someone watching, each instant stays on the screen for a moment: three weeks take about a minute.
_PACE_S = 0.4
_FAST = {
    "SMS_TICK_SECONDS": "0.15",
    "SMS_HOUSEKEEPING_SECONDS": "5",
    "SMS_SANDBOX_RECEIPT_DELAY": "0.02",
}


def install(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(up)
    app.command()(demo)


def up(
    data: Data = Path(DEFAULT_DATA),
    port: Annotated[int | None, typer.Option(help="of the web process; any free one by default")] = None,
    senders: Annotated[int, typer.Option(help="worker processes that send", min=1)] = 1,
) -> None:
    """Start every process and keep it running. Servers that are not given are started here."""
    console = Console()
    try:
        with running(data, os.environ, web_port=port, senders=senders) as stack:
            console.print(f"ready: {stack.web_url}  (OpenAPI at /v1/openapi.json)")
            if stack.sandbox_url:
                console.print(f"the sandbox's phones: {stack.sandbox_url}")
            console.print(f"logs: {data / 'logs'}   Ctrl-C stops everything")
            stack.supervisor.run_until_signal()
    except KeyboardInterrupt:
        pass  # Ctrl-C while it still started: the block above has stopped everything
    console.print("stopped")


def demo(
    headless: Annotated[bool, typer.Option("--headless", help="run to the end and exit")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="the summary as one JSON object, last on stdout")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="forget an earlier demo's data first")] = False,
    data: Data = Path(".data/demo"),
) -> None:
    """Run the main job on real parts: three weeks of a clinic in about a minute."""
    if fresh and data.exists():
        forget(data)
    show = Show(Console(stderr=as_json))
    try:
        show.starting()
        with running(data, os.environ, senders=1, overrides=_FAST) as stack:
            if stack.sandbox_url is None:
                raise CannotStart("the demo needs the sandbox; run it without SMS_TWILIO_BASE_URL")
            summary = drive(stack, data, show, pace_s=0.0 if headless else _PACE_S)
            show.summary(summary)
            if not headless:
                show.phones(stack.sandbox_url, stack.web_url)
                webbrowser.open(stack.sandbox_url)
                stack.supervisor.run_until_signal()
                show.stopping()
    except KeyboardInterrupt:
        show.stopped()
        raise typer.Exit(130) from None
    if as_json:
        typer.echo(json.dumps(summary, ensure_ascii=False))
