"""The question that the page asks where texts may not, and what is said to its answer."""

from __future__ import annotations

from html import escape

from sms_service.content.page_words import Said
from sms_service.content.writing import section
from sms_service.domain.compose import CannotComposeError
from sms_service.domain.pathway import Question
from sms_service.domain.understand import CHOICES
from sms_service.use_cases.open_leaflet import Asked, Opened
from sms_service.web.leaflet.markup import bcp47, element, html, tongue
from sms_service.web.leaflet.sheet import Heard

#: The answers in the order of their digits; pain has its numbers instead.
OPTIONS = {
    Question.SAFETY: ("option_none", "option_yes"),
    Question.CONFIRM: ("option_coming", "option_change"),
    Question.CHECK_IN: ("option_fine", "option_sore", "option_worried"),
}
CHOOSE, CLOSED = "choose", "closed"


def question_card(opened: Opened, token: str, said: str | None, heard: Heard) -> str:
    """The answer to the last answer, what went wrong with it (`said`), and the question that is open now."""
    page, clinic, voice = heard.page, opened.clinic, opened.voice
    parts = []
    if opened.echo is not None and opened.echo[0] in voice.library.answers:
        echo = voice.say(voice.library.answers[opened.echo[0]], opened.about)
        lines = echo.words.split("\n") if echo else []
        heard.note(echo)
        shown = "".join(f"<p>{html(line, clinic)}</p>" for line in lines)
        parts.append(f'<div role="status"{tongue(echo, page)}>{shown}</div>' if echo else "")
    elif said == CLOSED:
        parts.append(element("p", heard.note(voice.page("question_closed")), page, clinic, ' role="status"'))
    if opened.asked is not None:
        parts.append(_form(opened, opened.asked, token, heard, empty=said == CHOOSE))
    if not any(parts):
        return ""
    heading = element("h2", heard.note(voice.page("heading_question")), page, clinic, ' id="h-question"')
    label = ' aria-labelledby="h-question"' if heading else ""
    return f'<section class="card ask" id="question"{label}>{heading}{"".join(parts)}</section>'


def _form(opened: Opened, asked: Asked, token: str, heard: Heard, *, empty: bool) -> str:
    """The form; nothing where one of its words may not be said, for half a question is none."""
    page, clinic, voice = heard.page, opened.clinic, opened.voice
    names = OPTIONS.get(asked.question, ())
    options = [said for said in map(voice.page, names) if said is not None]
    question, send = _question(opened, asked.question), voice.page("button_send")
    if question is None or send is None or len(options) < len(names):
        return ""
    for said in (question, send, *options):
        heard.note(said)
    wrong = element(
        "p", heard.note(voice.page("choose_one")), page, clinic, ' class="note wrong" role="alert"'
    )
    small = element("p", heard.note(voice.page("answers_emergency")), page, clinic, ' class="small"')
    return (
        f"{wrong if empty else ''}"
        f'<form method="post" action="{escape(token)}/answer?lang={bcp47(page)}" autocomplete="off">'
        f'<input type="hidden" name="question" value="{asked.message_id}">'
        f"{_fieldset(asked.question, question, options, opened)}"
        f'<button class="button main"{tongue(send, page)}>{escape(send.words)}</button></form>{small}'
    )


def _fieldset(question: Question, asked: Said, options: list[Said], opened: Opened) -> str:
    """The question, what it is about, and its answers; each answer has the digit that a text would have."""
    page, clinic = opened.voice.language, opened.clinic
    first, *points = asked.words.split("\n")
    about = "".join(f"<li>{html(point, clinic)}</li>" for point in points)
    listed = f'<ul id="ask-list"{tongue(asked, page)}>{about}</ul>' if about else ""
    labels = [f"<span{tongue(said, page)}>{escape(said.words)}</span>" for said in options]
    shown = zip(CHOICES[question], labels or map(str, CHOICES[question]), strict=True)
    radios = "".join(
        f'<label><input type="radio" name="answer" value="{answer}" required>{label}</label>'
        for answer, label in shown
    )
    described = ' aria-describedby="ask-list"' if listed else ""
    look = "options" if labels else "options scale"
    return (
        f"<fieldset{described}><legend{tongue(asked, page)}>{html(first, clinic)}</legend>"
        f'{listed}<div class="{look}">{radios}</div></fieldset>'
    )


def _question(opened: Opened, question: Question) -> Said | None:
    """The words of the question; that of safety stands in the pathway's leaflet."""
    if question is not Question.SAFETY:
        return opened.voice.page(f"ask_{question}")
    parts = opened.pathway.leaflet if opened.pathway else ()
    part = next((part for part in parts if part.id == f"ask_{question}"), None)
    try:
        return opened.voice.say(section(opened.clinic, part)) if part else None
    except CannotComposeError:
        return None
