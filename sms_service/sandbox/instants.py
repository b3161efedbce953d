"""Real time in, and the date formats of the two sides out."""

import time
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache


def now() -> float:
    """Seconds since the epoch; the provider's clock is never anything but real."""
    return time.time()


def rfc2822(instant: float | None) -> str | None:
    """Twilio's date format, such as `Fri, 20 Nov 2026 15:04:05 +0000`."""
    return None if instant is None else _rfc2822(int(instant))


# Thousands of answers a second share the same second.
@lru_cache(maxsize=64)
def _rfc2822(second: int) -> str:
    return format_datetime(datetime.fromtimestamp(second, UTC))


def iso(instant: float) -> str:
    """ISO 8601 in UTC with milliseconds, for the control API."""
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="milliseconds")


def dlr_minute(instant: float) -> str:
    """`YYMMDDhhmm`, the carriers' way to date a delivery report; to the minute, without a zone."""
    return datetime.fromtimestamp(instant, UTC).strftime("%y%m%d%H%M")
