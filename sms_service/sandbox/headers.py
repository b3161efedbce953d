"""Headers for a browser: the page loads nothing from elsewhere, and elsewhere cannot post to it."""

from typing import Any, Final

from aiohttp import web

_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:;"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@web.middleware
async def guard_the_browser(request: web.Request, handler: Any) -> web.StreamResponse:  # noqa: ANN401
    """Refuse posts that another site's page sends through a visitor's browser."""
    if request.method != "GET" and request.headers.get("Sec-Fetch-Site", "none") not in {
        "none",
        "same-origin",
    }:
        raise web.HTTPForbidden
    answer: web.StreamResponse = await handler(request)
    if answer.content_type.startswith("text/"):
        answer.headers.update(_HEADERS)
    return answer
