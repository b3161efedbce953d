"""From what a text is about to its exact words: variant, language, facts. The one way for all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sms_service.content.catalogs import SOURCE_LANGUAGE
from sms_service.content.dates import write_date, write_times
from sms_service.content.gate import Gate
from sms_service.content.library import Library
from sms_service.domain.advice import fever
from sms_service.domain.compose import PRIVACY, CannotComposeError, Situation, Text, choose, compose, joined
from sms_service.domain.pathway import Section, Variant
from sms_service.domain.people import Clinic

HELP_LINE = "help_line"
OFFERS = "{offers}"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a text is about. `starts` are the wall times that it names, those of one day in order.

    `language` is None while nobody has said; `follow` counts the texts that will follow this one.
    """

    language: str | None = None
    merged: tuple[str, ...] = ()
    confirmed: bool = False
    returning: bool = False
    reinstated: bool = False
    injectate: str | None = None
    done: bool | None = None
    starts: tuple[datetime, ...] = ()
    location: str | None = None
    link: str | None = field(default=None, repr=False)
    follow: int = 0
    answer: int | None = None


def write(
    library: Library, gate: Gate, clinic: Clinic, variant: Variant, about: About, addressee: str | None = None
) -> Text:
    """The words in the patient's language; else English, with one line in that language: whom to call.

    Raises CannotComposeError when a fact is missing, or when no words are open at all.
    """
    language = language_of(about.language, clinic)
    catalog = gate.catalog(variant, language)
    if catalog is not None:
        return compose(variant, catalog, facts_of(library, clinic, variant, about, language), addressee)
    english = gate.catalog(variant, SOURCE_LANGUAGE)
    if english is None:
        raise CannotComposeError(variant.context, f"no words in {language}")
    text = compose(variant, english, facts_of(library, clinic, variant, about, SOURCE_LANGUAGE), addressee)
    help_line = library.answers.get(HELP_LINE)
    own = gate.catalog(help_line, language) if help_line and language != SOURCE_LANGUAGE else None
    if help_line is None or own is None:
        return text
    return joined(text, compose(help_line, own, facts_of(library, clinic, help_line, about, language)))


def pick(library: Library, clinic: Clinic, pathway: str | None, step: str, about: About) -> Variant:
    """The text of a step that was written for this situation. CannotComposeError when there is none."""
    # a pathway may have been withdrawn, or lost a step, since the text was planned
    held = library.pathways.get(pathway or "")
    found = next((each for each in held.steps if each.id == step), None) if held else None
    unknown = about.language is None
    situation = Situation(
        merged=about.merged,
        flags={
            "confirmed": about.confirmed,
            "returning": about.returning,
            "offers": unknown and bool(library.offers(clinic.offered_languages, clinic.default_language)),
            "reinstated": about.reinstated,
            "injectate": about.injectate or "unknown",
            "done": "yes" if about.done else "unknown",
            PRIVACY: clinic.privacy,
            **clinic.advice,
        },
    )
    variant = choose(found, situation) if found else None
    if variant is None:
        raise CannotComposeError(f"{pathway}.{step}", "no words for this situation")
    return variant


def section(clinic: Clinic, part: Section) -> Variant:
    """The words of a leaflet's section for the clinic's choices. CannotComposeError when there are none."""
    for variant in part.variants:
        if all(clinic.advice.get(point) == choice for point, choice in variant.when.items()):
            return variant
    raise CannotComposeError(part.id, "no words for this clinic")


def answer(library: Library, text: str) -> Variant:
    """The text of an answer. CannotComposeError when there is none of that name."""
    if text not in library.answers:
        raise CannotComposeError(text, "no words by that name")
    return library.answers[text]


def language_of(language: str | None, clinic: Clinic) -> str:
    """The language to write in: the clinic's own where nobody said, its Chinese for bare `zh`."""
    chosen = language or clinic.default_language
    return clinic.chinese if chosen == "zh" else chosen


def facts_of(
    library: Library, clinic: Clinic, variant: Variant, about: About, language: str
) -> dict[str, str]:
    """What the placeholders stand for, written in the language."""
    facts = {
        "clinic": clinic.name,
        "program": clinic.program,
        "phone": clinic.phone,
        "after_hours_phone": clinic.after_hours_phone,
        "emergency": clinic.emergency,
        "crisis": clinic.crisis,
        "fever": fever(clinic.fever_c),
        "address": clinic.address(about.location),
        "arrive_early": str(clinic.arrive_early_minutes),
        "count": str(max(about.follow, 2)),
    }
    if OFFERS in variant.text:
        facts["offers"] = library.offers(clinic.offered_languages, language)
    if about.starts:
        facts["date"] = write_date(about.starts[0].date(), language)
        facts["time"] = write_times(tuple(start.time() for start in about.starts), language)
    if about.answer is not None:
        facts["answer"] = str(about.answer)
    if about.link is not None:
        facts["link"] = about.link
    return facts
