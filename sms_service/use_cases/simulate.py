"""One patient's visit lived through in memory: the engine's own functions, no database, no provider.

`fold`, `plan`, `decide`, `compose`, `understand` and the echo of answers are the ones the service runs. What
stands in for the tables is a dictionary of texts, kept as `replan` keeps the rows.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sms_service.content.gate import Gate
from sms_service.content.library import Library
from sms_service.content.writing import About, answer, language_of, pick, write
from sms_service.domain.answers import echo, unplaced
from sms_service.domain.appointment import Appointment
from sms_service.domain.compose import CannotComposeError, Text
from sms_service.domain.decide import Defer, Due, Facts, Send, decide
from sms_service.domain.event import Event, Status
from sms_service.domain.fold import fold
from sms_service.domain.ids import AppointmentId
from sms_service.domain.pathway import Anchor, Pathway, Purpose, Tells, Variant
from sms_service.domain.people import Clinic, Patient
from sms_service.domain.plan import plan
from sms_service.domain.planned import Planned
from sms_service.domain.reasons import Reason
from sms_service.domain.told import Already
from sms_service.domain.understand import Intent, understand

_WEEK = timedelta(hours=168)
_ANSWER_USEFUL = timedelta(minutes=30)
_QUESTION_LIVES = timedelta(days=21)
#: Why what is left pending ends when the visit does; as in `replan`.
_OVER = {
    Status.COMPLETED: Reason.COMPLETED,
    Status.CANCELLED: Reason.CANCELLED,
    Status.NO_SHOW: Reason.NO_SHOW,
}


_ENOUGH = frozenset({Reason.ALREADY_SENT, Reason.ALREADY_CONFIRMED, Reason.ASKED_LATER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the patient texts, and when."""

    at: datetime
    words: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One line of the timeline: a text that went, or one left out and why.

    `at` is None for a text that was left out before it had a time.
    """

    step: str
    purpose: Purpose
    at: datetime | None
    reason: Reason | None = None
    text: Text | None = field(default=None, repr=False)
    merged: tuple[str, ...] = ()
    is_answer: bool = False


@dataclass(slots=True, kw_only=True)
class _Row:
    """A text as its row would be."""

    item: Planned
    sent_at: datetime | None = None
    over: Reason | None = None
    variant: Variant | None = None
    text: Text | None = None
    start: datetime | None = None
    given: int | None = None

    @property
    def goes(self) -> bool:
        return self.sent_at is None and self.over is None and self.item.goes

    @property
    def waits(self) -> bool:
        return self.sent_at is None and self.over is None and self.item.reason is Reason.NOT_YET


@dataclass(slots=True, kw_only=True)
class _Life:
    """Everything of one patient's visit."""

    library: Library
    gate: Gate
    clinic: Clinic
    pathway: Pathway
    patient: Patient
    appointment: Appointment
    rows: dict[tuple[str, int], _Row] = field(default_factory=dict)
    answers: list[Outcome] = field(default_factory=list)
    asked: _Row | Outcome | None = None

    def take(self, event: Event, now: datetime) -> None:
        """An event: fold it, plan again."""
        self.appointment = fold(self.appointment, event, now).appointment
        self.replan(now)

    def replan(self, now: datetime) -> None:
        """Plan again and bring the rows in line: what went stays, what is pending becomes what is wanted."""
        left = dict(self.rows)
        planned = plan(self.appointment, self.pathway, self.clinic, self.patient, [*self._already()], now)
        for item in planned:
            key = (item.step, item.occasion)
            row = left.pop(key, None)
            if row is None:
                if item.reason is not Reason.ALREADY_SENT:
                    self.rows[key] = _Row(item=item)
            elif row.sent_at is None:
                self.rows[key] = _Row(item=item)
        over = _OVER.get(self.appointment.status or Status.PROPOSED, Reason.NOT_NEEDED)
        for row in left.values():
            if row.goes or row.waits:
                row.over = over

    def _already(self) -> Sequence[Already]:
        return [
            Already(
                step=row.item.step,
                at=row.sent_at,
                occasion=row.item.occasion,
                merged=row.item.merged,
                pathway=self.pathway.id,
                start=row.item.told,
                tells=row.variant.tells if row.variant else None,
                counts=self.pathway.step(row.item.step).counts,
                answered=row.given is not None,
            )
            for row in self.rows.values()
            if row.sent_at is not None
        ]

    def next_due(self) -> datetime | None:
        """When the next text falls due."""
        return min((row.item.due for row in self.rows.values() if row.goes and row.item.due), default=None)

    def send_due(self, now: datetime) -> None:
        """Ask of each text that is due whether it may go; write it."""
        due = [
            row for row in self.rows.values() if row.goes and row.item.due is not None and row.item.due <= now
        ]
        for row in sorted(due, key=lambda row: (row.item.due, row.item.priority)):
            self._send(row, now)

    def _send(self, row: _Row, now: datetime) -> None:
        step, item = self.pathway.step(row.item.step), row.item
        decision = decide(
            Due(anchor=step.anchor, until=item.until or now, told=item.told, counts=step.counts),
            self._facts(now),
            now,
        )
        if isinstance(decision, Defer):
            row.item = replace(item, due=decision.until)
            return
        if not isinstance(decision, Send):
            row.over = decision.reason
            return
        about = self._about(row)
        try:
            row.variant = pick(self.library, self.clinic, self.pathway.id, step.id, about)
            row.text = write(self.library, self.gate, self.clinic, row.variant, about)
        except CannotComposeError as error:
            row.over = Reason.NO_TEXT if error.missing.startswith("no words") else Reason.MISSING_FACT
            return
        row.sent_at = now
        if row.variant.opens is not None:
            self.asked = row

    def _facts(self, now: datetime) -> Facts:
        start = self.appointment.start
        recent = [
            row.sent_at
            for row in self.rows.values()
            if row.sent_at is not None
            and now - row.sent_at < _WEEK
            and self.pathway.step(row.item.step).counts
        ]
        return Facts(
            zone=self.patient.zone or self.clinic.zone,
            hours=self.clinic.hours,
            opted_out=self.patient.opted_out,
            consent=self.patient.consent,
            status=self.appointment.status,
            cancel_reason=self.appointment.cancel_reason,
            done=self.appointment.done,
            start=start.instant if start else None,
            recent=recent,
            texts_per_day=self.clinic.texts_per_day,
            texts_per_week=self.clinic.texts_per_week,
        )

    def _about(self, row: _Row) -> About:
        start = self.appointment.start
        told = [r for r in self.rows.values() if r.sent_at is not None and r.variant and r.variant.tells]
        last = max(told, key=lambda r: r.sent_at or datetime.min, default=None)  # noqa: DTZ901 - never reached
        pending = sum(r.goes or r.waits for r in self.rows.values())
        after = sum(1 for step in self.pathway.steps if step.anchor is Anchor.COMPLETED)
        return About(
            language=self.patient.language,
            merged=row.item.merged,
            confirmed=start is not None and self.appointment.confirmed == start.instant,
            returning=self.patient.returning,
            reinstated=last is not None
            and last.variant is not None
            and last.variant.tells is Tells.CANCELLED,
            injectate=self.appointment.injectate,
            done=self.appointment.done,
            starts=(start.local,) if start else (),
            location=self.appointment.location,
            follow=pending - 1 + max(after - 1, 0),
        )

    def hear(self, said: Said) -> None:
        """A reply: understand it, act on it, answer it at once."""
        now, language = said.at, language_of(self.patient.language, self.clinic)
        keywords = self.library.keywords.get(language) or self.library.keywords["en"]
        asked = self._open_question(now)
        variant = _variant(asked)
        meaning = understand(said.words, keywords, variant.opens if variant else None)
        match meaning.intents[0]:
            case Intent.OPT_OUT:
                known, self.patient = self.patient.opted_out, replace(self.patient, opted_out=True)
                self.replan(now)
                if not known:
                    self._answer("opt_out", "opt_out", now)
            case Intent.OPT_IN:
                self.patient = replace(self.patient, opted_out=False)
                self.replan(now)
                self._answer("opt_in", "opt_in", now)
            case Intent.HELP:
                self._answer("help", "help", now)
            case Intent.LANGUAGE:
                self.patient = replace(self.patient, language=meaning.language)
                self._answer("answer", "language_changed", now)
            case Intent.ANSWER if asked is not None and variant is not None and variant.opens is not None:
                given = meaning.answer if meaning.answer is not None else 0
                start = self.appointment.start
                told = asked.item.told if isinstance(asked, _Row) else None
                # a question inside an answer is about no time of the visit
                stands = told is None or (start is not None and told == start.instant)
                follows = echo(variant.opens, given, visit_stands=stands)
                self.asked = None
                if isinstance(asked, _Row):
                    asked.given = given
                if follows.confirms and start is not None:
                    self.appointment = replace(self.appointment, confirmed=start.instant)
                self._answer("answer", follows.text, now, given)
                self.replan(now)
            case _:
                self._answer("answer", unplaced(self.clinic, now), now)

    def _open_question(self, now: datetime) -> _Row | Outcome | None:
        asked = self.asked
        since = asked.sent_at if isinstance(asked, _Row) else asked.at if asked else None
        return asked if since is not None and since > now - _QUESTION_LIVES else None

    def _answer(self, step: str, text: str, now: datetime, given: int | None = None) -> None:
        facts = replace(self._facts(now), confirms_opt_out=step == "opt_out")
        decision = decide(Due(anchor=None, until=now + _ANSWER_USEFUL), facts, now)
        if not isinstance(decision, Send):
            return
        variant, start = answer(self.library, text), self.appointment.start
        about = About(
            language=self.patient.language,
            starts=(start.local,) if start else (),
            location=self.appointment.location,
            answer=given,
        )
        outcome = Outcome(
            step=step,
            purpose=Purpose.ANSWER,
            at=now,
            text=write(self.library, self.gate, self.clinic, variant, about),
            is_answer=True,
        )
        self.answers.append(outcome)
        if variant.opens is not None:
            self.asked = outcome

    def timeline(self) -> list[Outcome]:
        """Everything that went or was left out, in time order; what never had a time comes last."""
        rows = [
            Outcome(
                step=row.item.step,
                purpose=self.pathway.step(row.item.step).purpose,
                at=row.sent_at or row.item.due,
                reason=None if row.sent_at else row.over or row.item.reason or Reason.NOT_YET,
                text=row.text if row.sent_at else None,
                merged=row.item.merged,
            )
            for row in self.rows.values()
        ]
        gone = {row.step for row in rows if row.text is not None}
        # a step that may repeat leaves a line for the time it need not: the text that went says enough
        every = [
            *(row for row in rows if row.text or row.reason not in _ENOUGH or row.step not in gone),
            *self.answers,
        ]
        return sorted((o for o in every if o.at), key=lambda o: o.at or datetime.min) + [  # noqa: DTZ901 - as above
            o for o in every if o.at is None
        ]


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
    life = _Life(
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
                life.hear(what)
        elif due is not None:
            now = due if now is None else max(now, due)
            life.send_due(now)
        else:
            return life.timeline()


def _variant(asked: _Row | Outcome | None) -> Variant | None:
    if isinstance(asked, Outcome):
        return asked.text.variant if asked.text else None
    return asked.variant if asked else None
