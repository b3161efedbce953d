"""The side-by-side book as one HTML page that prints well: no script, no font, nothing to load."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from sms_service.content.book import END, FACT, Chapter, Row, Side

_STYLE = """
:root { color-scheme: light; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
.note { color: #555; font-size: .85rem; } .draft { border: 2px solid #8a4b00; padding: .5rem .75rem; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
caption { text-align: start; color: #555; font-size: .8rem; padding: .4rem 0; }
td { border: 1px solid #bbb; padding: .6rem .75rem; vertical-align: top; width: 50%; }
.words { white-space: pre-line; margin: 0 0 .4rem; font-size: 1.05rem; }
.fact { background: #eef3fb; border-radius: .2rem; }
.none { color: #a00; }
.signed { color: #06603a; font-weight: 600; }
section { break-inside: auto; } table { break-inside: avoid; margin-bottom: .8rem; }
@page { size: A4; margin: 15mm; }
@media print { body { margin: 0; max-width: none; } }
"""


def page(chapters: Sequence[Chapter], title: str, names: tuple[str, str]) -> str:
    """The whole page. `names` are the names of the two languages, for the reader."""
    every = [side for chapter in chapters for row in chapter.rows for side in row.sides]
    unsigned = sum(side.state != "signed" for side in every)
    label = (
        f'<p class="draft"><strong>Draft.</strong> {unsigned} of {len(every)} texts here are not signed: they'
        " are for review, not for patients.</p>"
        if unsigned
        else ""
    )
    body = "".join(_chapter(chapter) for chapter in chapters)
    heads = " · ".join(escape(name) for name in names)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f'<h1>{escape(title)}</h1>\n<p class="note">{heads}. Facts of an example clinic are shaded.</p>\n'
        f"{label}{body}</main>\n</body>\n</html>\n"
    )


def _chapter(chapter: Chapter) -> str:
    rows = "".join(_row(row) for row in chapter.rows)
    return (
        f'<section>\n<h2>{escape(chapter.name)} <span class="note">{escape(chapter.purpose)}</span></h2>\n'
        f"{rows}</section>\n"
    )


def _row(row: Row) -> str:
    notes = [row.context, f"when {row.when}" if row.when else "", row.comment]
    notes.append("sources: " + (", ".join(row.sources) or "none"))
    caption = escape(" · ".join(note for note in notes if note))
    cells = "".join(_cell(side) for side in row.sides)
    return f"<table>\n<caption>{caption}</caption>\n<tr>{cells}</tr>\n</table>\n"


def _cell(side: Side) -> str:
    direction = "rtl" if side.right_to_left else "ltr"
    lang = side.language.replace("_", "-")
    if side.words is None:
        words = '<p class="words none">no words yet</p>'
    else:
        shown = escape(side.words).replace(FACT, '<bdi class="fact">').replace(END, "</bdi>")
        words = f'<p class="words" lang="{lang}" dir="{direction}">{shown}</p>'
    cost = f"{side.segments} x {side.encoding}, " if side.segments else ""
    state = f'<span class="{"signed" if side.state == "signed" else "note"}">{escape(side.state)}</span>'
    return f'<td>{words}<p class="note">{cost}{state}</p></td>'
