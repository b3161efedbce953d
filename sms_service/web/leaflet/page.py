"""The whole document: what is always the same, and between it the visit as it stands now."""

from __future__ import annotations

from html import escape

from sms_service.content.page_words import Said, Voice
from sms_service.content.scripts import right_to_left
from sms_service.use_cases.open_leaflet import Opened
from sms_service.web.leaflet.headers import SCRIPT, STYLE
from sms_service.web.leaflet.markup import bcp47, direction, element, plain, tongue
from sms_service.web.leaflet.question import question_card
from sms_service.web.leaflet.sheet import Heard, Sheet, language_switch
from sms_service.web.leaflet.visit import visit_card


def leaflet_page(opened: Opened, sheet: Sheet, token: str, said: str | None) -> str:
    """The page of a visit. `said` is what became of an answer that was not taken."""
    voice, clinic = opened.voice, opened.clinic
    heard = Heard(voice.language, signed=sheet.signed, translated=sheet.translated)
    question = question_card(opened, token, said, heard)
    visit = visit_card(opened, sheet, token, heard)
    notes = _notes(voice, heard)
    name = f'<p class="clinic"><bdi>{escape(clinic.name)}</bdi></p>'
    heading = _heading(sheet.title, voice)
    return _document(
        voice.language,
        " · ".join(filter(None, (plain(sheet.title.words, clinic) if sheet.title else "", clinic.name))),
        f"<header>{name}{heading}{sheet.switch}</header>"
        f"<main>{notes}{question}{visit}{sheet.sections}{sheet.foot}</main>",
    )


def gone_page(voice: Voice) -> str:
    """The page of no visit: kind, the same for every wrong token, with a phone where one is known."""
    page, clinic = voice.language, voice.clinic
    title = voice.page("gone_title")
    call = voice.page("gone_call") if clinic is not None else voice.page("gone_call_nobody")
    name = f'<p class="clinic"><bdi>{escape(clinic.name)}</bdi></p>' if clinic is not None else ""
    inside = element("p", voice.page("gone"), page, clinic) + element("p", call, page, clinic)
    return _document(
        page,
        title.words if title else clinic.name if clinic else "404",
        f"<header>{name}{_heading(title, voice)}"
        f"{language_switch(voice, element('span', voice.page('heading_language'), page, clinic))}</header>"
        f'<main><div class="card">{inside}</div></main>',
    )


def _heading(title: Said | None, voice: Voice) -> str:
    """The one h1; where its words may not be said, a name or a number."""
    if title is not None:
        return element("h1", title, voice.language, voice.clinic)
    return f"<h1>{escape(voice.clinic.name) if voice.clinic else '404'}</h1>"


def _notes(voice: Voice, heard: Heard) -> str:
    """Labels that say how far the words may be trusted."""
    page, clinic = heard.page, voice.clinic
    missing = heard.note(voice.page("not_translated")) if not heard.translated else None
    draft = voice.page("draft") if not heard.signed else None
    return "".join(
        f'<p class="note" role="note"{tongue(said, page)}>{element("span", said, page, clinic)}</p>'
        for said in (draft, missing)
        if said is not None
    )


def _document(language: str, title: str, body: str) -> str:
    way = direction(right_to_left=right_to_left(language))
    return (
        f'<!doctype html><html lang="{bcp47(language)}" dir="{way}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex, nofollow, noarchive">'
        '<meta name="color-scheme" content="light dark"><meta name="format-detection" content="telephone=no">'
        f'<link rel="icon" href="data:,"><title>{escape(title)}</title><style>{STYLE}</style></head>'
        f"<body>{body}<script>{SCRIPT}</script></body></html>"
    )
