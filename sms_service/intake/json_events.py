"""JSON as it is posted or lies in a file: one canonical event, or a batch (CloudEvents JSON format)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NoReturn

from sms_service.intake.problems import Code, Problem
from sms_service.intake.profile import Profile
from sms_service.intake.reading import Reading


def read_json(raw: bytes, _profile: Profile, _received: datetime) -> Iterator[Reading]:
    """A reading of each event; what is none has a reading that says so."""
    try:
        held = json.loads(raw.decode("utf-8-sig"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        yield _wrong("is not valid JSON in UTF-8")
        return
    events = held if isinstance(held, list) else [held]
    if not events:
        yield _wrong("is an empty batch")
    for event in events:
        if not isinstance(event, dict):
            yield _wrong("must be a JSON object, or an array of objects")
        elif _too_deep(event):
            yield _wrong("is nested too deeply")
        else:
            yield Reading(event=event)


def _too_deep(event: dict[str, Any]) -> bool:
    """Whether it cannot be written down again, which takes a little more room than reading it."""
    try:
        json.dumps([[[event]]])
    except RecursionError:
        return True
    return False


def _refuse(_constant: str) -> NoReturn:
    """NaN and Infinity are no JSON."""
    raise ValueError


def _wrong(detail: str) -> Reading:
    return Reading(event=None, problems=(Problem(code=Code.PARSE_ERROR, field="", detail=detail),))
