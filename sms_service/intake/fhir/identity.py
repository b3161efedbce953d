"""Which name visits and patients go by: the resource's id, its URL, or an identifier of a chosen system."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sms_service.intake.fhir.datatypes import Identifier
from sms_service.intake.fhir.periods import current
from sms_service.intake.fhir.references import Target
from sms_service.intake.profile import Fhir
from sms_service.intake.values import LONGEST


def named(target: Target | None, fhir: Fhir) -> str | None:
    """The name by id: ids are unique on one server only, so a feed that names its server has URLs."""
    if target is None:
        return None
    if fhir.server is None:
        return target.id
    return usable(str(Target(base=target.base or fhir.server, type=target.type, id=target.id)))


def identified(identifiers: Iterable[Identifier], system: str, now: datetime) -> str | None:
    """The current value in the chosen identifier system."""
    for identifier in identifiers:
        if identifier.system == system and current(identifier.period, now):
            found = usable(identifier.value)
            if found is not None:
                return found
    return None


def usable(written: str | None) -> str | None:
    """A name that can be stored, else None."""
    said = (written or "").strip()
    return said if 0 < len(said) <= LONGEST and said.isprintable() else None
