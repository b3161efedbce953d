"""From a claimed row's facts to the decision and the exact words."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sms_service.content.gate import Gate
from sms_service.content.library import Library
from sms_service.content.writing import About, answer, pick, write
from sms_service.domain.compose import CannotComposeError, Text
from sms_service.domain.decide import Defer, Due, Facts, Send, Skip, decide
from sms_service.domain.event import CancelReason, Status
from sms_service.domain.leaflet import link_to
from sms_service.domain.pathway import Anchor
from sms_service.domain.people import Clinic
from sms_service.domain.reasons import Reason
from sms_service.domain.registers import Registers, value
from sms_service.store.keyring import Box, KeyRing
from sms_service.store.patients import load
from sms_service.store.tenants import clinic_of

OPT_OUT_STEP = "opt_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A text that goes now: to whom, its words, and how they are kept."""

    to: str = field(repr=False)
    text: Text = field(repr=False)
    box: Box = field(repr=False)
    decision: Send


def write_text(
    row: Any,
    library: Library,
    gate: Gate,
    keys: KeyRing,
    base_url: str,
    now: datetime,
) -> Written | Defer | Skip:
    """Ask `decide` whether the text may go at this moment, then `compose` words that `gate` opens.

    `base_url` is where the service's pages are, for clinics that have no address of their own.
    """
    clinic = clinic_of(row.clinic_id, row.sender_id, row.settings)
    visit = load(row.visit) if row.visit is not None else {}
    due = Due(
        anchor=Anchor(row.anchor) if row.anchor else None, until=row.until, told=row.told, counts=row.counts
    )
    facts = _guards(row, clinic, visit)
    decision = decide(due, facts, now)
    if not isinstance(decision, Send):
        return decision
    box = keys.box(row.data_key)
    person = load(json.loads(box.open(row.patient_state)))
    try:
        link = _link(row, box, clinic.leaflet_base_url or base_url)
        text = _words(row, library, gate, clinic, visit, person, link)
    except CannotComposeError as error:
        return Skip(reason=_reason(error, live=row.live))
    return Written(to=str(value(person, "phone")), text=text, box=box, decision=decision)


def _reason(error: CannotComposeError, *, live: bool) -> Reason:
    if not error.missing.startswith("no words"):
        return Reason.MISSING_FACT
    return Reason.NOT_SIGNED if live and error.missing.startswith("no words in") else Reason.NO_TEXT


def _guards(row: Any, clinic: Clinic, visit: Registers) -> Facts:
    reason = value(visit, "reason")
    return Facts(
        zone=row.zone or clinic.zone,
        hours=clinic.hours,
        reachable=row.present_index is not None and row.present_index == row.phone_index and not row.unusable,
        consent=row.consent,
        opted_out=row.opted_out,
        sender_blocked=row.sender_blocked,
        deceased=row.deceased,
        merged_away=row.merged_away,
        on_hold=row.on_hold,
        circuit_open=row.circuit_open,
        number_allowed=row.number_allowed,
        test=bool(row.test),
        status=Status(row.status) if row.status else None,
        cancel_reason=CancelReason(str(reason)) if reason else None,
        done=_done(visit),
        start=row.starts_at,
        recent=list(row.recent),
        texts_per_day=clinic.texts_per_day,
        texts_per_week=clinic.texts_per_week,
        confirms_opt_out=row.step == OPT_OUT_STEP,
    )


def _link(row: Any, box: Box, base_url: str) -> str | None:
    return link_to(base_url, box.open(row.leaflet)) if row.leaflet is not None else None


def _words(
    row: Any,
    library: Library,
    gate: Gate,
    clinic: Clinic,
    visit: Registers,
    person: Registers,
    link: str | None,
) -> Text:
    language = value(person, "language_chosen") or value(person, "language")
    about = About(
        language=str(language) if language else None,
        merged=tuple(row.merged),
        confirmed=row.confirmed is not None and row.confirmed == row.starts_at,
        returning=bool(row.returning_patient),
        reinstated=bool(row.told_cancelled),
        injectate=_text(visit, "procedure.injectate"),
        done=_done(visit),
        starts=_starts(row, visit),
        location=_text(visit, "location"),
        link=link,
        follow=_follow(row, library),
        answer=row.facts.get("answer"),
    )
    if row.anchor is None:
        variant = answer(library, row.facts["text"])
    else:
        variant = pick(library, clinic, row.pathway, row.step, about)
    given = value(person, "given")
    addressee = str(given) if row.shares_phone and given else None
    return write(library, gate, clinic, variant, about, addressee)


def _starts(row: Any, visit: Registers) -> tuple[datetime, ...]:
    """The wall times to name: visits of one day share texts, but what is cancelled is this one alone."""
    start = _text(visit, "start")
    if start is None:
        return ()
    others = row.day_starts if row.anchor != Anchor.CANCELLED else ()
    return tuple(datetime.fromisoformat(other) for other in others) or (datetime.fromisoformat(start),)


def _follow(row: Any, library: Library) -> int:
    """How many texts follow this one: aftercare waits as one row for the whole chain behind it."""
    pathway = library.pathways.get(row.pathway or "")
    after = sum(1 for step in pathway.steps if step.anchor is Anchor.COMPLETED) if pathway else 0
    return int(row.pending) - 1 + max(after - 1, 0)


def _done(visit: Registers) -> bool | None:
    held = value(visit, "procedure.done")
    return held if isinstance(held, bool) else None


def _text(visit: Registers, name: str) -> str | None:
    held = value(visit, name)
    return str(held) if held is not None else None
