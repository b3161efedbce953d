"""How one feed speaks: its zone, country, and what its appointment types mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Fhir:
    """What a FHIR feed's ids are. Changing any of it gives visits and patients new names."""

    server: str | None = None
    """The server's base URL: ids are then whole URLs, for a feed that carries several servers."""
    appointment_system: str | None = None
    """The identifier system whose value names an appointment; default: the resource's id."""
    patient_system: str | None = None
    """The same for patients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A feed's mapping. `types` maps a type's code, text or coding (casefolded) to a pathway id."""

    zone: str | None = None
    country: str = "US"
    types: Mapping[str, str] = field(default_factory=dict)
    fhir: Fhir = field(default_factory=Fhir)

    def pathway(self, candidates: list[str]) -> str | None:
        """The pathway of the first candidate that is mapped."""
        for candidate in candidates:
            mapped = self.types.get(candidate.strip().casefold())
            if mapped is not None:
                return mapped
        return None


_SYSTEMS = ("appointment_system", "patient_system")


def profile_of(settings: Mapping[str, Any], clinic_zone: str) -> Profile:
    """The profile in a feed's stored settings; times without a zone are in the clinic's unless it says so."""
    return Profile(
        zone=settings.get("zone", clinic_zone),
        country=settings.get("country", "US"),
        types={
            str(name).strip().casefold(): str(pathway)
            for name, pathway in (settings.get("types") or {}).items()
        },
        fhir=_fhir(settings.get("fhir") or {}),
    )


def _fhir(settings: Mapping[str, Any]) -> Fhir:
    said = {name: str(settings.get(name) or "").strip() for name in ("server", *_SYSTEMS)}
    return Fhir(
        server=said["server"].rstrip("/") or None,
        appointment_system=said["appointment_system"] or None,
        patient_system=said["patient_system"] or None,
    )
