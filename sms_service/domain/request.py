"""One text on its way to the provider, and one the provider remembers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sms_service.domain.ids import AttemptId


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Everything the provider needs for one text.

    `to` is E.164; `sender` is an E.164 number or a messaging service's SID (MG…); `validity_s` is
    1…36000 s (Twilio); `committed_at` is the CLOCK_BOOTTIME reading, in seconds, taken before the
    fence committed. Number and body never show in a repr.
    """

    attempt_id: AttemptId
    to: str = field(repr=False)
    sender: str
    body: str = field(repr=False)
    validity_s: int
    committed_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A message the provider lists, for reconciliation. `created_at` is the provider's clock, UTC."""

    sid: str
    sender: str | None
    body: str = field(repr=False)
    status: str
    created_at: datetime
    code: int | None = None
