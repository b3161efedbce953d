"""What the sandbox is told when it starts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

OptOutReply = Literal["ours", "provider"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One sandbox account; delays and limits are in seconds.

    `opt_out_reply` says who answers STOP: `ours` leaves it to the service, `provider` makes the
    sandbox block the pair and confirm, as Twilio does for numbers with opt-out handling switched on.
    `sender` is the number behind every messaging service SID.
    """

    host: str
    port: int
    data: Path
    account_sid: str
    auth_token: str
    inbound_url: str | None = None
    receipt_delay: float = 0.05
    opt_out_reply: OptOutReply = "ours"
    sender: str = "+15005550006"
    webhook_retry_for: float = 120.0
    webhook_concurrency: int = 16
