"""How one feed speaks: its zone, country, and what its appointment types mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A feed's mapping. `types` maps a type's code, text or coding (casefolded) to a pathway id."""

    zone: str | None = None
    country: str = "US"
    types: Mapping[str, str] = field(default_factory=dict)

    def pathway(self, candidates: list[str]) -> str | None:
        """The pathway of the first candidate that is mapped."""
        for candidate in candidates:
            mapped = self.types.get(candidate.strip().casefold())
            if mapped is not None:
                return mapped
        return None


def profile_of(settings: Mapping[str, Any], clinic_zone: str) -> Profile:
    """The profile in a feed's stored settings; times without a zone are in the clinic's unless it says so."""
    return Profile(
        zone=settings.get("zone", clinic_zone),
        country=settings.get("country", "US"),
        types={
            str(name).strip().casefold(): str(pathway)
            for name, pathway in (settings.get("types") or {}).items()
        },
    )
