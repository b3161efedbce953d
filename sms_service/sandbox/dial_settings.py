"""Change the dials of a running sandbox."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

from sms_service.sandbox.settings import Dials, OptOutReply


def change_dials(dials: Dials, given: Mapping[str, Any]) -> None:
    """Set what is named and leave the rest; nothing changes on ValueError."""
    unknown = set(given) - {"inbound_url", "opt_out_reply", "segments_per_second", "queue_depth"}
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    wanted = replace(dials, **given)
    if wanted.opt_out_reply not in get_args(OptOutReply):
        raise ValueError("opt_out_reply must be ours or provider")
    if wanted.inbound_url is not None and not isinstance(wanted.inbound_url, str):
        raise ValueError("inbound_url must be a text or null")
    if not is_rate(wanted.segments_per_second):
        raise ValueError("segments_per_second must be a number, 0 or more")
    depth = wanted.queue_depth
    if depth is not None and (isinstance(depth, bool) or not isinstance(depth, int) or depth < 0):
        raise ValueError("queue_depth must be a whole number of segments, or null")
    dials.inbound_url, dials.opt_out_reply = wanted.inbound_url, wanted.opt_out_reply
    dials.segments_per_second, dials.queue_depth = wanted.segments_per_second, depth


def is_rate(value: object) -> bool:
    """Tell whether a value is a rate: finite and not negative."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and value >= 0  # type: ignore[arg-type,operator]
