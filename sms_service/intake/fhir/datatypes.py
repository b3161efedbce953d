"""FHIR's data types, as far as a visit and its patient need them.

Every element is optional and `null` is read as absent: what is required is decided where it is needed, and an
element that nobody here needs may be anything at all. Names follow the specification, R4 to R5.
"""

from __future__ import annotations

from msgspec import Raw, Struct


class Element(Struct, rename="camel", kw_only=True, gc=False):
    """Camel case as in FHIR; elements that are not named here are skipped unread.

    What was parsed holds no cycles, so the garbage collector need not walk it.
    """


class Period(Element):
    """A dateTime may be a year, a month, a day or an instant."""

    start: str | None = None
    end: str | None = None


class Coding(Element):
    """One code of one system."""

    system: str | None = None
    code: str | None = None
    display: str | None = None


class Concept(Element):
    """A CodeableConcept."""

    coding: list[Coding] | None = None
    text: str | None = None


class Identifier(Element):
    """A business identifier."""

    system: str | None = None
    value: str | None = None
    period: Period | None = None


class Reference(Element):
    """A reference: literal, logical (by identifier), or only words."""

    reference: str | None = None
    type: str | None = None
    identifier: Identifier | None = None
    display: str | None = None


class Described(Concept):
    """R4's CodeableConcept and R5's CodeableReference in one: R5 moved the first into `concept`."""

    concept: Concept | None = None
    reference: Reference | None = None


class HumanName(Element):
    """A name and when it was in use."""

    use: str | None = None
    text: str | None = None
    family: str | None = None
    given: list[str | None] | None = None
    prefix: list[str | None] | None = None
    period: Period | None = None


class ContactPoint(Element):
    """A number or address; rank 1 is preferred."""

    system: str | None = None
    value: str | None = None
    use: str | None = None
    rank: int | None = None
    period: Period | None = None


class Meta(Element):
    """`versionId` is left out on purpose: it is opaque and orders nothing."""

    last_updated: str | None = None
    tag: list[Coding] | None = None
    security: list[Coding] | None = None


class Resource(Element):
    """What every resource has."""

    id: str | None = None
    meta: Meta | None = None
    identifier: list[Identifier] | None = None
    contained: list[Raw] | None = None
    modifier_extension: list[Raw] | None = None
