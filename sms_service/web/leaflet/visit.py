"""The visit on the page: when, where, and what to tap; or that it is off."""

from __future__ import annotations

from sms_service.domain.leaflet import Shows
from sms_service.use_cases.open_leaflet import Opened
from sms_service.web.leaflet.markup import bcp47, button, dial, element
from sms_service.web.leaflet.sheet import Heard, Sheet


def visit_card(opened: Opened, sheet: Sheet, token: str, heard: Heard) -> str:
    """The card of the visit as it stands now."""
    page, clinic = heard.page, opened.clinic

    def words(tag: str, name: str, attributes: str = "") -> str:
        known = name in sheet.visit
        said = sheet.visit[name] if known else opened.voice.page(name, opened.about)
        return element(tag, heard.note(said), page, clinic, attributes)

    lines = [words("h2", "heading_visit", ' id="h-visit"')]
    buttons = []
    if opened.shows is Shows.CANCELLED:
        lines.append(words("p", "visit_canceled", ' class="note"'))
    else:
        coming = opened.shows is Shows.COMING and bool(opened.about.starts)
        lines.append(words("p", "visit_when", ' class="when"'))
        if coming:
            lines.append(words("p", "visit_arrive"))
        lines.append(words("p", "visit_where"))
        if coming:
            lines.append(words("p", "visit_changes", ' class="small"'))
            calendar = heard.note(sheet.visit["button_calendar"])
            buttons.append(button(calendar, page, clinic, f"{token}/visit.ics?lang={bcp47(page)}"))
    call = heard.note(sheet.visit["button_call"])
    buttons.insert(0, button(call, page, clinic, dial(clinic.phone), " main"))
    lines.append(f'<div class="buttons">{"".join(buttons)}</div>')
    lines.append(element("p", call, page, clinic, ' class="only-paper"'))
    label = ' aria-labelledby="h-visit"' if lines[0] else ""
    return f'<section class="card"{label}>{"".join(lines)}</section>'
