"""One message under way, and its next step."""

from dataclasses import dataclass, replace

from sms_service.sandbox.message import Message
from sms_service.sandbox.statuses import FINAL, QUEUE_OVERFLOW, VALIDITY_EXPIRED, road

_QUEUED = frozenset({"accepted", "queued"})


@dataclass(slots=True, kw_only=True)
class Journey:
    """A message and the states ahead of it."""

    message: Message
    ahead: list[str]

    def step(self, now: float) -> Message:
        """Enter the next state; a message whose validity ran out in the queue fails instead."""
        if self.message.status in _QUEUED and self.message.expired(now):
            return self._fall_out(VALIDITY_EXPIRED, now)
        status = self.ahead.pop(0)
        message = self.message
        self.message = replace(
            message,
            status=status,
            error_code=message.goal_error if status in FINAL else None,
            sent_at=now if status == "sent" else message.sent_at,
            updated_at=now,
        )
        return self.message

    def overflow(self, now: float) -> Message:
        """Fail: the sender's queue was full when the messaging service came to it."""
        return self._fall_out(QUEUE_OVERFLOW, now)

    def _fall_out(self, code: int, now: float) -> Message:
        self.ahead.clear()
        self.message = replace(self.message, status="failed", error_code=code, updated_at=now)
        return self.message


def journey_of(message: Message) -> Journey:
    """Begin, or go on where a restart finds the message."""
    return Journey(message=message, ahead=list(road(message.status, message.goal)))
