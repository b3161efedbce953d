"""Read a URL-encoded form, faster than the general reader and with blank fields kept."""

from urllib.parse import parse_qsl

from aiohttp import web


async def form_of(request: web.Request) -> dict[str, str]:
    """Return the fields of a form; of repeated ones the last."""
    body = await request.read()
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
