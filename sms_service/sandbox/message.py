"""One message as the sandbox keeps it: the provider's record and the phone's bubble in one row."""

from dataclasses import dataclass
from typing import Literal

Direction = Literal["outbound-api", "outbound-reply", "inbound"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A text in either direction; instants are seconds since the epoch, real time.

    `phone` is the patient's side of the pair, whichever way the text went. `shown_at` is the label
    (ISO 8601 with offset) that the page shows instead of real time. `goal` and `goal_error` are fixed
    at creation, so that a restart finishes the road that was begun. `redacted` and `deleted` only
    touch the API: what a phone has received, nobody can take back.
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

    @property
    def from_number(self) -> str:
        """The side that wrote the text."""
        return self.phone if self.direction == "inbound" else self.sender

    @property
    def to_number(self) -> str:
        """The side that the text is for."""
        return self.sender if self.direction == "inbound" else self.phone
