"""One text on its way to the provider, and one the provider remembers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sms_service.domain.ids import AttemptId


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Everything the provider needs for one text.

    `to` is E.164; `sender` is an E.164 number or a messaging service's SID (MG…); `validity_s` is
    1…36000 s (Twilio); `committed_at` is the CLOCK_BOOTTIME reading, in seconds, taken before the
    fence committed. `mark` is random: a receipt brings it back beside the attempt's id, which a restored
    database may give out again. Number and body never show in a repr.
    """

    attempt_id: AttemptId
    to: str = field(repr=False)
    sender: str
    body: str = field(repr=False)
    validity_s: int
    committed_at: float
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A message the provider lists, for reconciliation. `created_at` is the provider's clock, UTC.

    `segments` and `price` are None until the provider knows them; a charge is negative, in `price_unit`
    (ISO 4217). `direction` is the provider's word; ours are `outbound-api`. `service` is the SID of the
    messaging service that one went or came through.
    """

    sid: str
    sender: str | None
    body: str = field(repr=False)
    status: str
    created_at: datetime
    code: int | None = None
    segments: int | None = None
    price: Decimal | None = None
    price_unit: str | None = None
    direction: str = "outbound-api"
    to: str | None = field(default=None, repr=False)
    service: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page of the provider's list, newest first, and where the next one is; None after the last."""

    traces: tuple[Trace, ...]
    next_place: str | None
