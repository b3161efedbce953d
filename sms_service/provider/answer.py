"""The provider's answer, read within bounds and believed only where it can be the provider's own."""

from __future__ import annotations

import json
import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from aiohttp import ClientResponse

MAX_ANSWER_BYTES = 1 << 20
MAX_LIST_BYTES = 16 << 20  # 500 texts of the longest kind, each character escaped
_BAD_REQUEST = 400
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500


class WrongAnswerError(Exception):
    """The answer is not one that the provider gives: not JSON, or far too large."""


async def read_text(answer: ClientResponse, limit: int = MAX_ANSWER_BYTES) -> str:
    """Read a bounded answer; where the status does not say it all, insist on the provider's JSON.

    Raises WrongAnswerError for any other page, ValueError for broken JSON or text.
    """
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise WrongAnswerError("too large")
    if answer.status == _TOO_MANY_REQUESTS or answer.status >= _SERVER_ERROR:
        return body.decode("utf-8", "replace")  # the status alone decides, whoever wrote the page
    if not answer.content_type.endswith("json"):
        raise WrongAnswerError("not JSON")
    text = body.decode("utf-8")
    if answer.status >= _BAD_REQUEST and not isinstance(json.loads(text), dict):
        raise WrongAnswerError("not an error of the provider")  # the SDK would invent one
    return text


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds to wait by a Retry-After header (RFC 9110, 10.2.3: seconds or a date), if it is one."""
    if header is None:
        return None
    if re.fullmatch(r"\d{1,9}(\.\d+)?", header, re.ASCII):
        return float(header)
    try:
        return max(0.0, (parsedate_to_datetime(header) - now).total_seconds())
    except (TypeError, ValueError):  # not a date, or one without a zone
        return None
