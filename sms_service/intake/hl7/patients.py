"""What PID says of a patient: number, name, language, death. The telephone has a module of its own."""

from __future__ import annotations

from typing import Any

from sms_service.intake.hl7.message import NULL, Segment, Value
from sms_service.intake.hl7.telephones import phone_of
from sms_service.intake.languages import nobody_said, registered_tag
from sms_service.intake.problems import Code, Problem
from sms_service.intake.profile import Profile

_IDENTIFIERS, _EXTERNAL_ID, _NAME, _LANGUAGE, _DEATH, _DEAD = 3, 2, 5, 15, 29, 30
_ID_TYPE = 5
_GIVEN, _NAME_TYPE = 2, 7
#: HL7 table 0200: legal or unsaid, then display and unspecified; aliases and maiden names are no address.
_NAME_TYPES = (("", "L"), ("D", "U"))
#: HL7 table 0203: what numbers a person, but not as this clinic's patient.
_NOT_PATIENT_IDS = frozenset({"SS", "DL", "PPN", "AN", "VN", "MA", "MC", "NI", "PRN"})
_MEDICAL_RECORD = "MR"
#: HL7 table 0136.
_YES_NO = {"Y": True, "N": False}


def read_patient(pid: Segment, profile: Profile) -> tuple[dict[str, Any], list[Problem]]:
    """The canonical fields that PID mentions."""
    patient: dict[str, Any] = {}
    number = number_of(pid, profile)
    if number:
        patient["id"] = number
    patient |= _given(pid) | phone_of(pid, profile.country) | _deceased(pid)
    language, problems = _language(pid.first(_LANGUAGE), profile)
    return patient | language, problems


def number_of(pid: Segment, profile: Profile) -> str:
    """Which patient PID is about: PID-3, else PID-2, where that number stood until v2.3."""
    return patient_id(pid.each(_IDENTIFIERS), profile) or _not_null(pid.text(_EXTERNAL_ID))


def patient_id(values: list[Value], profile: Profile) -> str:
    """The identifier of the type that the profile names; else the medical record's, else the first."""
    typed = [(value.text(_ID_TYPE).upper(), _not_null(value.text())) for value in values]
    if profile.patient_id_type:
        return next((text for kind, text in typed if text and kind == profile.patient_id_type.upper()), "")
    record = (text for kind, text in typed if text and kind == _MEDICAL_RECORD)
    other = (text for kind, text in typed if text and kind not in _NOT_PATIENT_IDS)
    return next(record, "") or next(other, "")


def _given(pid: Segment) -> dict[str, str | None]:
    if pid.raw(_NAME) == NULL:
        return {"given": None}
    names = pid.each(_NAME)
    for types in _NAME_TYPES:
        for name in names:
            given = name.text(_GIVEN)
            if name.text(_NAME_TYPE).upper() in types and given:
                return {"given": None if given == NULL else given}
    return {}


def _language(value: Value, profile: Profile) -> tuple[dict[str, str | None], list[Problem]]:
    """PID-15: a code or a word, in any of its components; two that contradict each other are no language."""
    if value.text() == NULL:
        return {"language": None}, []
    texts = [text for text in value.texts(1, 2, 4, 5) if not nobody_said(text)]
    mapped = next((tag for text in texts if (tag := profile.languages.get(text.casefold()))), None)
    if mapped:
        return {"language": mapped}, []
    tags = [tag for text in texts if (tag := registered_tag(text))]
    if tags and len({tag.partition("_")[0] for tag in tags}) == 1:
        return {"language": max(tags, key=len)}, []  # zh_Hant says more than zh
    if not texts:
        return {}, []
    detail = (
        "names two languages; map its code in the feed's languages"
        if tags
        else "is no language code or name; map it in the feed's languages"
    )
    return {}, [Problem(code=Code.LANGUAGE_UNKNOWN, field="PID-15", detail=detail)]


def _deceased(pid: Segment) -> dict[str, bool]:
    said = _YES_NO.get(pid.text(_DEAD).upper())
    if said is None and _not_null(pid.text(_DEATH)):
        said = True
    return {} if said is None else {"deceased": said}


def _not_null(text: str) -> str:
    return "" if text == NULL else text
