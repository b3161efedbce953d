"""The clinic as the tenant, and the patient as far as the rules need to know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time

from sms_service.domain.advice import FEVER_C, Choice, advice
from sms_service.domain.hours import Hours
from sms_service.domain.ids import ClinicId, PatientId, SenderId


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinic:
    """The settings a clinic has to tell us; phone numbers are in the form the patient should dial."""

    id: ClinicId
    sender_id: SenderId
    name: str
    program: str
    phone: str
    zone: str
    after_hours_phone: str
    emergency: str = "911"
    default_language: str = "en"
    offered_languages: tuple[str, ...] = ("en",)
    addresses: Mapping[str, str] = field(default_factory=dict)
    """Location id to postal address; the empty id is where visits without a location take place."""
    hours: Hours = field(default_factory=Hours)
    opens: time = time(8)
    closes: time = time(17)
    """When the clinic's own working day begins and ends: answers and deadlines of staff follow it."""
    working_days: frozenset[int] = frozenset(range(5))
    """Weekdays with Monday as 0, as in `datetime.weekday`."""
    arrive_early_minutes: int = 15
    texts_per_day: int = 2
    texts_per_week: int = 5
    crisis: str = "988"
    """The help line for people in despair: 988 in the US and Canada."""
    privacy: int = 1
    """How much a text may say of a visit: 0 nothing, 1 that it is for an injection, 2 the procedure."""
    chinese: str = "zh_Hans"
    """Which Chinese a patient reads of whom only "Chinese" is known."""
    advice: Mapping[str, Choice] = field(default_factory=lambda: advice({}))
    """The clinic's choice on each point on which sources disagree."""
    fever_c: float = FEVER_C[0]
    """From which temperature (°C) a patient should call."""
    leaflet_base_url: str = ""
    """Where its pages are, on a domain of its own; empty: where the service is."""

    def address(self, location: str | None) -> str:
        """The address of a location, else the clinic's main one; empty when neither is known."""
        return self.addresses.get(location or "") or self.addresses.get("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """Whether and how one patient may be texted.

    `language` is None while nobody has said; `zone` falls back to the clinic's.
    """

    id: PatientId
    reachable: bool
    """A usable phone number is known."""
    language: str | None = None
    zone: str | None = None
    consent: bool = False
    opted_out: bool = False
    deceased: bool = False
    merged_away: bool = False
    returning: bool = False
    """Was already looked after with these texts within the pathway's `short_welcome_days`."""
    shares_phone: bool = False
