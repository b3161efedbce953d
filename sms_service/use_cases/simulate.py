"""A visit lived through in memory: the engine's own functions, no database, no provider."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sms_service.content.gate import Gate
from sms_service.content.library import Library
from sms_service.content.writing import About, answer, language_of, write
from sms_service.domain.answers import QUESTION_LIVES, echo, unplaced
from sms_service.domain.appointment import Appointment
from sms_service.domain.decide import Due, Send, decide
from sms_service.domain.event import Event
from sms_service.domain.ids import AppointmentId
from sms_service.domain.pathway import Pathway, Purpose, Variant
from sms_service.domain.people import Clinic, Patient
from sms_service.domain.understand import Intent, understand
from sms_service.use_cases.life import Life, Outcome, Row

_ANSWER_USEFUL = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the patient texts, and when."""

    at: datetime
    words: str = field(repr=False)


def simulate(
    library: Library,
    gate: Gate,
    clinic: Clinic,
    pathway: Pathway,
    patient: Patient,
    events: Sequence[Event],
    replies: Sequence[Said] = (),
) -> list[Outcome]:
    """Live through the events and replies in time order, and every text between them, until nothing is due.

    An event is learned of when it is said (`event.at`). At one instant events come first, then replies.
    """
    life = Life(
        library=library,
        gate=gate,
        clinic=clinic,
        pathway=pathway,
        patient=patient,
        appointment=Appointment(id=AppointmentId(1)),
    )
    queue: list[tuple[datetime, int, int, Event | Said]] = []
    for number, event in enumerate(events):
        heapq.heappush(queue, (event.at, 0, number, event))
    for number, said in enumerate(replies):
        heapq.heappush(queue, (said.at, 1, number, said))
    now = min((entry[0] for entry in queue), default=None)
    while True:
        due = life.next_due()
        if queue and (due is None or queue[0][0] <= due):
            now, _, _, what = heapq.heappop(queue)
            if isinstance(what, Event):
                life.take(what, now)
            else:
                _hear(life, what)
        elif due is not None:
            now = due if now is None else max(now, due)
            life.send_due(now)
        else:
            return life.timeline()


def _hear(life: Life, said: Said) -> None:
    """A reply: understand it, act on it, answer it at once."""
    now, language = said.at, language_of(life.patient.language, life.clinic)
    keywords = life.library.keywords.get(language) or life.library.keywords["en"]
    asked = _open_question(life, now)
    variant = _variant(asked)
    meaning = understand(said.words, keywords, variant.opens if variant else None)
    match meaning.intents[0]:
        case Intent.OPT_OUT:
            known, life.patient = life.patient.opted_out, replace(life.patient, opted_out=True)
            life.replan(now)
            if not known:
                _answer(life, "opt_out", "opt_out", now)
        case Intent.OPT_IN:
            life.patient = replace(life.patient, opted_out=False)
            life.replan(now)
            _answer(life, "opt_in", "opt_in", now)
        case Intent.HELP:
            _answer(life, "help", "help", now)
        case Intent.LANGUAGE:
            life.patient = replace(life.patient, language=meaning.language)
            _answer(life, "answer", "language_changed", now)
        case Intent.ANSWER if asked is not None and variant is not None and variant.opens is not None:
            given = meaning.answer if meaning.answer is not None else 0
            start = life.appointment.start
            told = asked.item.told if isinstance(asked, Row) else None
            # a question inside an answer is about no time of the visit
            stands = told is None or (start is not None and told == start.instant)
            follows = echo(variant.opens, given, visit_stands=stands)
            life.asked = None
            if isinstance(asked, Row):
                asked.given = given
            if follows.confirms and start is not None:
                life.appointment = replace(life.appointment, confirmed=start.instant)
            _answer(life, "answer", follows.text, now, given)
            life.replan(now)
        case _:
            _answer(life, "answer", unplaced(life.clinic, now), now)


def _open_question(life: Life, now: datetime) -> Row | Outcome | None:
    asked = life.asked
    since = asked.sent_at if isinstance(asked, Row) else asked.at if asked else None
    return asked if since is not None and since > now - QUESTION_LIVES else None


def _answer(life: Life, step: str, text: str, now: datetime, given: int | None = None) -> None:
    facts = replace(life.facts(now), confirms_opt_out=step == "opt_out")
    decision = decide(Due(anchor=None, until=now + _ANSWER_USEFUL), facts, now)
    if not isinstance(decision, Send):
        return
    variant, start = answer(life.library, text), life.appointment.start
    about = About(
        language=life.patient.language,
        starts=(start.local,) if start else (),
        location=life.appointment.location,
        answer=given,
    )
    outcome = Outcome(
        step=step,
        purpose=Purpose.ANSWER,
        at=now,
        text=write(life.library, life.gate, life.clinic, variant, about),
        is_answer=True,
    )
    life.answers.append(outcome)
    if variant.opens is not None:
        life.asked = outcome


def _variant(asked: Row | Outcome | None) -> Variant | None:
    if isinstance(asked, Outcome):
        return asked.text.variant if asked.text else None
    return asked.variant if asked else None
