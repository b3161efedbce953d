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
    spoken = list(said)
    preferred = [each.language for each in spoken if each.preferred]
    chosen = _tags(preferred)
    if chosen:
        return chosen[0]
    unread = _unread(preferred)
    if unread is not None:
        return unread
    tags = _tags(each.language for each in spoken)
    if len(tags) == 1:
        return tags[0]
    if tags:
        detail = "several languages are listed and none is marked as preferred; the clinic's default is used"
        problems.append(Problem(code=Code.LANGUAGE_UNKNOWN, field="data.patient.language", detail=detail))
        return None
    return _unread(each.language for each in spoken)


def _tags(concepts: Iterable[Concept | None]) -> list[str]:
    """The different languages that can be read, in their order."""
    found = (_tag(concept) for concept in concepts if concept)
    return list(dict.fromkeys(tag for tag in found if tag is not None))


def _tag(concept: Concept) -> str | None:
    codings = concept.coding or ()
    if len(codings) > 1:
        codings = sorted(codings, key=lambda coding: coding.system != _BCP_47)
    codes = [coding.code for coding in codings if coding.system in _TAGS]
    for written in (*codes, *(coding.display for coding in codings), concept.text):
        tag = registered_tag(written) if written else None
        if tag is not None and not nobody_said(written or ""):
            return tag
    return None


def _unread(concepts: Iterable[Concept | None]) -> str | None:
    """What the first concept says that names something and is not understood; "unknown" names nothing."""
    for concept in concepts:
        written = list(_written(concept)) if concept else []
        if written and not any(nobody_said(word) for word in written):
            return written[0]
    return None


def _written(concept: Concept) -> Iterator[str]:
    """What was written of it, best first: as a person would report it."""
    codings: list[Coding] = concept.coding or []
    for said in (*(c.display for c in codings), concept.text, *(c.code for c in codings)):
        if said and said.strip():
            yield said.strip()
