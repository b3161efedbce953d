"""Deliver signed webhooks: a few at a time, in order per message, again and again for a while.

Twilio itself retries less. A rehearsal restarts and kills the web process on purpose, and then
wants to see the receipts arrive late, not never.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from sms_service.sandbox import instants
from sms_service.sandbox.outbox import Outbox, Post
from sms_service.sandbox.settings import Settings
from sms_service.sandbox.signature import sign

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 3.0
_ANSWER_WITHIN = aiohttp.ClientTimeout(total=15)  # Twilio's own ceiling
_SERVER_ERROR = 500
_ANOTHER_TOKEN = "not the auth token"  # noqa: S105 - a forger's guess

Reader = Callable[[Post, str], Awaitable[None]]


class Webhooks:
    """The queue of webhooks and the tasks that empty it."""

    def __init__(self, settings: Settings, outbox: Outbox) -> None:
        self._settings = settings
        self._outbox = outbox
        self._queues: list[asyncio.Queue[Post]] = [
            asyncio.Queue() for _ in range(settings.webhook_concurrency)
        ]
        self._session: aiohttp.ClientSession | None = None
        self._read_answer: Reader | None = None
        self._era = 0
        self.pending = 0
        self.delivered = 0
        self.refused = 0
        self.given_up = 0

    @asynccontextmanager
    async def running(self, tasks: asyncio.TaskGroup, read_answer: Reader) -> AsyncIterator[None]:
        """Deliver until left; what is still waiting then waits for the next start.

        `read_answer` gets the text of a good answer to an inbound webhook, and sees to it that the
        webhook is forgotten with whatever it stores.
        """
        self._read_answer = read_answer
        jar = aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(timeout=_ANSWER_WITHIN, cookie_jar=jar) as self._session:
            workers = [tasks.create_task(self._empty(queue)) for queue in self._queues]
            self.start(self._outbox.waiting())
            try:
                yield
            finally:
                for worker in workers:
                    worker.cancel()

    def start(self, posts: Iterable[Post]) -> None:
        """Take over webhooks that are in the outbox; never waits."""
        for post in posts:
            delay = max(0.0, post.due_at - instants.now())
            post.era = self._era
            post.give_up_at = time.monotonic() + delay + self._settings.webhook_retry_for
            self.pending += 1
            self._put(post, delay)

    async def clear(self) -> None:
        """Let everything that waits lapse; it may still be in a queue, but belongs to a past era."""
        self._era += 1
        self.pending = 0
        await self._outbox.clear()

    def _put(self, post: Post, delay: float) -> None:
        queue = self._queues[post.message_id % len(self._queues)]
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
                self._outbox.forget(post)
                post.done.set()
            else:
                self._put(post, min(_FIRST_PAUSE * 2 ** (post.attempts - 1), _LONGEST_PAUSE))

    async def _deliver(self, post: Post) -> bool:
        """Post once; False asks for another attempt."""
        token = _ANOTHER_TOKEN if post.forged else self._settings.auth_token
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "I-Twilio-Idempotency-Token": post.token,
            "User-Agent": "TwilioProxy/1.1",
            "X-Twilio-Signature": sign(token, post.url, post.fields),
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
                self.refused += not answer.ok
                if answer.ok and post.kind == "inbound" and self._read_answer is not None:
                    await self._read_answer(post, text)
                return True
        return False
