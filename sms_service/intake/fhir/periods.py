"""Instants and periods: what is current, at which moment."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from sms_service.intake.fhir.datatypes import Period

#: A FHIR dateTime without a time of day: year, month or day.
_PARTIAL = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")


def instant(written: str | None) -> datetime | None:
    """An instant in UTC; None when it is none, or has no offset."""
    if written is None:
        return None
    try:
        said = datetime.fromisoformat(written.strip())
        return said.astimezone(UTC) if said.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def current(period: Period | None, now: datetime) -> bool:
    """Whether `now` lies in the period. One that cannot be read is not current: it may long be over."""
    if period is None:
        return True
    began = period.start is None or _order(period.start, now) in {-1, 0}
    lasts = period.end is None or _order(period.end, now) in {0, 1}
    return began and lasts


def _order(written: str, now: datetime) -> int | None:
    """Where a dateTime lies: before now (-1), around it (0) or after (1); None when it is no dateTime."""
    written = written.strip()
    if _PARTIAL.fullmatch(written):  # as precise as it is written: an end of 2020 lasts through all of 2020
        today = now.astimezone(UTC).date().isoformat()[: len(written)]
        return (written > today) - (written < today)
    said = instant(written)
    return None if said is None else (said > now) - (said < now)
