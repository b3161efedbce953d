"""What the demo shows in the terminal."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from sms_service.cli.demo.scenario import ZONE, Act
from sms_service.domain.reasons import explain


class Show:
    """Progress and summary on one console."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("{task.fields[day]}"),
            BarColumn(),
            TextColumn("{task.fields[texts]} texts"),
            console=console,
        )
        self._task = self._bar.add_task("", total=1.0, day="", texts=0)

    def starting(self) -> None:
        """Before anything runs."""
        self._console.print("starting PostgreSQL, Valkey, web, workers, beat and the sandbox provider …")

    def began(self, languages: list[str], patients: int) -> None:
        """The scenario starts."""
        self._console.print(
            f"{patients} patients, languages {', '.join(languages)}; three weeks in about a minute"
        )
        self._bar.start()

    def moved(self, now: datetime, share: float, texts: int) -> None:
        """Patient time reached an instant."""
        day = now.astimezone(ZoneInfo(ZONE)).strftime("%a %b %d %H:%M")
        self._bar.update(self._task, completed=share, day=day, texts=texts)

    def acted(self, act: Act) -> None:
        """Something happened."""
        what = f"texts “{act.says}”" if act.says is not None else f"{act.kind}"
        self._bar.console.print(
            f"  {act.at.astimezone(ZoneInfo(ZONE)):%b %d %H:%M}  {act.person.given}: {what}"
        )

    def summary(self, summary: dict[str, Any]) -> None:
        """The end of the scenario."""
        self._bar.stop()
        table = Table(title=f"three weeks in {summary['seconds']} s", show_header=False)
        for name in (
            "planned",
            "sent",
            "delivered",
            "received",
            "duplicates",
            "undelivered",
            "waiting",
            "segments",
        ):
            table.add_row(name, str(summary[name]))
        table.add_row("languages", ", ".join(summary["locales"]))
        for reason, count in summary["skipped"].items():
            table.add_row(f"skipped: {explain(reason)}", str(count))
        self._console.print(table)

    def phones(self, url: str, web: str) -> None:
        """Where the phones are, and how to leave."""
        self._console.print(f"the phones: [bold]{url}[/]   the API: {web}")
        self._console.print("Ctrl-C stops everything")

    def stopping(self) -> None:
        """Ctrl-C with the page open."""
        self._console.print("stopping …")

    def stopped(self) -> None:
        """Interrupted."""
        self._bar.stop()
        self._console.print("stopped; a second start goes on from here")
