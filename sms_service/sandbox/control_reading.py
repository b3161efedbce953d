"""Read requests of the rehearsal's own API; what cannot be understood is answered with the reason."""

import json
from typing import Any

from aiohttp import web

from sms_service.sandbox.create_request import is_number
from sms_service.sandbox.json_answers import json_answer
from sms_service.sandbox.schema import LARGEST_ID

_UNREADABLE = 422

Json = dict[str, Any]


class Unreadable(Exception):  # noqa: N818 - what the caller sent, in the caller's words
    """A request that cannot be understood; its text goes back to the caller."""


@web.middleware
async def explain_unreadable(request: web.Request, handler: Any) -> web.StreamResponse:  # noqa: ANN401
    """Answer 422 with the reason where a request could not be understood."""
    try:
        answer: web.StreamResponse = await handler(request)
    except Unreadable as reason:
        return json_answer({"error": str(reason)}, _UNREADABLE)
    return answer


async def json_of(request: web.Request) -> Json:
    """Return the body, a JSON object; nothing is an empty one."""
    try:
        given = json.loads(await request.read() or b"{}")
    except ValueError as error:
        raise Unreadable("the body must be JSON") from error
    if not isinstance(given, dict):
        raise Unreadable("the body must be a JSON object")
    return given


def number_of(request: web.Request) -> str:
    """Return the phone that the path names."""
    number = request.match_info["number"]
    if not is_number(number):
        raise Unreadable("the phone must be an E.164 number")
    return number


def whole(text: str) -> int:
    """Read a whole number of the query."""
    if not text.isdecimal() or int(text) > LARGEST_ID:
        raise Unreadable("after and limit must be whole numbers")
    return int(text)
