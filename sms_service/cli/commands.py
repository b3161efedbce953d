"""Every command of the service, put together."""

from __future__ import annotations

import typer

from sms_service.cli import control, doctor, feed, operate, processes
from sms_service.cli.content import app as content

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Multilingual SMS education for booked injections.",
)
control.install(app)
processes.install(app)
operate.install(app)
doctor.install(app)
feed.install(app)
content.install(app)
