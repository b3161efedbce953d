"""What the leaflet's page says: in the reader's language or in English, and whether it is signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sms_service.content.catalogs import SOURCE_LANGUAGE
from sms_service.content.gate import Gate
from sms_service.content.library import Library
from sms_service.content.signed_gate import Ledger
from sms_service.content.writing import About, facts_of
from sms_service.domain.compose import CannotComposeError, compose
from sms_service.domain.pathway import Variant
from sms_service.domain.people import Clinic
from sms_service.domain.signing import State

#: What stands for a number to call until the page makes a link of it: characters that no text has.
DIALLED: Mapping[str, str] = {
    "phone": "\ue001",
    "after_hours_phone": "\ue002",
    "emergency": "\ue003",
    "crisis": "\ue004",
}
#: Places in `sources.yaml` that are nothing to read.
_NOWHERE = ("a clinic's setting", "general", "house rule")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Words as they are shown, with the language they are in and whether they are signed for the clinic.

    Numbers to call are the marks of `DIALLED`; a line is a point of a list.
    """

    words: str
    language: str
    right_to_left: bool
    signed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Who speaks, in which language, and who decides what may be said. A page of nobody has no clinic."""

    library: Library = field(repr=False)
    gate: Gate = field(repr=False)
    ledger: Ledger = field(repr=False)
    clinic: Clinic | None
    slug: str | None
    language: str
    now: datetime

    def say(self, variant: Variant, about: About | None = None) -> Said | None:
        """The words in the language, else in English; None where none may be said, or a fact is missing."""
        for language in dict.fromkeys((self.language, SOURCE_LANGUAGE)):
            catalog = self.gate.catalog(variant, language)
            if catalog is None:
                continue
            try:
                text = compose(variant, catalog, self._facts(variant, about or About(), language))
            except CannotComposeError:
                return None
            state = self.ledger.state_of_hash(text.catalog_hash, language, self.slug, self.now)
            return Said(
                words=text.body,
                language=language,
                right_to_left=catalog.right_to_left,
                signed=state is State.SIGNED,
            )
        return None

    def page(self, name: str, about: About | None = None) -> Said | None:
        """A text of the page itself, by its name in `leaflet.yaml`."""
        variant = self.library.page.get(name)
        return self.say(variant, about) if variant is not None else None

    def _facts(self, variant: Variant, about: About, language: str) -> dict[str, str]:
        if self.clinic is None:
            return {}
        facts = facts_of(self.library, self.clinic, variant, about, language)
        return facts | {name: mark for name, mark in DIALLED.items() if facts.get(name, "").strip()}


def known_language(library: Library, *wished: str | None) -> str:
    """The first language that we have; English where we have none of them."""
    return next((tag for tag in wished if tag in library.catalogs), None) or SOURCE_LANGUAGE


def places_to_read(library: Library, texts: list[Variant]) -> list[str]:
    """Where the facts of these texts can be read, each place once."""
    named = dict.fromkeys(source for text in texts for source in text.sources)
    places = (place for name in named if name in library.sources for place in library.sources[name].read)
    return list(dict.fromkeys(place for place in places if not place.startswith(_NOWHERE)))
