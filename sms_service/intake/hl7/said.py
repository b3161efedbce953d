"""What one message said, before it is put into a canonical event."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sms_service.domain.event import EventType
from sms_service.intake.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """`visit` is None for news of a patient alone."""

    type: EventType
    visit: dict[str, Any] | None = field(default=None, repr=False)
    patient: dict[str, Any] = field(default_factory=dict, repr=False)
    problems: list[Problem] = field(default_factory=list)
