"""Which of a patient's numbers can be texted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sms_service.intake.fhir.datatypes import ContactPoint
from sms_service.intake.fhir.periods import current
from sms_service.intake.phones import e164

_SYSTEMS = frozenset({"phone", "sms"})
#: A number at work is somebody else's desk as well: the last resort.
_WORK = 2
_OTHER = 1
_UNRANKED = 1_000_000


def phone(telecom: Iterable[ContactPoint], country: str, now: datetime) -> tuple[bool, str | None]:
    """Whether the record speaks of phones at all, and the number to text; in E.164 where it can be read.

    Mobile before home before work, then by rank, then as listed; the first that is a number. A record whose
    numbers have all ended says that there is none: such a number may be a stranger's by now.
    """
    phones = [point for point in telecom if point.system in _SYSTEMS and (point.value or "").strip()]
    live = [point for point in phones if point.use != "old" and current(point.period, now)]
    live.sort(key=_order)
    written = [str(point.value).strip() for point in live]
    for candidate in written:
        number = e164(candidate, country)
        if number is not None:
            return True, number
    return bool(phones), written[0] if written else None


def _order(point: ContactPoint) -> tuple[int, int]:
    mobile = point.system == "sms" or point.use == "mobile"
    kind = 0 if mobile else _WORK if point.use == "work" else _OTHER
    return kind, point.rank if point.rank is not None and point.rank > 0 else _UNRANKED
