"""The page of no visit: whose phone it may name, and in which words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import sqlalchemy as sa

from sms_service.content.catalogs import SOURCE_LANGUAGE
from sms_service.content.page_words import Voice, known_language
from sms_service.domain.people import Clinic
from sms_service.store.clock import patient_now
from sms_service.store.deployment import clinics
from sms_service.store.tenants import clinic_of
from sms_service.use_cases.service import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A clinic as far as a page of nobody may name it."""

    clinic: Clinic
    slug: str
    live: bool

    @property
    def name(self) -> str:
        """The host of its pages, with the port where it is no usual one; empty without one of its own."""
        return urlsplit(self.clinic.leaflet_base_url).netloc.casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """Every clinic there is."""

    all: Sequence[Host] = field(default_factory=tuple)

    def of(self, name: str) -> Host | None:
        """The clinic whose pages are under this host; else the only one there is; else nobody."""
        named = [host for host in self.all if host.name and host.name == name.casefold()]
        if len(named) == 1:
            return named[0]
        return self.all[0] if len(self.all) == 1 else None


def all_hosts(service: Service) -> Hosts:
    """Read every clinic."""
    with service.db.transaction() as connection:
        everyone = clinics(connection)
    with service.db.transaction(everyone) as connection:
        rows = connection.execute(
            sa.text(
                "SELECT c.id, c.slug, c.sender_id, c.settings, s.live FROM clinics c"
                " JOIN senders s ON s.id = c.sender_id ORDER BY c.id"
            )
        ).all()
    return Hosts(
        all=[
            Host(clinic=clinic_of(row.id, row.sender_id, row.settings), slug=row.slug, live=row.live)
            for row in rows
        ]
    )


def voice_of(service: Service, hosts: Hosts, host: Host | None, language: str | None) -> Voice:
    """Who says that a page is not there. Where it is nobody in particular, any signature is enough."""
    concerned = [host] if host is not None else hosts.all
    with service.db.transaction([one.clinic.id for one in concerned]) as connection:
        now = patient_now(connection)
        ledger = service.open_words.ledger(connection, frozenset(one.clinic.id for one in concerned))
    theirs = host.clinic.default_language if host is not None else SOURCE_LANGUAGE
    slug = host.slug if host is not None else None
    live = any(one.live for one in concerned)
    return Voice(
        library=service.library,
        gate=service.open_words.gate(service.library, ledger if live else None, slug, now),
        ledger=ledger,
        clinic=host.clinic if host is not None else None,
        slug=slug,
        language=known_language(service.library, language, theirs),
        now=now,
    )
