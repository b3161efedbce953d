"""What the sandbox is told when it starts, and what of it can be changed while it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

OptOutReply = Literal["ours", "provider"]

# Twilio keeps what a sender can get rid of within ten hours, and refuses the rest.
_QUEUED_SECONDS: Final = 36_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One sandbox account; delays and limits are in seconds.

    `opt_out_reply` says who answers STOP: `ours` leaves it to the service, `provider` makes the
    sandbox block the pair and confirm, as Twilio does for numbers with opt-out handling switched on.
    `sender` is the number behind every messaging service SID. `api_keys` are secrets by key SID.
    `segments_per_second` limits each sender; 0 does not.
    """

    host: str
    port: int
    data: Path
    account_sid: str
    auth_token: str
    api_keys: Mapping[str, str] = field(default_factory=dict)
    inbound_url: str | None = None
    receipt_delay: float = 0.05
    opt_out_reply: OptOutReply = "ours"
    sender: str = "+15005550006"
    segments_per_second: float = 0.0
    webhook_retry_for: float = 120.0
    webhook_concurrency: int = 16


@dataclass(slots=True, kw_only=True)
class Dials:
    """What can be changed while the sandbox runs; the next start begins with the settings again.

    `queue_depth` is in segments; None follows from the rate, as at Twilio.
    """

    inbound_url: str | None
    opt_out_reply: OptOutReply
    segments_per_second: float
    queue_depth: int | None = None

    @property
    def depth(self) -> int | None:
        """How many segments a sender may have waiting; None sets no limit."""
        if self.queue_depth is not None:
            return self.queue_depth
        return round(self.segments_per_second * _QUEUED_SECONDS) if self.segments_per_second else None


def dials_of(settings: Settings) -> Dials:
    """Begin with what the start said."""
    return Dials(
        inbound_url=settings.inbound_url,
        opt_out_reply=settings.opt_out_reply,
        segments_per_second=settings.segments_per_second,
    )
