"""The drawings: original, small, in the colours of the page, and described in words."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files

from sms_service.content.page_words import Said
from sms_service.web.leaflet.markup import tongue


@cache
def drawing(name: str) -> str:
    """The inside of a drawing's file, 160 by 120; FileNotFoundError for one that nobody drew."""
    file = files(__package__).joinpath("pictures", f"{name}.svg")
    held = file.read_text(encoding="utf-8")
    inside = held[held.index(">") + 1 : held.rindex("</svg>")]
    return "".join(line.strip() for line in inside.splitlines())


def picture(name: str, said: Said | None, page: str) -> str:
    """A drawing with its description; without one that may be shown, the drawing is left out too."""
    if said is None:
        return ""
    return (
        f'<svg viewBox="0 0 160 120" role="img" aria-labelledby="p-{name}">'
        f'<title id="p-{name}"{tongue(said, page)}>{escape(said.words)}</title>{drawing(name)}</svg>'
    )
