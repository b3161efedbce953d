"""One patient's visit in memory: its texts as rows, planned and sent by the engine's own functions.

What stands in for the tables is a dictionary of texts, kept as `replan` keeps the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sms_service.content.example_facts import EXAMPLE_LINK
from sms_service.content.gate import Gate
from sms_service.content.library import Library
from sms_service.content.writing import About, pick, write
from sms_service.domain.appointment import Appointment
from sms_service.domain.compose import CannotComposeError, Text
from sms_service.domain.decide import Defer, Due, Facts, Send, decide
from sms_service.domain.event import Event, Status
from sms_service.domain.fold import fold
from sms_service.domain.pathway import Anchor, Pathway, Purpose, Tells, Variant
from sms_service.domain.people import Clinic, Patient
from sms_service.domain.plan import plan
from sms_service.domain.planned import Planned
from sms_service.domain.reasons import Reason
from sms_service.domain.told import Already

_WEEK = timedelta(hours=168)
#: Why what is left pending ends when the visit does; as in `replan`.
_OVER = {
    Status.COMPLETED: Reason.COMPLETED,
    Status.CANCELLED: Reason.CANCELLED,
    Status.NO_SHOW: Reason.NO_SHOW,
}


_ENOUGH = frozenset({Reason.ALREADY_SENT, Reason.ALREADY_CONFIRMED, Reason.ASKED_LATER})


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
class Row:
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
        """Whether it is still to be sent."""
        return self.sent_at is None and self.over is None and self.item.goes

    @property
    def waits(self) -> bool:
        """Whether it waits for its anchor to happen."""
        return self.sent_at is None and self.over is None and self.item.reason is Reason.NOT_YET


@dataclass(slots=True, kw_only=True)
class Life:
    """Everything of one patient's visit."""

    library: Library
    gate: Gate
    clinic: Clinic
    pathway: Pathway
    patient: Patient
    appointment: Appointment
    rows: dict[tuple[str, int], Row] = field(default_factory=dict)
    answers: list[Outcome] = field(default_factory=list)
    asked: Row | Outcome | None = None

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
                    self.rows[key] = Row(item=item)
            elif row.sent_at is None:
                self.rows[key] = Row(item=item)
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

    def _send(self, row: Row, now: datetime) -> None:
        step, item = self.pathway.step(row.item.step), row.item
        decision = decide(
            Due(anchor=step.anchor, until=item.until or now, told=item.told, counts=step.counts),
            self.facts(now),
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
        elif row.variant.asks is not None:
            self.asked = None  # the page asks, and no digit answers it

    def facts(self, now: datetime) -> Facts:
        """What `decide` has to know at this moment."""
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

    def _about(self, row: Row) -> About:
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
            link=EXAMPLE_LINK,
            follow=pending - 1 + max(after - 1, 0),
        )

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
