"""The language a patient prefers, from its coding, else from its words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sms_service.intake.fhir.datatypes import Coding, Concept
from sms_service.intake.fhir.resources import Communication
from sms_service.intake.languages import nobody_said, registered_tag
from sms_service.intake.problems import Code, Problem

_BCP_47 = "urn:ietf:bcp:47"
#: Systems whose codes are language tags. Codes of any other system mean what their owner says (`CA` may be
#: Cantonese), so only their words are read.
_TAGS = frozenset(
    {
        None,
        _BCP_47,
        "http://hl7.org/fhir/ValueSet/languages",
        "http://id.loc.gov/vocabulary/iso639-1",
        "http://id.loc.gov/vocabulary/iso639-2",
        "urn:iso:std:iso:639:-1",
        "urn:iso:std:iso:639:-2",
        "urn:iso:std:iso:639-1",
        "urn:iso:std:iso:639-2",
        "urn:oid:2.16.840.1.113883.6.99",
        "urn:oid:2.16.840.1.113883.6.100",
        "urn:oid:2.16.840.1.113883.6.121",
    }
)


def language(said: Iterable[Communication], problems: list[Problem]) -> str | None:
    """The language; None when none was mentioned, or when several were and none is preferred.

    What cannot be read is passed on as written, for `read_event` to tell.
    """
    mentioned = [(each.language, each.preferred) for each in said if each.language and _says(each.language)]
    preferred = [concept for concept, first in mentioned if first]
    candidates = preferred or [concept for concept, _ in mentioned]
    tags = list(dict.fromkeys(tag for concept in candidates if (tag := _tag(concept))))
    if len(tags) == 1 or (tags and preferred):
        return tags[0]
    if tags:
        detail = "several languages are listed and none is marked as preferred; the clinic's default is used"
        problems.append(Problem(code=Code.LANGUAGE_UNKNOWN, field="data.patient.language", detail=detail))
        return None
    return next((word for concept in candidates for word in _written(concept)), None)


def _tag(concept: Concept) -> str | None:
    codings = sorted(concept.coding or (), key=lambda coding: coding.system != _BCP_47)
    codes = [coding.code for coding in codings if coding.system in _TAGS]
    for written in (*codes, *(coding.display for coding in codings), concept.text):
        tag = registered_tag(written) if written else None
        if tag is not None:
            return tag
    return None


def _says(concept: Concept) -> bool:
    """Whether it names a language: "unknown" and `und` are words, and name none."""
    written = list(_written(concept))
    return bool(written) and not any(nobody_said(word) for word in written)


def _written(concept: Concept) -> Iterator[str]:
    """What was written of it, best first: as a person would report it."""
    codings: list[Coding] = concept.coding or []
    for said in (*(c.display for c in codings), concept.text, *(c.code for c in codings)):
        if said and said.strip():
            yield said.strip()
