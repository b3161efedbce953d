"""The hours in which a patient may be texted, and the nearest permitted instants around another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sms_service.domain.instants import wall


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """A daily span of local time in which texts may be sent, both ends included.

    Default 09:00-20:00 patient-local, inside the TCPA's 08:00-21:00 (47 CFR 64.1200(c)(1)).
    """

    opens: time = time(9)
    closes: time = time(20)

    def __post_init__(self) -> None:
        if self.opens >= self.closes:
            raise ValueError("texting hours must open before they close on the same day")

    def permit(self, instant: datetime, zone: str) -> bool:
        """Whether a text may be sent at `instant` to someone living in `zone`."""
        return self.opens <= wall(instant, zone).local.time() <= self.closes

    def next(self, instant: datetime, zone: str) -> datetime:
        """The first permitted instant at or after `instant`."""
        if self.permit(instant, zone):
            return instant
        here = wall(instant, zone)
        days = 0 if here.local.time() < self.opens else 1
        return here.days_later(days, self.opens).instant

    def previous(self, instant: datetime, zone: str) -> datetime:
        """The last permitted instant at or before `instant`."""
        if self.permit(instant, zone):
            return instant
        here = wall(instant, zone)
        days = -1 if here.local.time() < self.opens else 0
        return here.days_later(days, self._last).instant

    def left(self, instant: datetime, zone: str) -> timedelta:
        """How much of the permitted span is left at `instant`; zero outside it."""
        if not self.permit(instant, zone):
            return timedelta(0)
        return wall(instant, zone).days_later(0, self._last).instant - instant

    @property
    def _last(self) -> time:
        """Closing time: the second one where the clocks go back, never a later one where they go forward."""
        return self.closes.replace(fold=1)
