"""The table of medical facts and where they can be read: what a text may name as its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sms_service.content.errors import ContentError
from sms_service.content.yaml_files import place_of, read_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One fact: what may be said, and where that stands."""

    says: str
    read: tuple[str, ...]


def load_sources(path: Path) -> Mapping[str, Source]:
    """Every fact by its id. Raises ContentError for one without words or without a place to read it."""
    sources = {}
    for name, raw in (read_yaml(path).get("sources") or {}).items():
        place = place_of(f"source {name}", raw)
        if not isinstance(raw, dict) or not raw.get("says") or not raw.get("read"):
            raise ContentError(
                path, place, "needs `says` and `read`; write what it states and where it stands"
            )
        sources[str(name)] = Source(says=str(raw["says"]), read=tuple(map(str, raw["read"])))
    return sources
