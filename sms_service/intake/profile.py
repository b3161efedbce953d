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
    """A feed's mapping. `types` maps a type's code, text or coding (casefolded) to a pathway id.

    The rest is for HL7 v2 and names fields as it does: `SCH-2.1` is the first component of SCH-2.

    - `appointment_id`: where a visit's number stands; the first that is filled counts.
    - `visit_number`: the field of ADT messages that repeats it; None when none does.
    - `patient_id_type`: which identifier of PID-3 (its fifth component).
    - `time_sources`: where the start stands; the first counts, and the others must agree.
    - `status_words`: a site's own words (casefolded) to a status.
    - `languages`: its own codes (casefolded) to language tags.
    - `charset`: for messages that name none in MSH-18.
    """

    zone: str | None = None
    country: str = "US"
    types: Mapping[str, str] = field(default_factory=dict)
    appointment_id: tuple[str, ...] = ("SCH-2.1", "SCH-1.1")
    visit_number: str | None = None
    patient_id_type: str | None = None
    time_sources: tuple[str, ...] = ("TQ1-7", "SCH-11.4", "SCH-11.1", "AIS-4")
    status_words: Mapping[str, str] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)
    charset: str | None = None
    fhir: Fhir = field(default_factory=Fhir)

    def pathway(self, candidates: list[str]) -> str | None:
        """The pathway of the first candidate that is mapped."""
        for candidate in candidates:
            mapped = self.types.get(candidate.strip().casefold())
            if mapped is not None:
                return mapped
        return None


_DEFAULT = Profile()
_SYSTEMS = ("appointment_system", "patient_system")


def profile_of(settings: Mapping[str, Any], clinic_zone: str) -> Profile:
    """The profile in a feed's stored settings; times without a zone are in the clinic's unless it says so."""
    return Profile(
        zone=settings.get("zone", clinic_zone),
        country=settings.get("country", "US"),
        types=_casefolded(settings.get("types")),
        appointment_id=_several(settings.get("appointment_id")) or _DEFAULT.appointment_id,
        visit_number=_text(settings.get("visit_number")),
        patient_id_type=_text(settings.get("patient_id_type")),
        time_sources=_several(settings.get("time_sources")) or _DEFAULT.time_sources,
        status_words=_casefolded(settings.get("status_words")),
        languages=_casefolded(settings.get("languages")),
        charset=_text(settings.get("charset")),
        fhir=_fhir(settings.get("fhir") or {}),
    )


def _fhir(settings: Mapping[str, Any]) -> Fhir:
    said = {name: str(settings.get(name) or "").strip() for name in ("server", *_SYSTEMS)}
    return Fhir(
        server=said["server"].rstrip("/") or None,
        appointment_system=said["appointment_system"] or None,
        patient_system=said["patient_system"] or None,
    )


def _casefolded(table: Any) -> dict[str, str]:  # noqa: ANN401 - as it was stored
    return {str(name).strip().casefold(): str(meaning) for name, meaning in (table or {}).items()}


def _text(held: Any) -> str | None:  # noqa: ANN401 - as it was stored
    return None if held is None else str(held)


def _several(held: Any) -> tuple[str, ...]:  # noqa: ANN401 - as it was stored
    """One name or a list of them."""
    return (held,) if isinstance(held, str) else tuple(str(name) for name in held or ())
