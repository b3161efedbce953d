"""Open the page behind a link: whose it is, what it shows, which question it asks. Nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from sms_service.content.page_words import Voice, known_language
from sms_service.content.signed_gate import Ledger
from sms_service.content.writing import About, language_of
from sms_service.domain.answers import QUESTION_LIVES
from sms_service.domain.event import Status
from sms_service.domain.leaflet import Shows, asks, shows
from sms_service.domain.pathway import Pathway, Question
from sms_service.domain.people import Clinic
from sms_service.store.leaflets import Page, last_echo, open_page, questions
from sms_service.store.tenants import clinic_of
from sms_service.use_cases.service import Service

#: For how long the answer to an answer stays on the page: it names the answer, and a phone may be lent.
_ECHO_STAYS = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The question that the page asks, by the message that opened it."""

    message_id: int
    question: Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A page as it is to be shown at this moment."""

    voice: Voice
    clinic: Clinic
    pathway: Pathway | None
    shows: Shows
    about: About
    start: datetime | None
    version: int
    """Grows with every change of the visit, also of the one it replaced."""
    edition: tuple[object, ...] = field(repr=False)
    """What all words depend on that are not about the visit: while it stays, so do they."""
    asked: Asked | None = None
    echo: tuple[str, int | None] | None = field(default=None, repr=False)


def open_leaflet(service: Service, token: str, language: str | None) -> Opened | None:
    """The page of a token; None for one that is unknown, too old, or whose visit is another patient's by now.

    `language` is what the reader chose on the page; without a choice it is the patient's.
    """
    page = open_page(service.db, token)
    return _opened(service, page, language) if page is not None else None


def open_question(
    connection: sa.Connection, row: Any, now: datetime, *, told: bool = True
) -> Sequence[tuple[sa.Row[Any], Question]]:
    """The open questions of the page's visit, the newest first; with `told`, only of the time it has now."""
    if row.silent:
        return []
    shown = shows(Status(row.status) if row.status else None, row.starts_at, now)
    held = questions(connection, row.appointment_id, row.patient_id, now - QUESTION_LIVES)
    return [
        (asked, question)
        for asked, question in ((asked, Question(asked.question)) for asked in held)
        if asked.answer is None
        and asks(
            question,
            shown,
            told=asked.told if told else None,
            start=row.starts_at,
            confirmed=row.confirmed,
        )
    ]


def _opened(service: Service, page: Page, wanted: str | None) -> Opened:
    row, now = page.row, page.now
    clinic = clinic_of(row.clinic_id, row.sender_id, row.settings)
    ledger = _ledger(service, row)
    language = known_language(service.library, wanted, language_of(row.language, clinic))
    shown = shows(Status(row.status) if row.status else None, row.starts_at, now)
    asked: Asked | None = None
    echo = None
    if clinic.privacy == 0 or row.asked_on_page:
        with service.db.transaction([clinic.id]) as connection:
            still = open_question(connection, row, now)
            echo = last_echo(connection, row.appointment_id, row.patient_id, now - _ECHO_STAYS)
        asked = Asked(message_id=still[0][0].id, question=still[0][1]) if still else None
    return Opened(
        voice=Voice(
            library=service.library,
            gate=service.open_words.gate(service.library, ledger if row.live else None, row.slug, now),
            ledger=ledger,
            clinic=clinic,
            slug=row.slug,
            language=language,
            now=now,
        ),
        clinic=clinic,
        pathway=service.library.pathways.get(row.pathway or ""),
        shows=shown,
        about=About(starts=_starts(row, shown), location=row.location, answer=echo[1] if echo else None),
        start=row.starts_at,
        version=int(row.version),
        edition=(
            row.clinic_id,
            row.edition,
            row.live,
            row.pathway,
            language,
            ledger.version,
            ledger.ended(now),
        ),
        asked=asked,
        echo=echo,
    )


def _ledger(service: Service, row: Any) -> Ledger:
    """The sign-offs as they stand; read again only when they have grown."""
    clinics = frozenset({int(row.clinic_id)})
    held = service.open_words.held(clinics, (row.pairs, row.acts))
    if held is None:
        with service.db.transaction(clinics) as connection:
            held = service.open_words.ledger(connection, clinics)
    return held


def _starts(row: Any, shown: Shows) -> tuple[datetime, ...]:
    """The wall times to name, as the texts do: visits of one day that are to come stand together."""
    if row.start is None:
        return ()
    others = row.day_starts if shown is Shows.COMING else ()
    return tuple(datetime.fromisoformat(other) for other in others) or (datetime.fromisoformat(row.start),)
