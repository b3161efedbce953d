"""The queue in front of each sender: how much waits there, and who leaves when.

Twilio sends segments, not messages, at the sender's rate, first come first served; what would have
to wait longer than ten hours is not taken at all.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from sms_service.sandbox.message import Message
from sms_service.sandbox.settings import Dials


@dataclass(slots=True, kw_only=True)
class _Queue:
    """`segments` count from acceptance on, `line` holds those that only wait for their turn."""

    segments: int = 0
    line: OrderedDict[int, int] = field(default_factory=OrderedDict)
    free_at: float = 0.0


class SenderQueues:
    """All senders by their number; instants are of one monotonic clock, in seconds."""

    def __init__(self, dials: Dials) -> None:
        self._dials = dials
        self._queues: dict[str, _Queue] = {}

    @property
    def limited(self) -> bool:
        """Whether messages have to wait for their turn."""
        return self._dials.segments_per_second > 0

    def admit(self, message: Message) -> bool:
        """Take a message in unless the queue is full."""
        depth, waiting = self._dials.depth, self._of(message).segments
        if depth is not None and waiting + message.segments > depth:
            return False
        self.enter(message)
        return True

    def enter(self, message: Message) -> None:
        """Take a message in whatever the depth: it was accepted before."""
        self._of(message).segments += message.segments

    def leave(self, message: Message) -> None:
        """Let a message go: it is being sent, or will never be."""
        self._of(message).segments -= message.segments

    def line_up(self, message: Message, now: float) -> None:
        """Have a message wait for its turn."""
        queue = self._of(message)
        if not queue.line:
            queue.free_at = max(queue.free_at, now)
        queue.line[message.id] = message.segments

    def lined_up(self, message: Message) -> bool:
        """Tell whether a message waits for its turn."""
        return message.id in self._of(message).line

    def give_up_turn(self, message: Message) -> None:
        """Take a message out of the line, if it is in it."""
        self._of(message).line.pop(message.id, None)

    def turn(self, now: float) -> list[int]:
        """Take those out of the lines whose turn it is, and return their ids."""
        rate, going = self._dials.segments_per_second, []
        for queue in self._queues.values():
            while queue.line and (not rate or queue.free_at <= now):
                message_id, segments = queue.line.popitem(last=False)
                going.append(message_id)
                queue.free_at += segments / rate if rate else 0.0
        return going

    def next_turn(self) -> float | None:
        """Return when the next one may leave; None if nobody waits."""
        return min((queue.free_at for queue in self._queues.values() if queue.line), default=None)

    def new_rate(self, now: float) -> None:
        """Let a changed rate count from now on: what the old one still owed is forgiven."""
        for queue in self._queues.values():
            queue.free_at = now

    def clear(self) -> None:
        """Forget everybody who waits."""
        self._queues.clear()

    def waiting(self) -> dict[str, int]:
        """Return the segments that wait, of each sender with any."""
        return {sender: queue.segments for sender, queue in self._queues.items() if queue.segments}

    def _of(self, message: Message) -> _Queue:
        queue = self._queues.get(message.sender)
        if queue is None:
            queue = self._queues[message.sender] = _Queue()
        return queue
