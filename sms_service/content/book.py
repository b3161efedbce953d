"""All texts of a pathway in two languages side by side, for the people who review them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sms_service.content.example_facts import example_facts
from sms_service.content.gate import Drafts
from sms_service.content.library import Library
from sms_service.content.pairs import present_pairs
from sms_service.content.scripts import right_to_left
from sms_service.content.signed_gate import Ledger
from sms_service.domain.compose import CannotComposeError, as_sent, compose
from sms_service.domain.pathway import Purpose, Variant

#: Around a fact inside the words, so that a reader sees what is filled in; private characters, in no text.
FACT, END = "\ue000", "\ue001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A text in one language. `words` has facts between `FACT` and `END`; None where there are no words."""

    language: str
    right_to_left: bool
    words: str | None
    segments: int
    """0 for the words of a page."""
    encoding: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One text beside its translation, with what its author says of it."""

    context: str
    when: str
    comment: str
    sources: tuple[str, ...]
    sides: tuple[Side, Side]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """The texts of a step, of the leaflet, or of a file."""

    name: str
    purpose: str
    rows: tuple[Row, ...]


def subjects(library: Library) -> list[str]:
    """What a book can be about: each pathway, and the files of single texts."""
    return [*library.pathways, "common", "phrases", "leaflet"]


def book(
    library: Library, ledger: Ledger, subject: str, languages: tuple[str, str], now: datetime
) -> list[Chapter]:
    """The chapters about a subject, in the order in which a patient meets them."""
    return [
        Chapter(
            name=name,
            purpose=purpose.value,
            rows=tuple(_row(library, ledger, variant, languages, now) for variant in texts),
        )
        for name, purpose, texts in _chapters(library, subject)
        if texts
    ]


def _chapters(library: Library, subject: str) -> Iterator[tuple[str, Purpose, Sequence[Variant]]]:
    match subject:
        case "common":
            yield "answers", Purpose.ANSWER, [*library.answers.values()]
        case "phrases":
            yield "phrases", Purpose.PHRASE, [*library.phrases.values()]
        case "leaflet":
            yield "the page", Purpose.LEAFLET, [*library.page.values()]
        case _:
            pathway = library.pathways[subject]
            yield from ((step.id, step.purpose, step.variants) for step in pathway.steps)
            leaflet = [variant for part in pathway.leaflet for variant in part.variants]
            yield "leaflet", Purpose.LEAFLET, leaflet


def _row(
    library: Library, ledger: Ledger, variant: Variant, languages: tuple[str, str], now: datetime
) -> Row:
    left, right = (_side(library, ledger, variant, language, now) for language in languages)
    return Row(
        context=variant.context,
        when=", ".join(f"{name} = {wanted}" for name, wanted in variant.when.items()),
        comment=variant.comment,
        sources=variant.sources,
        sides=(left, right),
    )


def _side(library: Library, ledger: Ledger, variant: Variant, language: str, now: datetime) -> Side:
    catalog = Drafts(library).catalog(variant, language)
    facts = example_facts(language)
    words, segments, encoding, state = None, 0, "", "missing"
    if catalog is not None:
        held = catalog.lookup(variant, int(facts["count"]) if variant.plural_by else None)
        words = as_sent((held or "").format_map({name: f"{FACT}{fact}{END}" for name, fact in facts.items()}))
        pair = next(iter(present_pairs(library, [language], [variant])))
        state = ledger.state(pair, None, now).word
        try:
            text = compose(variant, catalog, facts)
            segments, encoding = (text.segments, text.encoding) if variant.budget else (0, "")
        except CannotComposeError:
            words = None
    return Side(
        language=language,
        right_to_left=right_to_left(language),
        words=words,
        segments=segments,
        encoding=encoding,
        state=state,
    )
