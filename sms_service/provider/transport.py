"""The HTTP transport under the provider's SDK: bounded, silent, and without any retry of a POST."""

from __future__ import annotations

import asyncio
import logging
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aiohttp import ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from yarl import URL

from sms_service.provider.account import PROVIDER_URL
from sms_service.provider.answer import (
    MAX_ANSWER_BYTES,
    MAX_LIST_BYTES,
    WrongAnswerError,
    read_text,
    retry_after,
)
from sms_service.provider.exchange import EXCHANGE, Exchange, GuardedRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Common servers close an idle connection after 5 s (Node, uvicorn) to 75 s (nginx). Leaving first
#: keeps the race "written while the server closes" rare; it would park the text as unknown.
KEEP_ALIVE_S = 4.0
CONNECT_S = 5.0


@dataclass(frozen=True, slots=True)
class _Lane:
    """What belongs to one event loop: its connections and its places in flight."""

    session: ClientSession
    places: asyncio.Semaphore


class Transport(AsyncHttpClient):  # type: ignore[misc]  # the SDK is published without types
    """Send what the SDK asks for to `base_url`; log nothing, keep nothing, follow nothing.

    A POST is written at most once: aiohttp re-sends after a stale keep-alive connection only for
    IDEMPOTENT_METHODS (`ClientSession._request` in aiohttp/client.py, 3.12.0 and 3.14.5 read),
    which has no POST; a GET may be read again, harmlessly. Redirects are off.
    """

    def __init__(self, *, base_url: str, timeout_s: float, concurrency: int) -> None:
        super().__init__(logging.getLogger(__name__), is_async=True, timeout=timeout_s)
        self.concurrent_requests: int | None = None  # the provider's last count for the account
        self._base_url = base_url.rstrip("/")
        self._concurrency = concurrency
        self._timeout = ClientTimeout(
            total=timeout_s,
            connect=min(CONNECT_S, timeout_s * 0.8),  # ends before the total: "never connected" stays certain
            sock_read=timeout_s,
            ceil_threshold=3600,  # do not round up to whole seconds
        )
        self._lanes: dict[asyncio.AbstractEventLoop, _Lane] = {}

    async def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, str | int] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109  the account's timeout alone counts
        allow_redirects: bool = False,  # noqa: ARG002  never
    ) -> Response:
        """Make one exchange (the SDK's signature). Raises aiohttp's errors or WrongAnswerError."""
        lane, exchange = self._lane(), EXCHANGE.get()
        sent = dict(headers or {})
        if auth is not None:
            sent["Authorization"] = "Basic " + b64encode(":".join(auth).encode()).decode("ascii")
        address, body = self._address(uri), urlencode(data, doseq=True).encode("ascii") if data else None
        async with lane.places:
            if exchange is not None:
                exchange.begun = True
            async with lane.session.request(
                method,
                address,
                params=params,
                data=body,
                headers=sent,
                allow_redirects=False,
            ) as answer:
                self._note(answer, exchange)
                limit = MAX_LIST_BYTES if method == "GET" else MAX_ANSWER_BYTES
                return Response(answer.status, await read_text(answer, limit), answer.headers)

    async def close(self) -> None:
        """Close the connections of the running event loop; call it before the loop ends."""
        lane = self._lanes.pop(asyncio.get_running_loop(), None)
        if lane is not None:
            await lane.session.close()

    def _address(self, uri: str) -> URL:
        path = uri.removeprefix(PROVIDER_URL)
        if path == uri or not path.startswith("/"):  # an address from an answer must not see our token
            raise WrongAnswerError("an address outside the provider")
        return URL(self._base_url + path)

    def _lane(self) -> _Lane:
        loop = asyncio.get_running_loop()
        lane = self._lanes.get(loop)
        if lane is None:
            for ended in [known for known in self._lanes if known.is_closed()]:
                del self._lanes[ended]
            connector = TCPConnector(limit=self._concurrency, keepalive_timeout=KEEP_ALIVE_S)
            session = ClientSession(
                connector=connector,
                timeout=self._timeout,
                cookie_jar=DummyCookieJar(),
                headers={"Accept-Encoding": "identity"},
                request_class=GuardedRequest,
            )
            lane = self._lanes[loop] = _Lane(session, asyncio.Semaphore(self._concurrency))
        return lane

    def _note(self, answer: ClientResponse, exchange: Exchange | None) -> None:
        count = answer.headers.get("Twilio-Concurrent-Requests", "")
        if count.isdecimal():
            self.concurrent_requests = int(count)
        if exchange is not None:
            exchange.http_status = answer.status
            exchange.request_id = answer.headers.get("Twilio-Request-Id")
            exchange.retry_after = retry_after(answer.headers.get("Retry-After"), datetime.now(UTC))
