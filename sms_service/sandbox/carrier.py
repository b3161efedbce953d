"""Move messages along their road in real time, and have each step reported.

One task moves everything that is due in one go, so that thousands of messages cost a few commits.
"""

import asyncio
import heapq
import itertools
import sqlite3
import sys
import time
from dataclasses import dataclass, field, replace

from sms_service.sandbox import instants
from sms_service.sandbox.faults import Rule
from sms_service.sandbox.message import Message
from sms_service.sandbox.messages import Messages
from sms_service.sandbox.receipts import Receipts
from sms_service.sandbox.statuses import FINAL, road

_SMALLEST_PAUSE = 0.005
_WAIT_FOR_EARLY_RECEIPTS = 10.0


@dataclass(slots=True, kw_only=True)
class Journey:
    """A message under way, the states ahead of it, and how its receipts are to misbehave."""

    message: Message
    ahead: list[str]
    fault: Rule | None
    reported: list[Message] = field(default_factory=list)


class Carrier:
    """Every message that has not reached its end."""

    def __init__(self, messages: Messages, receipts: Receipts, delay: float) -> None:
        self._messages = messages
        self._receipts = receipts
        self._delay = delay
        self._journeys: dict[int, Journey] = {}
        self._due: list[tuple[float, int, int]] = []
        self._turn = itertools.count()
        self._wake = asyncio.Event()

    @property
    def in_flight(self) -> int:
        """How many messages are still on the road."""
        return len(self._journeys)

    def add(self, message: Message, fault: Rule | None = None) -> None:
        """Take a stored message over."""
        journey = Journey(message=message, ahead=list(road(message.status, message.goal)), fault=fault)
        if not journey.ahead:
            return
        self._journeys[message.id] = journey
        waits = 0.0 if message.send_at is None else max(0.0, message.send_at - instants.now())
        self._schedule(message.id, waits + self._delay)

    def cancel(self, message: Message) -> None:
        """Take a message off the road."""
        self._journeys.pop(message.id, None)

    def clear(self) -> None:
        """Take everything off the road."""
        self._journeys.clear()

    async def hurry(self, message: Message, fault: Rule) -> None:
        """Go the whole road at once and wait until its receipts are in: they overtake the answer."""
        journey = Journey(message=message, ahead=list(road(message.status, message.goal)), fault=fault)
        posts = []
        while journey.ahead:
            await self._messages.move(self._step(journey))
            posts += self._receipts.report(journey.message, None)
        waiting = asyncio.gather(*(post.done.wait() for post in posts))
        await asyncio.wait([asyncio.ensure_future(waiting)], timeout=_WAIT_FOR_EARLY_RECEIPTS)

    async def run(self) -> None:
        """Move what is due, for ever."""
        while True:
            due = self._take_due()
            if due:
                try:
                    await self._messages.move(*(self._step(journey) for journey in due))
                except sqlite3.Error as error:
                    sys.stderr.write(f"sandbox: cannot store new states: {error}\n")
                for journey in due:
                    self._report(journey)
            await self._sleep()

    def _schedule(self, message_id: int, delay: float) -> None:
        heapq.heappush(self._due, (time.monotonic() + delay, next(self._turn), message_id))
        self._wake.set()

    async def _sleep(self) -> None:
        self._wake.clear()
        if not self._due:
            await self._wake.wait()
        # A short nap even when late: meanwhile more falls due and shares the commit.
        pause = max(self._due[0][0] - time.monotonic(), _SMALLEST_PAUSE)
        if pause <= _SMALLEST_PAUSE:
            await asyncio.sleep(_SMALLEST_PAUSE)
            return
        try:
            await asyncio.wait_for(self._wake.wait(), pause)
        except TimeoutError:
            return

    def _take_due(self) -> list[Journey]:
        now, due = time.monotonic(), []
        while self._due and self._due[0][0] <= now:
            journey = self._journeys.get(heapq.heappop(self._due)[2])
            if journey is not None:
                due.append(journey)
        return due

    def _step(self, journey: Journey) -> Message:
        status, now = journey.ahead.pop(0), instants.now()
        message = journey.message
        journey.message = replace(
            message,
            status=status,
            error_code=message.goal_error if status in FINAL else None,
            sent_at=now if status == "sent" else message.sent_at,
            updated_at=now,
        )
        return journey.message

    def _report(self, journey: Journey) -> None:
        if journey.message.id not in self._journeys:
            return
        if journey.fault is not None and journey.fault.kind == "reverse":
            journey.reported.append(journey.message)
            if not journey.ahead:
                for message in reversed(journey.reported):
                    self._receipts.report(message, None)
        else:
            self._receipts.report(journey.message, journey.fault)
        if journey.ahead:
            self._schedule(journey.message.id, self._delay)
        else:
            self._journeys.pop(journey.message.id)
