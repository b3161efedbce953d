"""The provider over real sockets: what it answers, what we make of it, and what we had asked."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qsl, quote, quote_plus

import pytest
from aiohttp import TCPConnector, web

from sms_service.domain.ids import AttemptId
from sms_service.domain.outcome import Outcome, OutcomeClass
from sms_service.domain.request import Request, Trace
from sms_service.provider import twilio as twilio_module
from sms_service.provider.account import Account
from sms_service.provider.boottime import boottime
from sms_service.provider.twilio import ProviderUnavailable, Twilio

SID = "AC" + "0" * 32
TOKEN = "a-token"
SERVICE = "MG" + "1" * 32
MESSAGE = "SM" + "2" * 32
NUMBER = "+12605550123"
SENDER = "+12605550999"
BODY = "Olá João, até amanhã às 9:00 & não coma"
PATH = f"/2010-04-01/Accounts/{SID}/Messages.json"
TIMEOUT = 0.4


@pytest.fixture(autouse=True)
def _nothing_private_is_logged(caplog):
    """No log line of any library, at any level, shows a number, a body or the token."""
    caplog.set_level(logging.DEBUG)
    for name in ("twilio", "aiohttp", "asyncio", __name__, "sms_service"):
        caplog.set_level(logging.DEBUG, logger=name)
    yield
    said = caplog.text + "".join(map(repr, (record.__dict__ for record in caplog.records)))
    for private in (NUMBER, BODY, SENDER, TOKEN):
        for form in (private, quote(private), quote_plus(private), private.lstrip("+")):
            assert form not in said


def request(**change) -> Request:
    values = {
        "attempt_id": AttemptId(7),
        "to": NUMBER,
        "sender": SENDER,
        "body": BODY,
        "validity_s": 3600,
        "committed_at": boottime(),
    }
    return Request(**values | change)


def form(**change) -> dict[str, str]:
    values = {
        "To": NUMBER,
        "From": SENDER,
        "Body": BODY,
        "StatusCallback": "https://clinic.example/receipts?a=7",
        "SmartEncoded": "false",
        "ValidityPeriod": "3600",
    }
    return {name: value for name, value in (values | change).items() if value is not None}


def account(url: str, **change) -> Account:
    values = {
        "sid": SID,
        "auth_token": TOKEN,
        "base_url": url,
        "status_callback": "https://clinic.example/receipts",
        "timeout_s": TIMEOUT,
    }
    return Account(**values | change)


@asynccontextmanager
async def twilio(url: str, **change):
    one = Twilio(account(url, **change))
    try:
        yield one
    finally:
        await one.close()


def accepted(**change) -> dict[str, object]:
    return {"sid": MESSAGE, "status": "queued", "error_code": None, "from": SENDER} | change


# --- a provider that answers in HTTP -----------------------------------------------------------


@dataclass
class Answer:
    """What the provider answers: JSON, or `text` as it is."""

    status: int = 201
    json: object = None
    text: str | bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    type: str = "application/json"
    delay: float = 0.0

    async def response(self) -> web.Response:
        await asyncio.sleep(self.delay)
        text = json.dumps(self.json) if self.text is None else self.text
        body = text if isinstance(text, bytes) else text.encode()
        return web.Response(status=self.status, body=body, headers=self.headers, content_type=self.type)


@dataclass
class Provider:
    """A real HTTP server in the place of the provider; remembers what it was asked."""

    answer: Callable[[web.Request, dict[str, str]], Answer]
    seen: list[web.Request] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    url: str = ""

    async def handle(self, http: web.Request) -> web.Response:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        posted = dict(parse_qsl((await http.read()).decode(), keep_blank_values=True, strict_parsing=False))
        self.seen.append(http)
        self.forms.append(posted)
        try:
            return await self.answer(http, posted).response()
        finally:
            self.in_flight -= 1


@asynccontextmanager
async def provider(answer):
    served = Provider(answer if callable(answer) else lambda _http, _form: answer)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", served.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield served
    finally:
        await runner.cleanup()


def outcome(name: str, attempt_id: int = 7, **values) -> Outcome:
    return Outcome(attempt_id=AttemptId(attempt_id), outcome=OutcomeClass(name), **values)


def error(code: object, status: int = 400) -> dict[str, object]:
    return {"code": code, "message": f"about {NUMBER}", "more_info": "", "status": status}


def problem(code: int, status: int) -> dict[str, object]:
    """Write an error by RFC 9457: the SDK raises another exception for it."""
    return {"type": "about:blank", "title": f"to {NUMBER}", "status": status, "code": code}


YES = outcome("accepted", sid=MESSAGE, status="queued", http_status=201)
HTML = "<html>Sign in to the network</html>"

#: (label, what the provider answers, what it comes to, changes of the request, changes of the form)
ANSWERS = [
    ("a clear yes, from a number", Answer(json=accepted()), YES, {}, {}),
    (
        "a clear yes, from a service",
        Answer(json=accepted(status="accepted", **{"from": None})),
        outcome("accepted", sid=MESSAGE, status="accepted", http_status=201),
        {"sender": SERVICE},
        {"From": None, "MessagingServiceSid": SERVICE},
    ),
    (
        "the attempt's id and validity travel",
        Answer(json=accepted()),
        outcome("accepted", 90071992547, sid=MESSAGE, status="queued", http_status=201),
        {"attempt_id": AttemptId(90071992547), "validity_s": 1},
        {"StatusCallback": "https://clinic.example/receipts?a=90071992547", "ValidityPeriod": "1"},
    ),
    (
        "yes with another 2xx",
        Answer(200, accepted()),
        outcome("accepted", sid=MESSAGE, status="queued", http_status=200),
        {},
        {},
    ),
    (
        "accepted and failed at once",
        Answer(json=accepted(status="failed", error_code=30007)),
        outcome("accepted", sid=MESSAGE, status="failed", http_status=201, code=30007),
        {},
        {},
    ),
    (
        "a clear yes with strange details",
        Answer(json=accepted(status=1, error_code="none")),
        outcome("accepted", sid=MESSAGE, http_status=201),
        {},
        {},
    ),
    (
        "429 with seconds",
        Answer(429, error(20429, 429), headers={"Retry-After": "3"}),
        outcome("retry", http_status=429, code=20429, retry_after=3.0),
        {},
        {},
    ),
    (
        "429 from an edge",
        Answer(429, text=HTML, type="text/html", headers={"Retry-After": "1.5"}),
        outcome("retry", http_status=429, retry_after=1.5),
        {},
        {},
    ),
    (
        "429 by RFC 9457",
        Answer(429, problem(20429, 429)),
        outcome("retry", http_status=429, code=20429),
        {},
        {},
    ),
    ("opted out", Answer(400, error(21610)), outcome("opted_out", http_status=400, code=21610), {}, {}),
    (
        "opted out by RFC 9457",
        Answer(400, problem(21610, 400), type="application/problem+json"),
        outcome("opted_out", http_status=400, code=21610),
        {},
        {},
    ),
    ("bad number", Answer(400, error(21211)), outcome("recipient", http_status=400, code=21211), {}, {}),
    ("no route", Answer(400, error(21612)), outcome("route", http_status=400, code=21612), {}, {}),
    ("queue full", Answer(400, error(21611)), outcome("retry", http_status=400, code=21611), {}, {}),
    ("wrong token", Answer(401, error(20003, 401)), outcome("halt", http_status=401, code=20003), {}, {}),
    ("wrong account", Answer(404, error(20404, 404)), outcome("halt", http_status=404, code=20404), {}, {}),
    ("body too long", Answer(400, error(21617)), outcome("content", http_status=400, code=21617), {}, {}),
    ("a code nobody knows", Answer(400, error(29999)), outcome("other", http_status=400, code=29999), {}, {}),
    ("an error without a code", Answer(400, {"message": "no"}), outcome("other", http_status=400), {}, {}),
    ("an error with a strange code", Answer(400, error("21610")), outcome("other", http_status=400), {}, {}),
    (
        "500 with a code",
        Answer(500, error(20500, 500)),
        outcome("unknown", http_status=500, code=20500),
        {},
        {},
    ),
    (
        "502 from an edge",
        Answer(502, text=HTML, type="text/html"),
        outcome("unknown", http_status=502),
        {},
        {},
    ),
    (
        "503 with a delay",
        Answer(503, text="", headers={"Retry-After": "9"}),
        outcome("unknown", http_status=503, retry_after=9.0),
        {},
        {},
    ),
    ("504", Answer(504, error(20504, 504)), outcome("unknown", http_status=504, code=20504), {}, {}),
    ("yes in HTML", Answer(text=HTML, type="text/html"), outcome("unknown", http_status=201), {}, {}),
    ("yes in broken JSON", Answer(text='{"sid": "SM'), outcome("unknown", http_status=201), {}, {}),
    (
        "yes in no known encoding",
        Answer(text=b'{"sid": "\xff"}'),
        outcome("unknown", http_status=201),
        {},
        {},
    ),
    ("yes with nothing", Answer(text=""), outcome("unknown", http_status=201), {}, {}),
    ("yes with a list", Answer(json=[accepted()]), outcome("unknown", http_status=201), {}, {}),
    ("yes with a number", Answer(json=1), outcome("unknown", http_status=201), {}, {}),
    ("yes without a sid", Answer(json={"status": "queued"}), outcome("unknown", http_status=201), {}, {}),
    ("yes with a strange sid", Answer(json=accepted(sid="CA1")), outcome("unknown", http_status=201), {}, {}),
    (
        "yes in two megabytes",
        Answer(json=accepted(pad="x" * 2_000_000)),
        outcome("unknown", http_status=201),
        {},
        {},
    ),
    ("no in HTML", Answer(403, text=HTML, type="text/html"), outcome("unknown", http_status=403), {}, {}),
    ("no in broken JSON", Answer(400, text='{"code": 21610'), outcome("unknown", http_status=400), {}, {}),
    ("no with a list", Answer(400, json=[21610]), outcome("unknown", http_status=400), {}, {}),
    (
        "sent elsewhere",
        Answer(307, {}, headers={"Location": PATH}),
        outcome("other", http_status=307),
        {},
        {},
    ),
    (
        "sent to a sign-in page",
        Answer(302, text=HTML, type="text/html", headers={"Location": "/"}),
        outcome("unknown", http_status=302),
        {},
        {},
    ),
    ("too late to be read", Answer(json=accepted(), delay=TIMEOUT * 2), outcome("unknown"), {}, {}),
]


@pytest.mark.parametrize(
    ("answer", "expected", "asked", "posted"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS]
)
def test_an_answer_becomes_an_outcome_after_one_post(answer, expected, asked, posted):
    async def story():
        async with provider(answer) as served, twilio(served.url) as one:
            assert await one.send([request(**asked)]) == [expected]
            assert served.forms == [form(**posted)]
            (http,) = served.seen
            assert (http.method, http.path_qs) == ("POST", PATH)
            basic = base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
            assert http.headers["Authorization"] == f"Basic {basic}"
            assert one._transport._test_only_last_request is None
            assert one._transport._test_only_last_response is None

    asyncio.run(story())


# --- a provider whose wire fails ---------------------------------------------------------------

Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Wire:
    """A bare TCP server: counts connections, requests and every byte that reached it."""

    talk: Conversation
    url: str = ""
    connections: int = 0
    posts: list[str] = field(default_factory=list)
    received: int = 0

    async def one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self.talk(self, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client left first
        finally:
            writer.close()

    async def read_post(self, reader: asyncio.StreamReader) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        self.received += len(head) + length
        self.posts.append(dict(parse_qsl(body.decode()))["StatusCallback"])


@asynccontextmanager
async def wire(talk):
    served = Wire(talk)
    server = await asyncio.start_server(served.one, "127.0.0.1", 0)
    served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield served
    finally:
        server.close()


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with a TCP reset instead of a goodbye."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.close()


def ok() -> bytes:
    body = json.dumps(accepted()).encode()
    head = f"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def _hang(served, reader, _writer):
    await served.read_post(reader)
    await reader.read()


async def _hang_at_once(_served, _reader, _writer):
    await asyncio.sleep(TIMEOUT * 3)


async def _reset_at_once(_served, _reader, writer):
    reset(writer)


async def _leave_at_once(_served, _reader, _writer):
    pass


async def _reset_after_request(served, reader, writer):
    await served.read_post(reader)
    reset(writer)


async def _leave_after_request(served, reader, _writer):
    await served.read_post(reader)


async def _half_the_head(served, reader, writer):
    await served.read_post(reader)
    writer.write(b"HTTP/1.1 201 Cre")


async def _half_the_body(served, reader, writer):
    await served.read_post(reader)
    writer.write(ok()[:-20])


async def _drip(served, reader, writer):
    await served.read_post(reader)
    for byte in ok():
        writer.write(bytes([byte]))
        await asyncio.sleep(TIMEOUT / 20)


async def _garbage(served, reader, writer):
    await served.read_post(reader)
    writer.write(b"\x16\x03\x01 what is this?\r\n\r\n" * 3)


async def _endless(served, reader, writer):
    await served.read_post(reader)
    writer.write(
        b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    while True:
        writer.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
        await writer.drain()


#: (label, how the wire fails, what it comes to, requests that arrived whole)
FAULTS = [
    ("hangs with the request", _hang, outcome("unknown"), 1),
    ("hangs without reading", _hang_at_once, outcome("unknown"), 0),
    ("reset before the request", _reset_at_once, outcome("unknown"), 0),
    ("closed before the request", _leave_at_once, outcome("unknown"), 0),
    ("reset after the request", _reset_after_request, outcome("unknown"), 1),
    ("closed after the request", _leave_after_request, outcome("unknown"), 1),
    ("half a status line", _half_the_head, outcome("unknown"), 1),
    ("half a body", _half_the_body, outcome("unknown", http_status=201), 1),
    ("byte by byte", _drip, outcome("unknown"), 1),
    ("not HTTP", _garbage, outcome("unknown"), 1),
    ("a body without an end", _endless, outcome("unknown", http_status=201), 1),
]


@pytest.mark.parametrize(
    ("talk", "expected", "arrived"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS]
)
def test_a_broken_wire_leaves_the_text_unknown_in_time_and_never_posts_again(talk, expected, arrived):
    async def story():
        async with wire(talk) as served, twilio(served.url) as one:
            began = time.monotonic()
            assert await one.send([request()]) == [expected]
            assert time.monotonic() - began < TIMEOUT + 0.3
            assert len(served.posts) == arrived
            assert served.connections == 1

    asyncio.run(story())


# --- no connection: certainly not sent ---------------------------------------------------------


def test_a_refused_connection_is_certainly_not_sent():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert _send_once(url) == [outcome("retry")]


def test_a_failed_name_lookup_is_certainly_not_sent(monkeypatch):
    def fail(*_args, **_kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert _send_once("https://provider.invalid") == [outcome("retry")]


def test_a_connection_that_is_never_made_is_certainly_not_sent():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        queue = [socket.socket() for _ in range(4)]
        for client in queue:  # the listener's queue is full: the next handshake gets no answer
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        assert _send_once(f"http://127.0.0.1:{full.getsockname()[1]}") == [outcome("retry")]
        for client in queue:
            client.close()


def test_a_failed_handshake_is_certainly_not_sent():
    async def story():
        async with wire(_leave_at_once) as served, twilio(served.url.replace("http:", "https:")) as one:
            return await one.send([request()])

    assert asyncio.run(story()) == [outcome("retry")]


def _send_once(url: str) -> list[Outcome]:
    async def story():
        async with twilio(url) as one:
            return await one.send([request()])

    return asyncio.run(story())


# --- a paused process --------------------------------------------------------------------------


def test_a_request_committed_six_seconds_ago_never_reaches_the_wire():
    async def talk(served, reader, _writer):
        served.received += len(await reader.read())

    async def story():
        async with wire(talk) as served, twilio(served.url) as one:
            assert await one.send([request(committed_at=boottime() - 6)]) == [outcome("not_posted")]
        return served.received

    assert asyncio.run(story()) == 0


def test_nor_over_a_connection_that_was_open_already():
    async def story():
        async with provider(Answer(json=accepted())) as served, twilio(served.url) as one:
            paused = request(committed_at=boottime() - 6)
            assert await one.send([request()]) == [YES]
            assert await one.send([paused]) == [outcome("not_posted")]
            assert await one.send([request()]) == [YES]
            assert len(served.forms) == 2

    asyncio.run(story())


def test_the_pause_is_measured_after_waiting_for_a_place(monkeypatch):
    monkeypatch.setattr(twilio_module, "MAX_PAUSE_S", 0.1)

    async def story():
        answer = Answer(json=accepted(), delay=0.2)
        async with provider(answer) as served, twilio(served.url, concurrency=1) as one:
            assert await one.send([request(), request()]) == [YES, outcome("not_posted")]
            assert len(served.forms) == 1

    asyncio.run(story())


def test_a_pause_after_the_connection_is_made_is_still_noticed(monkeypatch):
    """The process stops (SIGSTOP, a sleeping machine) once it is connected: the clock has jumped."""
    pause = 0.0
    connect = TCPConnector.connect

    async def connect_and_stop(*args, **kwargs):
        nonlocal pause
        connection = await connect(*args, **kwargs)
        pause = 3600.0
        return connection

    async def talk(served, reader, _writer):
        served.received += len(await reader.read())

    async def story():
        async with wire(talk) as served, twilio(served.url) as one:
            assert await one.send([request()]) == [outcome("not_posted")]
            assert served.connections == 1
        return served.received

    monkeypatch.setattr(TCPConnector, "connect", connect_and_stop)
    monkeypatch.setattr(twilio_module, "boottime", lambda: boottime() + pause)
    assert asyncio.run(story()) == 0


# --- keep-alive --------------------------------------------------------------------------------


def test_a_post_on_a_connection_that_the_server_gave_up_is_not_repeated():
    """The server closes at the very moment the second request arrives on the kept connection."""

    async def talk(served, reader, writer):
        await served.read_post(reader)
        writer.write(ok())
        await served.read_post(reader)
        reset(writer)

    async def story():
        async with wire(talk) as served, twilio(served.url) as one:
            first = await one.send([request(attempt_id=AttemptId(1))])
            second = await one.send([request(attempt_id=AttemptId(2))])
            assert [each.outcome for each in first + second] == ["accepted", "unknown"]
            assert served.connections == 1
            assert [url[-1] for url in served.posts] == ["1", "2"]

    asyncio.run(story())


def test_a_server_that_closes_after_every_answer_never_sees_a_request_twice():
    async def talk(served, reader, writer):
        await served.read_post(reader)
        writer.write(ok())

    async def story():
        async with wire(talk) as served, twilio(served.url) as one:
            outcomes = [
                outcome for n in range(40) for outcome in await one.send([request(attempt_id=AttemptId(n))])
            ]
            assert len(served.posts) == len(set(served.posts))
            assert {each.outcome for each in outcomes} <= {"accepted", "unknown"}
            arrived = {int(url.rpartition("=")[2]) for url in served.posts}
            assert {each.attempt_id for each in outcomes if each.outcome == "accepted"} <= arrived

    asyncio.run(story())


def test_connections_are_kept_and_shared():
    async def talk(served, reader, writer):
        while True:
            await served.read_post(reader)
            writer.write(ok())

    async def story():
        async with wire(talk) as served, twilio(served.url, concurrency=3) as one:
            for _ in range(5):
                await one.send([request()] * 6)
            assert len(served.posts) == 30
            assert served.connections == 3

    asyncio.run(story())


# --- many at once ------------------------------------------------------------------------------


def test_each_call_has_its_own_fate_and_the_order_is_kept():
    answers = {
        "0": (Answer(json=accepted(), delay=0.1), "accepted"),
        "1": (Answer(400, error(21610)), "opted_out"),
        "2": (Answer(json=accepted(), delay=TIMEOUT * 3), "unknown"),
        "3": (Answer(429, error(20429, 429)), "retry"),
        "4": (Answer(text=HTML, type="text/html"), "unknown"),
        "5": (Answer(json=accepted()), "accepted"),
    }

    async def story():
        async with (
            provider(lambda _http, posted: answers[posted["StatusCallback"][-1]][0]) as served,
            twilio(served.url) as one,
        ):
            began = time.monotonic()
            asked = [request(attempt_id=AttemptId(n)) for n in range(6)]
            asked.append(request(attempt_id=AttemptId(6), committed_at=boottime() - 6))
            asked.append(request(attempt_id=AttemptId(7), body="\ud800"))
            outcomes = await one.send(asked)
            assert [each.attempt_id for each in outcomes] == list(range(8))
            expected = [name for _, name in answers.values()]
            assert [each.outcome for each in outcomes] == [*expected, "not_posted", "other"]
            assert time.monotonic() - began < TIMEOUT + 0.3

    asyncio.run(story())


def test_no_more_calls_are_in_flight_than_the_account_allows():
    async def story():
        async with (
            provider(Answer(json=accepted(), delay=0.02)) as served,
            twilio(served.url, concurrency=4) as one,
        ):
            batches = await asyncio.gather(*(one.send([request()] * 10) for _ in range(3)))
            assert batches == [[YES] * 10] * 3
            assert served.most_in_flight == 4

    asyncio.run(story())


def test_waiting_for_a_place_does_not_count_as_the_provider_s_silence():
    async def story():
        answer = Answer(json=accepted(), delay=TIMEOUT * 0.6)
        async with provider(answer) as served, twilio(served.url, concurrency=1) as one:
            assert await one.send([request()] * 3) == [YES] * 3

    asyncio.run(story())


def test_a_cancelled_batch_still_says_what_became_of_each():
    async def story():
        first = Answer(json=accepted())
        never = Answer(json=accepted(), delay=60)

        both_hang = asyncio.Event()
        forms = []

        def answer(_http, posted):
            forms.append(posted)
            if len(forms) == 3:
                both_hang.set()
            return first if posted["StatusCallback"].endswith("=0") else never

        async with provider(answer) as served, twilio(served.url, concurrency=2, timeout_s=30) as one:
            sending = asyncio.create_task(one.send([request(attempt_id=AttemptId(n)) for n in range(4)]))
            await both_hang.wait()
            sending.cancel()
            outcomes = await sending
            assert [each.outcome for each in outcomes] == ["accepted", "unknown", "unknown", "not_posted"]

    asyncio.run(story())


def test_a_call_cancelled_before_its_first_step_was_not_posted():
    async def story():
        async with provider(Answer(json=accepted())) as served, twilio(served.url) as one:
            sending = asyncio.create_task(one.send([request(), request()]))
            await asyncio.sleep(0)
            first = next(task for task in asyncio.all_tasks() if task.get_coro().__name__ == "_call")
            first.cancel()
            assert sorted(await sending, key=str) == sorted([outcome("not_posted"), YES], key=str)
            assert len(served.forms) == 1

    asyncio.run(story())


def test_nothing_to_send_is_no_error():
    async def story():
        async with twilio("http://127.0.0.1:1") as one:
            return await one.send([])

    assert asyncio.run(story()) == []


def test_one_twilio_serves_one_loop_after_another():
    async def story(one):
        async with provider(Answer(json=accepted())) as served:
            object.__setattr__(one._transport, "_base_url", served.url)
            outcomes = await one.send([request()])
            await one.close()
            return outcomes

    one = Twilio(account("http://127.0.0.1:1"))
    assert [asyncio.run(story(one)) for _ in range(2)] == [[YES], [YES]]


def test_the_environment_does_not_move_the_provider(monkeypatch):
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    monkeypatch.setenv("TWILIO_REGION", "ie1")

    async def story():
        async with provider(Answer(json=accepted())) as served, twilio(served.url) as one:
            return await one.send([request()])

    assert asyncio.run(story()) == [YES]


def test_the_provider_s_count_of_calls_is_kept():
    async def story():
        headers = {"Twilio-Concurrent-Requests": "17"}
        async with provider(Answer(json=accepted(), headers=headers)) as served, twilio(served.url) as one:
            assert one.concurrent_requests is None
            await one.send([request()])
            return one.concurrent_requests

    assert asyncio.run(story()) == 17


# --- what the provider remembers ---------------------------------------------------------------

NOON = datetime(2025, 12, 1, 12, tzinfo=UTC)


def row(minute: int, **change) -> dict[str, object]:
    """One message of the list, created `minute` minutes after noon UTC."""
    created = (NOON + timedelta(minutes=minute)).strftime("%a, %d %b %Y %H:%M:%S +0000")
    values = {"sid": f"SM{minute}", "from": SENDER, "to": NUMBER, "body": BODY, "status": "sent"}
    return values | {"date_created": created, "date_sent": None, "error_code": None} | change


def trace(minute: int, **change) -> Trace:
    values = {"sid": f"SM{minute}", "sender": SENDER, "body": BODY, "status": "sent"}
    values["to"] = NUMBER
    return Trace(**values | {"created_at": NOON + timedelta(minutes=minute)} | change)


def pages(*lists: list[dict[str, object]]):
    """Serve the lists page by page, each naming the next."""

    def answer(http, _form):
        n = int(http.query.get("Page", "0"))
        following = (
            f"{PATH}?To={quote(NUMBER)}&PageSize=100&Page={n + 1}&PageToken=PA"
            if n + 1 < len(lists)
            else None
        )
        return Answer(200, {"messages": lists[n], "next_page_uri": following, "page": n, "uri": http.path_qs})

    return answer


#: (label, pages, since in minutes after noon, what is found, pages read)
LISTS = [
    ("nothing", [[]], 0, [], 1),
    ("one", [[row(1)]], 0, [trace(1)], 1),
    ("exactly then", [[row(0)]], 0, [trace(0)], 1),
    ("older ones are left out", [[row(3), row(2), row(-1)]], 2, [trace(3), trace(2)], 1),
    ("page after page", [[row(3), row(2)], [row(1)]], 0, [trace(3), trace(2), trace(1)], 2),
    ("until a page is older", [[row(3)], [row(-1)], [row(-2)]], 0, [trace(3)], 2),
    ("a list slightly out of order", [[row(-1), row(2), row(3)]], 0, [trace(3), trace(2)], 1),
    (
        "from a service",
        [[row(1, messaging_service_sid=SERVICE)]],
        0,
        [trace(1, sender=SERVICE, service=SERVICE)],
        1,
    ),
    (
        "a service that has not chosen",
        [[row(1, messaging_service_sid=SERVICE, **{"from": None})]],
        0,
        [trace(1, sender=SERVICE, service=SERVICE)],
        1,
    ),
    ("failed", [[row(1, status="failed", error_code=30006)]], 0, [trace(1, status="failed", code=30006)], 1),
    ("redacted", [[row(1, body="")]], 0, [trace(1, body="")], 1),
    (
        "a reply to a service is from its writer",
        [
            [
                row(
                    1,
                    messaging_service_sid=SERVICE,
                    direction="inbound",
                    **{"from": NUMBER, "to": "+15005550006"},
                )
            ]
        ],
        0,
        [trace(1, sender=NUMBER, direction="inbound", to="+15005550006", service=SERVICE)],
        1,
    ),
]


@pytest.mark.parametrize(
    ("lists", "since", "found", "read"), [one[1:] for one in LISTS], ids=[one[0] for one in LISTS]
)
@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=-5))], ids=str)
def test_the_list_is_read_newest_first_until_it_is_older(lists, since, found, read, zone):
    async def story():
        async with provider(pages(*lists)) as served, twilio(served.url) as one:
            moment = (NOON + timedelta(minutes=since)).astimezone(zone)
            assert await one.traces(NUMBER, moment) == found
            assert len(served.seen) == read
            assert dict(served.seen[0].query) == {"To": NUMBER, "PageSize": "100"}
            assert all(http.method == "GET" and http.query["To"] == NUMBER for http in served.seen)

    asyncio.run(story())


def _elsewhere(http, _form):
    return Answer(
        200, {"messages": [row(1)], "meta": {"key": "messages", "next_page_url": f"http://{http.host}/"}}
    )


def _endless_list(http, _form):
    n = int(http.query.get("Page", "0"))
    return Answer(200, {"messages": [row(n)], "next_page_uri": f"{PATH}?Page={n + 1}"})


#: (label, what the provider answers, HTTP status of the failure)
LIST_FAULTS = [
    ("500", Answer(500, error(20500, 500)), 500),
    ("401", Answer(401, error(20003, 401)), 401),
    ("429", Answer(429, error(20429, 429)), 429),
    ("HTML", Answer(200, text=HTML, type="text/html"), None),
    ("broken JSON", Answer(200, text='{"messages": ['), None),
    ("no list", Answer(200, {"a": 1, "b": 2}), None),
    ("a row without a date", Answer(200, {"messages": [row(1, date_created=None)]}), None),
    ("a row without a sid", Answer(200, {"messages": [row(1, sid=None)]}), None),
    ("a next page elsewhere", _elsewhere, None),
    ("a list without an end", _endless_list, None),
    ("silence", Answer(200, {"messages": []}, delay=TIMEOUT * 2), None),
]


@pytest.mark.parametrize(
    ("answer", "status"), [one[1:] for one in LIST_FAULTS], ids=[one[0] for one in LIST_FAULTS]
)
def test_a_list_that_cannot_be_read_in_full_is_no_list(answer, status):
    async def story():
        async with provider(answer) as served, twilio(served.url) as one:
            with pytest.raises(ProviderUnavailable) as caught:
                await one.traces(NUMBER, NOON)
            return served, caught.value

    served, failure = asyncio.run(story())
    assert failure.http_status == status
    assert all(http.path == PATH for http in served.seen)
    chain = failure
    while chain is not None:
        assert NUMBER not in str(chain)
        chain = chain.__cause__ or chain.__context__


def test_a_moment_without_a_zone_is_refused():
    async def story():
        async with twilio("http://127.0.0.1:1") as one:
            await one.traces(NUMBER, datetime(2025, 12, 1))  # noqa: DTZ001  that is the point

    with pytest.raises(ValueError, match="aware"):
        asyncio.run(story())


#: (label, answer, verdict)
ACCOUNTS = [
    ("active", Answer(200, {"sid": SID, "status": "active"}), True),
    ("suspended", Answer(200, {"sid": SID, "status": "suspended"}), False),
    ("wrong token", Answer(401, error(20003, 401)), False),
    ("forbidden", Answer(403, error(20006, 403)), False),
    ("unknown account", Answer(404, error(20404, 404)), False),
    ("down", Answer(503, text=""), None),
    ("a sign-in page", Answer(200, text=HTML, type="text/html"), None),
]


@pytest.mark.parametrize(
    ("answer", "verdict"), [one[1:] for one in ACCOUNTS], ids=[one[0] for one in ACCOUNTS]
)
def test_an_account_is_ok_or_not_or_unknown(answer, verdict):
    async def story():
        async with provider(answer) as served, twilio(served.url) as one:
            try:
                return await one.account_ok()
            except ProviderUnavailable:
                return None
            finally:
                assert [http.path for http in served.seen] == [f"/2010-04-01/Accounts/{SID}.json"]

    assert asyncio.run(story()) is verdict
