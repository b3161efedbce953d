"""From a claimed row's facts to the decision and the exact words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sms_service.content.dates import write_date, write_times
from sms_service.content.library import Library
from sms_service.domain.compose import CannotComposeError, Situation, Text, choose, compose
from sms_service.domain.decide import Defer, Due, Facts, Send, Skip, decide
from sms_service.domain.event import CancelReason, Status
from sms_service.domain.pathway import Anchor, Pathway, Variant
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
    keys: KeyRing,
    now: datetime,
    signed: Mapping[str, bool] | None = None,
) -> Written | Defer | Skip:
    """Ask `decide` whether the text may go at this moment, then `compose` its words.

    `signed` maps catalog hashes to valid sign-offs; on a live sender a text without one is skipped.
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
        text = _words(row, library, clinic, visit, person)
    except CannotComposeError as error:
        return Skip(reason=Reason.NO_TEXT if error.missing.startswith("no words") else Reason.MISSING_FACT)
    if row.live and not (signed or {}).get(text.catalog_hash, False):
        return Skip(reason=Reason.NOT_SIGNED)
    return Written(to=str(value(person, "phone")), text=text, box=box, decision=decision)


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


def _words(row: Any, library: Library, clinic: Clinic, visit: Registers, person: Registers) -> Text:
    language = value(person, "language_chosen") or value(person, "language")
    catalog = library.catalog(str(language) if language else None, clinic.default_language)
    variant = _variant(row, library, clinic, visit, unknown_language=language is None)
    shown = _facts(row, library, clinic, visit, catalog.language)
    given = value(person, "given")
    addressee = str(given) if row.shares_phone and given else None
    return compose(variant, catalog, shown, addressee)


def _variant(
    row: Any, library: Library, clinic: Clinic, visit: Registers, *, unknown_language: bool
) -> Variant:
    if row.anchor is None:
        if row.facts["text"] not in library.answers:
            raise CannotComposeError(row.facts["text"], "no words by that name")
        return library.answers[row.facts["text"]]
    # a pathway may have been withdrawn, or lost a step, since the text was planned
    pathway: Pathway | None = library.pathways.get(row.pathway)
    step = next((step for step in pathway.steps if step.id == row.step), None) if pathway else None
    offers = unknown_language and bool(library.offers(clinic.offered_languages, clinic.default_language))
    situation = Situation(
        merged=tuple(row.merged),
        flags={
            "confirmed": row.confirmed is not None and row.confirmed == row.starts_at,
            "returning": bool(row.returning_patient),
            "offers": offers,
            "reinstated": bool(row.told_cancelled),
            "injectate": str(value(visit, "procedure.injectate") or "unknown"),
            "done": "yes" if _done(visit) else "unknown",
        },
    )
    variant = choose(step, situation) if step else None
    if variant is None:
        raise CannotComposeError(f"{row.pathway}.{row.step}", "no words for this situation")
    return variant


def _facts(row: Any, library: Library, clinic: Clinic, visit: Registers, language: str) -> dict[str, str]:
    """What the placeholders stand for, written in the language."""
    after = (
        sum(1 for step in library.pathways[row.pathway].steps if step.anchor is Anchor.COMPLETED)
        if row.pathway
        else 0
    )
    shown = {
        "clinic": clinic.name,
        "program": clinic.program,
        "phone": clinic.phone,
        "after_hours_phone": clinic.after_hours_phone,
        "emergency": clinic.emergency,
        "address": clinic.address(_text(visit, "location")),
        "arrive_early": str(clinic.arrive_early_minutes),
        # what follows this text; aftercare waits as one row for the whole chain behind it
        "count": str(max(row.pending - 1 + max(after - 1, 0), 2)),
        "offers": library.offers(clinic.offered_languages, language),
    }
    start = _text(visit, "start")
    if start is not None:
        # visits of one day share their texts, but what is cancelled is this one alone
        others = row.day_starts if row.anchor != Anchor.CANCELLED else ()
        starts = [datetime.fromisoformat(other) for other in others] or [datetime.fromisoformat(start)]
        shown["date"] = write_date(datetime.fromisoformat(start).date(), language)
        shown["time"] = write_times(tuple(other.time() for other in starts), language)
    if "answer" in row.facts:
        shown["answer"] = str(row.facts["answer"])
    return shown


def _done(visit: Registers) -> bool | None:
    held = value(visit, "procedure.done")
    return held if isinstance(held, bool) else None


def _text(visit: Registers, name: str) -> str | None:
    held = value(visit, name)
    return str(held) if held is not None else None
