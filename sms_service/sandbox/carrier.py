"""Move messages along their road in real time, and have each step reported.

One task moves everything that is due in one go, so that thousands of messages cost a few commits.
"""

import asyncio
import heapq
import itertools
import sqlite3
import sys
import time
from dataclasses import replace

from sms_service.sandbox import instants
from sms_service.sandbox.database import Database
from sms_service.sandbox.journey import Journey, journey_of
from sms_service.sandbox.message import Message
from sms_service.sandbox.messages import moved
from sms_service.sandbox.outbox import Post, kept
from sms_service.sandbox.receipts import Receipts
from sms_service.sandbox.sender_queues import SenderQueues
from sms_service.sandbox.webhooks import Webhooks

_SMALLEST_PAUSE = 0.005
_WAIT_FOR_EARLY_RECEIPTS = 10.0
_QUEUED = "queued"


class Carrier:
    """Every message that has not reached its end."""

    def __init__(
        self, database: Database, queues: SenderQueues, receipts: Receipts, webhooks: Webhooks, delay: float
    ) -> None:
        self._database = database
        self._queues = queues
        self._receipts = receipts
        self._webhooks = webhooks
        self._delay = delay
        self._journeys: dict[int, Journey] = {}
        # When, a tie-breaker, and whom it concerns if still in that state.
        self._due: list[tuple[float, int, int, str]] = []
        self._turn = itertools.count()
        self._wake = asyncio.Event()

    @property
    def in_flight(self) -> int:
        """How many messages are still on the road."""
        return len(self._journeys)

    def add(self, message: Message) -> None:
        """Take a stored message over; one that is queued has entered its sender's queue before."""
        journey = journey_of(message)
        self._journeys[message.id] = journey
        waits = 0.0 if message.send_at is None else max(0.0, message.send_at - instants.now())
        self._schedule(journey, waits + self._delay)

    def resume(self, message: Message) -> None:
        """Take over what was accepted before, whether or not there is room for it."""
        if message.status == _QUEUED:
            self._queues.enter(message)
        self.add(message)

    async def cancel(self, message: Message) -> Message:
        """Take a message off the road before it was queued, and report that."""
        self._journeys.pop(message.id, None)
        canceled = replace(message, status="canceled", updated_at=instants.now())
        posts = self._receipts.posts(canceled)
        await self._database.write_all([moved(canceled), *map(kept, posts)])
        self._webhooks.start(posts)
        return canceled

    def clear(self) -> None:
        """Take everything off the road."""
        self._journeys.clear()
        self._queues.clear()

    def new_rate(self) -> None:
        """Look at the queues again, because the rate was changed."""
        self._queues.new_rate(time.monotonic())
        self._wake.set()

    async def hurry(self, message: Message) -> None:
        """Go the whole road at once and wait until its receipts are in: they overtake the answer."""
        journey, posts = journey_of(message), []
        while journey.ahead:
            step = self._step(journey)
            reported = self._receipts.posts(step)
            await self._database.write_all([moved(step), *map(kept, reported)])
            self._webhooks.start(reported)
            posts += reported
        waiting = asyncio.gather(*(post.done.wait() for post in posts))
        await asyncio.wait([asyncio.ensure_future(waiting)], timeout=_WAIT_FOR_EARLY_RECEIPTS)

    async def run(self) -> None:
        """Move what is due, for ever."""
        while True:
            due = self._take_due()
            if due:
                await self._move(due)
            await self._sleep()

    async def _move(self, due: list[Journey]) -> None:
        steps = [self._step(journey) for journey in due]
        reports = [self._receipts.posts(step) for step in steps]
        writes = [*map(moved, steps), *(kept(post) for posts in reports for post in posts)]
        try:
            await self._database.write_all(writes)
        except sqlite3.Error as error:
            sys.stderr.write(f"sandbox: cannot store new states: {error}\n")
        for journey, posts in zip(due, reports, strict=True):
            self._go_on(journey, posts)

    def _go_on(self, journey: Journey, posts: list[Post]) -> None:
        if journey.message.id not in self._journeys:
            return  # it was reset while this was being stored
        self._webhooks.start(posts)
        if journey.ahead:
            self._schedule(journey, self._delay)
        else:
            del self._journeys[journey.message.id]

    def _step(self, journey: Journey) -> Message:
        now, before = instants.now(), journey.message
        if journey.ahead[0] == _QUEUED and not before.expired(now) and not self._queues.admit(before):
            return journey.overflow(now)
        step = journey.step(now)
        if before.status == _QUEUED:
            self._queues.leave(before)
        return step

    def _schedule(self, journey: Journey, delay: float) -> None:
        message = journey.message
        heapq.heappush(self._due, (time.monotonic() + delay, next(self._turn), message.id, message.status))
        self._wake.set()

    def _take_due(self) -> list[Journey]:
        now, due = time.monotonic(), []
        while self._due and self._due[0][0] <= now:
            _, _, message_id, status = heapq.heappop(self._due)
            journey = self._journeys.get(message_id)
            if journey is None or journey.message.status != status:
                continue
            if status == _QUEUED and self._queues.limited and not journey.message.expired(instants.now()):
                self._wait_in_line(journey, now)
            else:
                self._queues.give_up_turn(journey.message)
                due.append(journey)
        return due + [self._journeys[message_id] for message_id in self._queues.turn(now)]

    def _wait_in_line(self, journey: Journey, now: float) -> None:
        message = journey.message
        if not self._queues.lined_up(message):
            self._queues.line_up(message, now)
        if message.expires_at is not None:
            self._schedule(journey, message.expires_at - instants.now())

    async def _sleep(self) -> None:
        self._wake.clear()
        turn = self._queues.next_turn()
        moments = [moment for moment in (turn, self._due[0][0] if self._due else None) if moment is not None]
        # A short nap even when late: meanwhile more falls due and shares the commit.
        pause = max(min(moments) - time.monotonic(), _SMALLEST_PAUSE) if moments else None
        if pause == _SMALLEST_PAUSE:
            await asyncio.sleep(pause)
            return
        try:
            await asyncio.wait_for(self._wake.wait(), pause)
        except TimeoutError:
            return
