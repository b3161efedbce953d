"""What a door read from one message: the canonical event, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sms_service.intake.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """`event` is a canonical event (CloudEvents 1.0) with every fact that could be read, problems or not.

    It is None only when nothing could be read. `read_event` takes it from here, as if it had come as JSON.
    """

    event: Mapping[str, Any] | None = field(repr=False)
    problems: tuple[Problem, ...] = ()
