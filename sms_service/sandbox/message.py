"""One message as the sandbox keeps it: the provider's record and the phone's bubble in one row."""

from dataclasses import dataclass
from typing import Literal

Direction = Literal["outbound-api", "outbound-reply", "inbound"]

_HIDDEN_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A text in either direction; instants are seconds since the epoch, real time.

    `phone` is the patient's side of the pair, whichever way the text went. `shown_at` is the label
    (ISO 8601 with offset) that the page shows instead of real time. `goal`, `goal_error` and the
    receipts' fault (`receipt_fault`, with its `receipt_seconds`) are fixed at creation, so that a
    restart finishes the road that was begun. A message that is still queued at `expires_at` fails.
    `redacted`, `discard_body`, `obfuscate` and `deleted` only touch the API: what a phone has
    received, nobody can take back.
    """

    id: int
    sid: str
    direction: Direction
    phone: str
    sender: str
    service_sid: str | None
    body: str
    encoding: str
    segments: int
    status: str
    error_code: int | None
    goal: str
    goal_error: int | None
    callback_url: str | None
    send_at: float | None
    created_at: float
    sent_at: float | None
    updated_at: float
    shown_at: str | None
    redacted: bool
    deleted: bool
    expires_at: float | None
    discard_body: bool
    obfuscate: bool
    receipt_fault: str | None
    receipt_seconds: float

    @property
    def from_number(self) -> str:
        """The side that wrote the text."""
        return self.phone if self.direction == "inbound" else self.sender

    @property
    def to_number(self) -> str:
        """The side that the text is for."""
        return self.sender if self.direction == "inbound" else self.phone

    @property
    def kept_body(self) -> str:
        """What the API still knows of the body: one that is to be discarded is gone once it was sent."""
        gone = self.redacted or (self.discard_body and self.sent_at is not None)
        return "" if gone else self.body

    @property
    def kept_to(self) -> str:
        """What the API still knows of the recipient: Twilio masks the last digits once it was sent."""
        if self.obfuscate and self.sent_at is not None:
            return self.to_number[:-_HIDDEN_DIGITS] + "X" * _HIDDEN_DIGITS
        return self.to_number

    def expired(self, now: float) -> bool:
        """Tell whether the validity period is over."""
        return self.expires_at is not None and now >= self.expires_at
