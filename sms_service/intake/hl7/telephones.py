"""Which of a patient's numbers can be texted: PID-13, then PID-14, then PID-40 (HL7 v2 data type XTN)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import itemgetter

from sms_service.intake.hl7.message import NULL, Segment, Value
from sms_service.intake.phones import e164

#: PID-40 took the place of the other two in v2.7.
_FIELDS = (13, 14, 40)
_USE, _EQUIPMENT = 2, 3
#: HL7 tables 0201 and 0202, and what sites write.
_MOBILE_USES = frozenset({"ORN", "PRS", "MOBILE", "CELL", "MOB"})
_MOBILE_EQUIPMENT = frozenset({"CP", "CELL", "MOBILE", "MOB"})
#: Networks, faxes, modems, beepers, answering services; an emergency number may be anybody's.
_NOT_USES = frozenset({"NET", "ASN", "BPN", "EMR"})
_NOT_EQUIPMENT = frozenset({"FX", "FAX", "MD", "BP", "INTERNET", "X.400", "TDD", "TTY"})
_WORK = "WPN"
#: What follows a number in the first component: X an extension, B a beeper, C any words.
_NUMBER = re.compile(r"[+()\d\s./-]*\d[+()\d\s./-]*", re.ASCII)
_FEWEST_DIGITS = 7
#: Nobody has more; a message made to keep us busy has.
_MOST = 20


def phone_of(pid: Segment, country: str) -> dict[str, str | None]:
    """The `phone` of a patient; empty when the message says nothing, None in it when it is to be cleared.

    A number that can be used is in E.164. Without any, the first is as it was written, and `read_event`
    complains of it.
    """
    written: list[str] = []
    for number in _FIELDS:
        # of equals the sender's order decides: sorting is stable
        ranked = [(rank, value) for value in pid.each(number)[:_MOST] if (rank := _rank(value)) is not None]
        ranked.sort(key=itemgetter(0))
        for _, value in ranked:
            for candidate in _numbers(value):
                found = e164(candidate, country)
                if found is not None:
                    return {"phone": found}
                written.append(candidate)
    if written:
        return {"phone": written[0]}
    cleared = any(pid.raw(number) == NULL for number in _FIELDS)
    return {"phone": None} if cleared else {}


def _rank(value: Value) -> int | None:
    """Mobiles first, numbers at work last: others may read what arrives there. None: not to be texted."""
    use, equipment = value.text(_USE).upper(), value.text(_EQUIPMENT).upper()
    if use in _NOT_USES or equipment in _NOT_EQUIPMENT:
        return None
    if use in _MOBILE_USES or equipment in _MOBILE_EQUIPMENT:
        return 0
    return 2 if use == _WORK else 1


def _numbers(value: Value) -> Iterator[str]:
    """Where senders put the number, in the order of trust: unformatted, formatted, misplaced, in parts."""
    for text in value.texts(12, 1, 4):
        if "@" not in text:
            found = _NUMBER.match(text)
            leading = found[0].strip() if found else ""
            yield leading if sum(map(str.isdigit, leading)) >= _FEWEST_DIGITS else text
    country, area, local = (value.text(component) for component in (5, 6, 7))
    if local and NULL not in {country, area, local}:
        prefix = f"+{country.lstrip('+0')} " if country.strip("+0").isdigit() else ""
        yield f"{prefix}{area} {local}".strip()
