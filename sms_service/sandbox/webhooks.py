"""Deliver signed webhooks: a few at a time, in order per message, again and again for a while.

Twilio itself retries less. A rehearsal restarts and kills the web process on purpose, and then
wants to see the receipts arrive late, not never.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from sms_service.sandbox.settings import Settings
from sms_service.sandbox.signature import sign

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 3.0
_ANSWER_WITHIN = aiohttp.ClientTimeout(total=15)  # Twilio's own ceiling
_SERVER_ERROR = 500

Reader = Callable[[str], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class Post:
    """One webhook on its way; `order_key` keeps the webhooks of one message behind each other."""

    url: str
    fields: dict[str, str]
    order_key: int
    read_answer: Reader | None = None
    give_up_at: float = 0.0
    attempts: int = 0
    era: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)
    token: str = field(default_factory=lambda: str(uuid.uuid4()))


class Webhooks:
    """The queue of webhooks and the tasks that empty it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._queues: list[asyncio.Queue[Post]] = [
            asyncio.Queue() for _ in range(settings.webhook_concurrency)
        ]
        self._session: aiohttp.ClientSession | None = None
        self._era = 0
        self.pending = 0
        self.delivered = 0
        self.given_up = 0

    @asynccontextmanager
    async def running(self, tasks: asyncio.TaskGroup) -> AsyncIterator[None]:
        """Deliver until left; what is still waiting then is dropped."""
        jar = aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(timeout=_ANSWER_WITHIN, cookie_jar=jar) as self._session:
            workers = [tasks.create_task(self._empty(queue)) for queue in self._queues]
            try:
                yield
            finally:
                for worker in workers:
                    worker.cancel()

    def enqueue(self, post: Post, *, delay: float = 0.0) -> None:
        """Take a webhook over; never waits."""
        post.era = self._era
        post.give_up_at = time.monotonic() + delay + self._settings.webhook_retry_for
        self.pending += 1
        self._put(post, delay)

    def forget(self) -> None:
        """Let everything that waits lapse; it may still be in a queue, but belongs to a past era."""
        self._era += 1
        self.pending = 0

    def _put(self, post: Post, delay: float) -> None:
        queue = self._queues[post.order_key % len(self._queues)]
        if delay > 0:
            asyncio.get_running_loop().call_later(delay, queue.put_nowait, post)
        else:
            queue.put_nowait(post)

    async def _empty(self, queue: asyncio.Queue[Post]) -> None:
        while True:
            post = await queue.get()
            post.attempts += 1
            delivered = post.era == self._era and await self._deliver(post)
            if post.era != self._era:
                post.done.set()
            elif delivered or time.monotonic() >= post.give_up_at:
                self.delivered += delivered
                self.given_up += not delivered
                self.pending -= 1
                post.done.set()
            else:
                self._put(post, min(_FIRST_PAUSE * 2 ** (post.attempts - 1), _LONGEST_PAUSE))

    async def _deliver(self, post: Post) -> bool:
        """Post once; False asks for another attempt."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "I-Twilio-Idempotency-Token": post.token,
            "User-Agent": "TwilioProxy/1.1",
            "X-Twilio-Signature": sign(self._settings.auth_token, post.url, post.fields),
        }
        # `encoded` keeps the query byte for byte, because it has been signed.
        url = URL(post.url.partition("#")[0], encoded=True)
        body = urlencode(post.fields).encode()
        if self._session is None:
            return False
        with suppress(aiohttp.ClientError, OSError, TimeoutError, ValueError):
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                text = await answer.text(errors="replace")
                if answer.status >= _SERVER_ERROR:
                    return False
                if answer.ok and post.read_answer is not None:
                    await post.read_answer(text)
                return True
        return False
