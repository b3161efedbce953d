"""A text in the terminal as a phone would show it."""

from __future__ import annotations

from rich import box
from rich.align import Align
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.text import Text

#: Columns of a phone.
_WIDTH = 42


def bubble(
    console: Console, body: str, title: str, below: str, *, right_to_left: bool, mine: bool = False
) -> None:
    """Print one bubble; `mine` are the patient's own words, on the other side."""
    words = Text(body, justify="right" if right_to_left else "left")
    shown: RenderableType = Panel(
        words,
        title=title,
        title_align="left",
        subtitle=below,
        subtitle_align="right",
        box=box.ROUNDED,
        width=_WIDTH,
        border_style="green" if mine else "cyan",
    )
    console.print(Align.right(shown) if mine else shown)
