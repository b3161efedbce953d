"""JSON answers for both APIs."""

import json

from aiohttp import web


def json_answer(body: object, status: int = 200) -> web.Response:
    """Return a JSON answer that keeps every script readable."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return web.Response(body=text.encode(), status=status, content_type="application/json", charset="utf-8")
