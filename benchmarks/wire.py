"""The ceiling: the same requests from a bare aiohttp loop, with nothing before or behind them.

`python wire.py URL TEXTS CONCURRENCY` prints the seconds it took.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlencode

from aiohttp import BasicAuth, ClientSession, TCPConnector
from words import number, words


async def post(url: str, texts: int, concurrency: int) -> float:
    """Post the texts with so many in flight; the seconds it took."""
    bodies = iter(
        [
            urlencode({"To": number(n), "From": "+15005550006", "Body": words(n)}).encode()
            for n in range(texts)
        ]
    )
    async with ClientSession(
        connector=TCPConnector(limit=concurrency),
        auth=BasicAuth("AC", "token"),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    ) as session:
        began = time.monotonic()
        await asyncio.gather(*(_drain(session, url, bodies) for _ in range(concurrency)))
        return time.monotonic() - began


async def _drain(session: ClientSession, url: str, bodies: Iterator[bytes]) -> None:
    for body in bodies:
        async with session.post(url, data=body) as answer:
            await answer.read()


if __name__ == "__main__":
    print(asyncio.run(post(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
