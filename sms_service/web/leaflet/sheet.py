"""The part of the page that is the same for every visit of a pathway: made once, and shown to many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape

from sms_service.content.page_words import Said, Voice, places_to_read
from sms_service.content.scripts import right_to_left
from sms_service.content.writing import section
from sms_service.domain.compose import CannotComposeError
from sms_service.domain.pathway import Pathway, Section, Variant
from sms_service.domain.people import Clinic
from sms_service.web.leaflet.markup import bcp47, button, dial, direction, element, html, tongue
from sms_service.web.leaflet.pictures import picture

#: The sections in their order; the last of the file is the question, which has a place of its own.
_SHOWN = ("what", "before", "day", "after", "call", "emergency")
_CARD = (
    *("heading_visit", "visit_canceled", "visit_arrive", "visit_changes"),
    *("button_calendar", "button_call"),
)
_GLOBE = (
    '<svg class="globe" viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="9"/>'
    '<path d="M3 12h18M12 3c5 5 5 13 0 18-5-5-5-13 0-18"/></svg>'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Pieces of HTML, and whether all their words are signed and in the page's language."""

    title: Said | None
    switch: str
    sections: str
    foot: str
    visit: Mapping[str, Said | None]
    """Words of the visit's card that no visit changes."""
    signed: bool
    translated: bool


@dataclass(slots=True)
class Heard:
    """Everything that was said so far on a page: its labels depend on all of it."""

    page: str
    signed: bool = True
    translated: bool = True

    def note(self, said: Said | None) -> Said | None:
        """Take note of words that will be shown."""
        if said is not None:
            self.signed = self.signed and said.signed
            self.translated = self.translated and said.language == self.page
        return said


@dataclass(slots=True, kw_only=True)
class _Maker:
    voice: Voice
    heard: Heard
    used: list[Variant] = field(default_factory=list)

    def words(self, tag: str, name: str, attributes: str = "") -> str:
        said = self.heard.note(self.voice.page(name))
        return element(tag, said, self.heard.page, self.voice.clinic, attributes)

    def say(self, name: str) -> Said | None:
        return self.heard.note(self.voice.page(name))


def make_sheet(voice: Voice, pathway: Pathway | None) -> Sheet:
    """Everything of a page but the visit, the question and the labels."""
    maker = _Maker(voice=voice, heard=Heard(voice.language))
    parts = {part.id: part for part in pathway.leaflet} if pathway else {}
    sections = "".join(_section(maker, parts[name]) for name in _SHOWN if name in parts)
    title = maker.say("title")
    switch = language_switch(voice, maker.words("span", "heading_language"))
    foot = _foot(maker)
    return Sheet(
        title=title,
        switch=switch,
        sections=sections,
        foot=foot,
        visit={name: voice.page(name) for name in _CARD},
        signed=maker.heard.signed,
        translated=maker.heard.translated,
    )


def language_switch(voice: Voice, heading: str) -> str:
    """Every language there is, by its own name."""
    library, page = voice.library, voice.language
    links = "".join(
        f'<li><a href="?lang={bcp47(tag)}" hreflang="{bcp47(tag)}" lang="{bcp47(tag)}"'
        f' dir="{direction(right_to_left=right_to_left(tag))}"{_here(tag, page)}>'
        f"{escape(words.name)}</a></li>"
        for tag, words in library.words.items()
    )
    tongues = f'<ul class="tongues">{links}</ul>'
    return f"<nav><details><summary>{_GLOBE}{heading}</summary>{tongues}</details></nav>"


def _here(tag: str, page: str) -> str:
    return ' aria-current="true"' if tag == page else ""


def _section(maker: _Maker, part: Section) -> str:
    """A heading, the drawings, and a list of points. Nothing where its words may not be said."""
    voice, clinic, page = maker.voice, maker.voice.clinic, maker.heard.page
    if clinic is None:
        return ""
    try:
        variant = section(clinic, part)
    except CannotComposeError:
        return ""
    said = voice.say(variant)
    if said is None:
        return ""
    maker.heard.note(said)
    maker.used.append(variant)
    name = f"h-{part.id}"
    heading = maker.words("h2", f"heading_{part.id}", f' id="{name}"')
    drawings = "".join(_pictures(maker, part))
    points = "".join(f"<li>{html(line, clinic)}</li>" for line in said.words.split("\n"))
    label = f' aria-labelledby="{name}"' if heading else ""
    look = " danger" if part.id == "emergency" else ""
    return (
        f'<section class="card{look}"{label}>{heading}{drawings}<ul{tongue(said, page)}>{points}</ul>'
        f"{_call(maker, part.id, clinic)}</section>"
    )


def _call(maker: _Maker, part: str, clinic: Clinic) -> str:
    """The button of the two sections that say when to call."""
    page = maker.heard.page
    match part:
        case "call":
            return _buttons(button(maker.say("button_call"), page, clinic, dial(clinic.phone)))
        case "emergency":
            said = maker.say("button_emergency")
            return _buttons(button(said, page, clinic, dial(clinic.emergency), " stop"))
    return ""


def _pictures(maker: _Maker, part: Section) -> Iterable[str]:
    drawn = "".join(picture(name, maker.say(f"picture_{name}"), maker.heard.page) for name in part.pictures)
    if drawn:
        yield f'<div class="pictures">{drawn}</div>'


def _buttons(inside: str) -> str:
    return f'<div class="buttons">{inside}</div>' if inside else ""


def _foot(maker: _Maker) -> str:
    """The disclaimer, where the facts come from, and printing."""
    disclaimer = maker.words("p", "disclaimer")
    noted = maker.words("h2", "heading_disclaimer", ' id="h-note"') + disclaimer if disclaimer else ""
    places = places_to_read(maker.voice.library, maker.used)
    read = "".join(f"<li>{escape(place)}</li>" for place in places)
    heading = maker.words("h2", "heading_sources") if read else ""
    sources = f'{heading}<ul class="small" lang="en" dir="ltr">{read}</ul>' if heading else ""
    said = maker.say("button_print")
    button_ = (
        f'<button type="button" class="button" data-print hidden{tongue(said, maker.heard.page)}>'
        f"{escape(said.words)}</button>"
        if said
        else ""
    )
    cards = "".join(f'<section class="card">{inside}</section>' for inside in (noted, sources) if inside)
    return f'{cards}<div class="buttons">{button_}</div>'
