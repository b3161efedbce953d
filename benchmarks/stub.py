"""A provider that does nothing but answer fast: 201 in the provider's shape to every POST, no receipts.

`python stub.py PORT DELAY_MS` serves until it is killed. GET /count and /texts and POST /reset are the
judge's.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from itertools import count
from urllib.parse import parse_qs

_ANSWER = json.dumps(
    {
        "account_sid": "AC" + "0" * 32,
        "api_version": "2010-04-01",
        "body": "kept by the stub",
        "date_created": "Mon, 08 Mar 2027 14:00:00 +0000",
        "date_sent": None,
        "date_updated": "Mon, 08 Mar 2027 14:00:00 +0000",
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": "+15005550006",
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": "USD",
        "sid": "SM" + "%032x",
        "status": "queued",
        "subresource_uris": {"media": "/2010-04-01/Accounts/x/Messages/x/Media.json"},
        "to": "+12125550100",
        "uri": "/2010-04-01/Accounts/x/Messages/x.json",
    }
)


class Ledger:
    """What arrived: the raw form of every text, and when the last one came (monotonic seconds)."""

    def __init__(self, delay_s: float) -> None:
        self.delay_s = delay_s
        self.forms: list[bytes] = []
        self.last = 0.0
        self._sids = count(1)

    def take(self, body: bytes) -> bytes:
        """Keep one text and give the answer to it."""
        self.forms.append(body)
        self.last = time.monotonic()
        return _respond("201 Created", _ANSWER % next(self._sids))

    def judge(self, path: str) -> bytes:
        """Answer the benchmark's own questions."""
        if path == "/reset":
            self.forms.clear()
            return _respond("200 OK", "{}")
        if path == "/texts":
            forms = [parse_qs(form.decode("ascii")) for form in self.forms]
            return _respond("200 OK", json.dumps([[form["To"][0], form["Body"][0]] for form in forms]))
        return _respond("200 OK", json.dumps({"count": len(self.forms), "last": self.last}))


class Conversation(asyncio.Protocol):
    """One kept-alive connection."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end]
            whole = end + 4 + _length(head)
            if len(self._held) < whole:
                return
            body, self._held = self._held[end + 4 : whole], self._held[whole:]
            path = head.split(b" ", 2)[1].decode("ascii")
            if not path.startswith("/2010-04-01/"):
                self._transport.write(self._ledger.judge(path))
                continue
            answer = self._ledger.take(body)
            if self._ledger.delay_s:
                asyncio.get_running_loop().call_later(self._ledger.delay_s, self._transport.write, answer)
            else:
                self._transport.write(answer)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, held = line.partition(b":")
        if name.lower() == b"content-length":
            return int(held)
    return 0


def _respond(status: str, body: str) -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode("ascii")


async def serve(port: int, delay_s: float) -> None:
    """Serve on loopback until cancelled."""
    ledger = Ledger(delay_s)
    server = await asyncio.get_running_loop().create_server(
        lambda: Conversation(ledger), "127.0.0.1", port, backlog=1024
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]) / 1000))
