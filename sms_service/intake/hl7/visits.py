"""What a scheduling message says of the visit besides its time and state: type, place, provider, length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sms_service.intake.hl7.message import NULL, Message, Segment, Value
from sms_service.intake.hl7.starts import current
from sms_service.intake.profile import Profile

_CODED = (1, 2, 4, 5)
#: What table 0396 and senders call the code systems that a profile may name.
_SYSTEMS = {"C4": "CPT", "CPT4": "CPT", "CPT-4": "CPT", "CPT": "CPT", "SCT": "SNOMED", "SNM": "SNOMED"}
#: Of a place (PL): point of care, facility, description, building.
_PLACE = (1, 4, 9, 7)
#: Of a provider (XCN): prefix, given and family name, as they are spoken.
_SPOKEN = (6, 3, 2)
_FAMILY = 2
_MINUTES = {"": 1, "M": 1, "MIN": 1, "MINS": 1, "MINUTE": 1, "MINUTES": 1, "H": 60, "HR": 60, "HOUR": 60,
            "HOURS": 60}  # fmt: skip
_A_DAY = 24 * 60


def read_visit_facts(message: Message, profile: Profile) -> dict[str, Any]:
    """The canonical fields `type`, `location`, `provider` and `duration_min`, where the message has them."""
    services = current(message, "AIS")
    sch = message.first("SCH")
    facts: dict[str, Any] = {}
    kind = _type(sch, services, profile)
    if kind:
        facts["type"] = kind
    facts |= _place(message) | _provider(message)
    minutes = _duration(sch, services)
    if minutes:
        facts["duration_min"] = minutes
    return facts


def _type(sch: Segment | None, services: list[Segment], profile: Profile) -> dict[str, Any]:
    """SCH-7, SCH-8, AIS-3: the first that is mapped speaks for the visit, else the first that is filled."""
    values = [sch.first(7), sch.first(8)] if sch else []
    values += [service.first(3) for service in services]
    filled = [(value, texts) for value in values if (texts := value.texts(*_CODED))]
    if not filled:
        return {}
    chosen, texts = next((one for one in filled if profile.pathway(one[1]) is not None), filled[0])
    code, text = (chosen.texts(1) or texts)[0], (chosen.texts(2) or texts)[0]
    codings = [coding for value, _ in filled for coding in _codings(value, known=value is chosen)]
    mapped = next((one for one in texts if profile.pathway([one]) is not None), code)
    if mapped not in {code, text}:  # an alternate; it must come before what other fields say
        codings.insert(0, {"code": mapped})
    return {"code": code, "text": text} | ({"codings": codings} if codings else {})


def _codings(value: Value, *, known: bool) -> Iterator[dict[str, str]]:
    """Both triplets of a coded element; what is `known` already only where it says which system it is of."""
    for first in range(1, min(len(value.components), 4) + 1, 3):
        code, text, system = (value.texts(first + n) for n in range(3))
        if (code or text) and (system or first != 1 or not known):
            named = {"system": _SYSTEMS.get(system[0].upper(), system[0])} if system else {}
            yield named | {"code": (code or text)[0]} | ({"display": text[0]} if text else {})


def _place(message: Message) -> dict[str, str | None]:
    """AIL-3, else PV1-3."""
    visits = message.each("PV1")
    for value in [row.first(3) for row in current(message, "AIL")] + [visit.first(3) for visit in visits]:
        texts = value.texts(*_PLACE)
        if texts:
            return {"location": texts[0]}
        if value.text() == NULL:
            return {"location": None}
    return {}


def _provider(message: Message) -> dict[str, str]:
    """AIP-3, else PV1-7. A number is no name."""
    visits = message.each("PV1")
    for value in [row.first(3) for row in current(message, "AIP")] + [visit.first(7) for visit in visits]:
        if value.texts(_FAMILY):
            return {"provider": " ".join(value.texts(*_SPOKEN))}
        if len(value.components) == 1 and " " in value.text():
            return {"provider": value.text()}
    return {}


def _duration(sch: Segment | None, services: list[Segment]) -> int | None:
    """Minutes: SCH-9 with its unit in SCH-10, else AIS-7 with AIS-8."""
    said = [(sch.text(9), sch.text(10))] if sch else []
    said += [(service.text(7), service.text(8)) for service in services[:1]]
    for number, unit in said:
        factor = _MINUTES.get(unit.upper())
        if factor and number.isascii() and number.isdigit() and len(number) <= len(str(_A_DAY)):
            minutes = int(number) * factor
            if 0 < minutes <= _A_DAY:
                return minutes
    return None
