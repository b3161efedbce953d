"""One request on its way out: the last check before its first byte, and what its answer carried."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import ClientRequest

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.connector import Connection


@dataclass(slots=True)
class Exchange:
    """What the caller and the transport know of one call; the SDK between them cannot carry it.

    `before_write` is asked on an acquired connection, just before the first byte: False means the
    request must not leave. `begun` says that bytes may have left (or soon would), `refused` that
    none ever did. `retry_after` is in seconds.
    """

    before_write: Callable[[], bool]
    begun: bool = False
    refused: bool = False
    http_status: int | None = None
    retry_after: float | None = None
    request_id: str | None = None


#: Tasks have their own context, so concurrent calls never see each other's exchange.
EXCHANGE: ContextVar[Exchange | None] = ContextVar("provider_exchange", default=None)


class RefusedError(Exception):
    """`before_write` said no: the request was not written."""


class GuardedRequest(ClientRequest):
    """A request that asks `before_write` at the last moment at which nothing has been written.

    aiohttp (3.12 to 3.14) calls `write_bytes` on an acquired connection, with the headers still in
    a buffer that leaves together with the body. A body of bytes is then written without giving way
    to another task, so only a pause inside these few calls can come between check and socket.
    """

    async def write_bytes(
        self, writer: AbstractStreamWriter, conn: Connection, content_length: int | None = None
    ) -> None:
        """Write the request, or nothing at all."""
        exchange = EXCHANGE.get()
        if exchange is not None and not exchange.before_write():
            exchange.refused = True
            # Ends the wait for an answer; aiohttp then closes the connection, its buffer unsent.
            assert conn.protocol is not None  # noqa: S101  an acquired connection has one
            conn.protocol.set_exception(RefusedError())
            return
        await super().write_bytes(writer, conn, content_length)
