"""The resources in one body, and which of them a reference means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from msgspec import Raw, Struct

from sms_service.intake.fhir.datatypes import Element, Meta
from sms_service.intake.fhir.periods import instant
from sms_service.intake.fhir.references import Target, target
from sms_service.intake.fhir.resources import Entry
from sms_service.intake.fhir.tolerant import Json, read

_NEVER = datetime.min.replace(tzinfo=UTC)


class _Identified(Element):
    resource_type: str | None = None
    id: str | None = None
    meta: Meta | None = None


class Held(Struct, frozen=True, kw_only=True):
    """One resource of the body, still unread.

    `target` is where it is kept, by its URL in the bundle, else by type and id; None for what has no home of
    its own (contained, or without an id). `said_at` is its lastUpdated as written, `at` the same in UTC.
    """

    type: str | None
    raw: Json
    id: str | None = None
    target: Target | None = None
    said_at: str | None = None
    at: datetime | None = None
    entry: Entry | None = None
    contained: bool = False

    def __repr__(self) -> str:
        return f"Held({self.type})"  # a patient is in the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """All resources of a body, by everything they can be referred to."""

    _by_url: Mapping[str, Sequence[Held]]
    _by_id: Mapping[tuple[str, str], Sequence[Held]]

    def find(
        self, reference: str, leads_to: Target | None, contained: Iterable[Raw] | None = None
    ) -> Held | None:
        """The resource that a reference means, if it is here; `leads_to` is the target it leads to, if any.

        FHIR's own order: `#id` is contained, a full URL is an entry's, a relative one is relative to the
        server of the entry it stands in.
        """
        if reference.startswith("#"):
            return next((found for found in _within(contained) if found.id == reference[1:]), None)
        return _latest(self._by_url.get(reference, ())) if leads_to is None else self.at(leads_to)

    def at(self, place: Target) -> Held | None:
        """The resource at a place; where one side names no server, type and id have to do."""
        exact = _latest(self._by_url.get(place.key, ()))
        if exact is not None:
            return exact
        alike = self._by_id.get((place.type, place.id), ())
        return _latest([held for held in alike if not (place.base and held.target and held.target.base)])


def _latest(found: Sequence[Held]) -> Held | None:
    """Of several versions the latest, else the first, as a history begins with the newest."""
    if len(found) <= 1:
        return found[0] if found else None
    return max(found, key=lambda held: held.at or _NEVER)


def contents(held: Sequence[Held]) -> Contents:
    """Index the resources by URL, without http or https, and by type and id."""
    by_url: dict[str, list[Held]] = {}
    by_id: dict[tuple[str, str], list[Held]] = {}
    for each in held:
        if each.target is not None:
            by_url.setdefault(each.target.key, []).append(each)
            by_id.setdefault((each.target.type, each.target.id), []).append(each)
        url = each.entry.full_url if each.entry else None
        if url is not None and url.startswith("urn:"):
            by_url.setdefault(url.strip(), []).append(each)
    return Contents(_by_url=by_url, _by_id=by_id)


def hold(raw: Json, entry: Entry | None = None, *, contained: bool = False) -> Held:
    """A resource as the body holds it. Its wrong types are told when it is read, not here."""
    itself = read(raw, _Identified, [])
    kind = itself.resource_type
    updated = itself.meta.last_updated if itself.meta else None
    modified = entry.response.last_modified if entry and entry.response else None
    written = updated or modified
    return Held(
        type=kind,
        raw=raw,
        id=itself.id,
        target=None if contained or kind is None else _home(kind, itself.id, entry),
        said_at=written,
        at=instant(written),
        entry=entry,
        contained=contained,
    )


def _home(kind: str, own_id: str | None, entry: Entry | None) -> Target | None:
    if own_id is None:
        return None
    by_url = target(entry.full_url) if entry else None
    if by_url is None or by_url.type != kind:
        return target(f"{kind}/{own_id}")
    return by_url if by_url.id == own_id else target(f"{kind}/{own_id}", by_url.base)


def _within(contained: Iterable[Raw] | None) -> Iterable[Held]:
    return (hold(raw, contained=True) for raw in contained or ())
