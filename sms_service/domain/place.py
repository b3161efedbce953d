"""Where on the clock a step's text goes: its anchor, offset, window and the patient's hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sms_service.domain.hours import Hours
from sms_service.domain.instants import wall
from sms_service.domain.pathway import Anchor, Offset, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """The instants a visit's steps count from (UTC), the clinic's zone, and the patient's hours and zone."""

    anchors: dict[Anchor, datetime]
    zone: str
    hours: Hours
    patient_zone: str

    def resolve(self, anchor: Anchor, offset: Offset) -> datetime:
        """The instant of an offset; KeyError when the anchor has not happened."""
        moment = self.anchors[anchor]
        if offset.at is None:
            return moment + timedelta(minutes=offset.minutes)
        return wall(moment, self.zone).days_later(offset.days, offset.at).instant

    def due(self, step: Step) -> datetime:
        """When the step would go if every hour were permitted."""
        return self.resolve(step.anchor, step.offset)

    def until(self, step: Step) -> datetime:
        """The end of the step's window."""
        return self.resolve(step.until.anchor, step.until.offset)

    def permitted(self, instant: datetime) -> bool:
        """Whether the patient may be texted then."""
        return self.hours.permit(instant, self.patient_zone)

    def next(self, instant: datetime) -> datetime:
        """The first permitted instant from then on."""
        return self.hours.next(instant, self.patient_zone)

    def before(self, wanted: datetime, earliest: datetime, until: datetime) -> datetime | None:
        """The permitted instant for a text before a visit: earlier rather than later, None when none fits."""
        wanted = max(wanted, earliest)
        sooner = self.hours.previous(wanted, self.patient_zone)
        return sooner if sooner >= earliest else self.after(wanted, until)

    def after(self, wanted: datetime, until: datetime) -> datetime | None:
        """The first permitted instant from `wanted` on; None when the window ends before it."""
        later = self.next(wanted)
        return later if later <= until else None
