"""Which words may go to a patient: any draft in a rehearsal, signed pairs alone on a live sender."""

from __future__ import annotations

from typing import Protocol

from sms_service.content.library import Library
from sms_service.domain.compose import Catalog
from sms_service.domain.pathway import Variant


class Gate(Protocol):
    """Whoever decides which words are open."""

    def catalog(self, variant: Variant, language: str) -> Catalog | None:
        """A catalog whose words for this text may go out in this language; None when there are none."""


class Drafts:
    """Rehearsal: whatever the catalogs hold."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def catalog(self, variant: Variant, language: str) -> Catalog | None:
        """The language's catalog, where it has this text in all its forms."""
        held = self._library.catalogs.get(language)
        return held if held is not None and held.has(variant) else None
