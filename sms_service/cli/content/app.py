"""`sms-service content …`: one verb for each thing a writer does with the words."""

from __future__ import annotations

import typer

from sms_service.cli.content import (
    checking,
    counting,
    exchanging,
    previewing,
    printing,
    signing,
    simulating,
    updating,
)

app = typer.Typer(no_args_is_help=True, help="Write, translate, check and sign the texts.")
for group in (checking, updating, signing, exchanging, printing):
    group.install(app)


def install(root: typer.Typer) -> None:
    """Add the command group, and the commands that others build on."""
    root.add_typer(app, name="content")
    for command in (counting, previewing, simulating):
        command.install(root)
