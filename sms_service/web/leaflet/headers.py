"""What every answer under `/l/` carries: it is nobody else's, is not kept, not found, and loads nothing."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from importlib.resources import files

_FOLDER = files(__package__)
_FOR_WRITERS = re.compile(r"/\*.*?\*/|\s*\n\s*", re.DOTALL)


def _packed(name: str) -> str:
    """A file that goes into the page, without what only its writer reads."""
    return _FOR_WRITERS.sub("", _FOLDER.joinpath(name).read_text(encoding="utf-8"))


def _hash_of(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


#: The style and the one script, inline: there is nothing to fetch. Only printing needs the script.
STYLE, SCRIPT = _packed("page.css"), _packed("print.js")

_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src '{_hash_of(STYLE)}'",
        f"script-src '{_hash_of(SCRIPT)}'",
        "img-src data:",  # the empty icon, without which a browser asks for one
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Mapping[str, str] = {
    "Cache-Control": "private, no-store",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
}
