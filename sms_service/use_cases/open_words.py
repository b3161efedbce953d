"""Which words are open to a clinic now: drafts where it rehearses, signed pairs where it is live."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa

from sms_service.content.catalogs import SOURCE_LANGUAGE
from sms_service.content.gate import Drafts, Gate
from sms_service.content.library import Library
from sms_service.content.signed_gate import Ledger, SignedOnly
from sms_service.store.sign_offs import ledger_version, load_ledger

#: What has to be signed before the first text to a real patient: the ways out, and the answers to danger.
ESSENTIAL = ("opt_out", "help", "red_flag", "crisis", "opt_out_red_flag", "opt_out_crisis")


@dataclass(slots=True, kw_only=True)
class OpenWords:
    """The sign-offs a process has read; they are read again only when they have grown since."""

    _held: dict[frozenset[int], Ledger] = field(default_factory=dict, repr=False)

    @staticmethod
    def gate(library: Library, ledger: Ledger | None, clinic: str | None, now: datetime) -> Gate:
        """The gate of a clinic; without a ledger it rehearses, and drafts are open."""
        return Drafts(library) if ledger is None else SignedOnly(library, ledger, clinic, now)

    def ledger(self, connection: sa.Connection, clinics: frozenset[int]) -> Ledger:
        """The ledger as the clinics in scope see it."""
        version = ledger_version(connection)
        held = self.held(clinics, version)
        if held is None:
            held = replace(load_ledger(connection), version=version)
            self._held[clinics] = held
        return held

    def held(self, clinics: frozenset[int], version: tuple[int, int]) -> Ledger | None:
        """The ledger, where it was read before and has not grown since."""
        held = self._held.get(clinics)
        return held if held is not None and held.version == version else None


def unsigned_essentials(connection: sa.Connection, library: Library, now: datetime) -> list[str]:
    """What the clinics of live senders, as far as they are in scope, still have to have signed in English."""
    slugs = connection.execute(
        sa.text(
            "SELECT c.slug FROM clinics c JOIN senders s ON s.id = c.sender_id WHERE s.live ORDER BY c.slug"
        )
    ).scalars()
    ledger = load_ledger(connection)
    return [
        f"clinic {slug} has no signed text {name}"
        for slug in slugs
        for name in ESSENTIAL
        if SignedOnly(library, ledger, slug, now).catalog(library.answers[name], SOURCE_LANGUAGE) is None
    ]
