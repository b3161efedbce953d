"""What does this receipt change? Late and repeated receipts never move a message backwards."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ProviderStatus(StrEnum):
    """The provider's words for an outgoing message (Twilio Message.Status)."""

    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    CANCELED = "canceled"
    READ = "read"


RANK = {
    ProviderStatus.ACCEPTED: 0,
    ProviderStatus.SCHEDULED: 0,
    ProviderStatus.QUEUED: 1,
    ProviderStatus.SENDING: 2,
    ProviderStatus.SENT: 3,
    ProviderStatus.DELIVERED: 4,
    ProviderStatus.UNDELIVERED: 4,
    ProviderStatus.FAILED: 4,
    ProviderStatus.CANCELED: 4,
    ProviderStatus.READ: 5,
}

UNDELIVERED = frozenset({ProviderStatus.UNDELIVERED, ProviderStatus.FAILED, ProviderStatus.CANCELED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A status the provider reported, and the error code with it, if any."""

    status: ProviderStatus
    code: int | None = None


def advance(status: ProviderStatus | None, receipt: Receipt) -> ProviderStatus:
    """The status after the receipt: only a higher rank moves it; of two final words the first stays."""
    if status is None or RANK[receipt.status] > RANK[status]:
        return receipt.status
    return status
