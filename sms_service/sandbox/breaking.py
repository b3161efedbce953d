"""Act a fault out on a live connection."""

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Final

from aiohttp import web

from sms_service.sandbox.errors import refusal
from sms_service.sandbox.fault_rules import Rule
from sms_service.sandbox.json_answers import json_answer

# Longer than any client of ours waits.
_FOREVER = 75.0
_LINGER_NOT = struct.pack("ii", 1, 0)
_CODES: Final = {"429": 20429, "500": 20500, "503": 20503, "504": 20504}


async def instead_of_work(request: web.Request, rule: Rule) -> web.Response | None:
    """Break the call before anything is stored; None if the fault comes later or not at all."""
    code = _CODES.get(rule.kind)
    if code is not None:
        refused = refusal(code)
        answer = json_answer(refused.body(), refused.status)
        if code == _CODES["429"]:
            answer.headers["Retry-After"] = str(max(1, round(rule.seconds)))
        return answer
    if rule.kind == "502":
        # It comes from a gateway on the way, which knows nothing of JSON.
        page = "<html><body><h1>502 Bad Gateway</h1></body></html>"
        return web.Response(text=page, status=502, content_type="text/html")
    if rule.kind == "hang":
        return await _hang(request)
    return _reset(request) if rule.kind == "reset" else None


async def instead_of_answer(request: web.Request, rule: Rule, answer: web.Response) -> web.StreamResponse:
    """Break the call after its work has been done and stored."""
    if rule.kind == "accept_then_500":
        refused = refusal(20500)
        return json_answer(refused.body(), refused.status)
    if rule.kind == "accept_then_hang":
        return await _hang(request)
    if rule.kind == "accept_then_reset":
        return _reset(request)
    if rule.kind == "wrong_json":
        return web.Response(text='{"sid": "SM', status=answer.status, content_type="application/json")
    if rule.kind == "slow":
        await asyncio.sleep(rule.seconds)
    return answer


async def dribble(request: web.Request, answer: web.Response, seconds: float) -> web.StreamResponse:
    """Send the head at once and the body byte by byte, spread over `seconds`: each read gets a little."""
    body = answer.body if isinstance(answer.body, bytes) else b""
    trickle = web.StreamResponse(status=answer.status, headers=answer.headers)
    trickle.content_length = len(body)
    # The other side may well stop listening before the end.
    with suppress(ConnectionResetError):
        await trickle.prepare(request)
        for place in range(len(body)):
            await trickle.write(body[place : place + 1])
            await asyncio.sleep(seconds / len(body))
        await trickle.write_eof()
    return trickle


async def _hang(request: web.Request) -> web.Response:
    await asyncio.sleep(_FOREVER)
    return _reset(request)


def _reset(request: web.Request) -> web.Response:
    if request.transport is not None:
        connection = request.transport.get_extra_info("socket")
        if connection is not None:
            # Without lingering the kernel sends RST rather than a polite FIN.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        request.transport.abort()
    return web.Response()
