"""`segments`: what texts cost, one JSON object a line."""

from __future__ import annotations

import json
import sys

import typer

from sms_service.domain.segments import measure


def install(root: typer.Typer) -> None:
    """Add the command."""
    root.command()(segments)


def segments() -> None:
    """Count encoding, units and segments of each {"text": …} on stdin (3GPP 23.038), in the same order.

    A line that is no such object ends the run with exit code 2, after the answers to the lines before it.
    """
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if not line.strip():
            continue
        try:
            held = json.loads(line)
            text = held["text"] if isinstance(held, dict) else None
        except (ValueError, KeyError, RecursionError):
            text = None
        if not isinstance(text, str):
            typer.echo(f'sms-service: line {number} is not {{"text": "…"}} in JSON, UTF-8', err=True)
            raise typer.Exit(2)
        size = measure(text)
        typer.echo(json.dumps({"encoding": size.encoding, "units": size.units, "segments": size.segments}))
