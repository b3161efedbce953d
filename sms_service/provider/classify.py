"""One answer or receipt of the provider, sorted into the class that decides what happens next."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import yaml

from sms_service.domain.outcome import OutcomeClass

_TOO_MANY_REQUESTS = 429
_FIELDS = {"code", "class", "note", "doc"}


def classify(http_status: int | None, code: int | None) -> OutcomeClass:
    """Return the class of a provider's `code`, or else of the HTTP status alone.

    A 5xx is unknown whatever its code; else a listed code wins; 2xx is accepted, 429 certainly not sent.
    """
    if http_status is not None and http_status >= 500:  # noqa: PLR2004  whatever it says, it may have been sent
        return OutcomeClass.UNKNOWN
    if code is not None and (listed := table().get(code)) is not None:
        return listed
    match http_status:
        case None:
            return OutcomeClass.OTHER
        case status if 200 <= status <= 299:  # noqa: PLR2004  the ranges of RFC 9110, section 15
            return OutcomeClass.ACCEPTED
        case status if status == _TOO_MANY_REQUESTS:
            return OutcomeClass.RETRY
        case _:
            return OutcomeClass.OTHER


@cache
def table() -> Mapping[int, OutcomeClass]:
    """Return every listed code with its class, read once from `outcomes.yaml`."""
    return MappingProxyType(parse(files(__package__).joinpath("outcomes.yaml").read_text("utf-8")))


def parse(text: str) -> dict[int, OutcomeClass]:
    """Read a table; ValueError names the first row that is malformed, repeated or of no class."""
    rows: object = yaml.safe_load(text)
    if not isinstance(rows, list):
        raise ValueError("outcome table: expected a list of rows")  # noqa: TRY004  the file is wrong, not the caller
    classes: dict[int, OutcomeClass] = {}
    for row in rows:
        if not isinstance(row, dict) or set(row) != _FIELDS or type(row["code"]) is not int:
            raise ValueError(f"outcome table: expected code, class, note and doc, got {row!r}")
        code = row["code"]
        if code in classes:
            raise ValueError(f"outcome table: code {code} is listed twice")
        try:
            classes[code] = OutcomeClass(row["class"])
        except ValueError:
            raise ValueError(f"outcome table: code {code} has no known class: {row['class']!r}") from None
    return classes
