"""How many SMS segments a text takes: GSM 03.38 or UCS-2.

Written apart from the service on purpose, so that each can catch the other's mistakes.
Source: 3GPP TS 23.038 §6.2.1 (alphabet and extension table), TS 23.040 §9.2.3.24 (concatenation).
"""

from dataclasses import dataclass
from typing import Literal

Encoding = Literal["GSM-7", "UCS-2"]

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
_ALL = _BASIC | _EXTENSION

_GSM_ALONE, _GSM_JOINED = 160, 153
_UCS_ALONE, _UCS_JOINED = 70, 67
_LAST_OF_THE_BASIC_PLANE = "\uffff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A text's encoding, its length in units (septets or UTF-16 code units) and its segments."""

    encoding: Encoding
    units: int
    segments: int


def measure(body: str) -> Measure:
    """Measure a text the way it would go over the air; an empty text takes one segment."""
    if _ALL.issuperset(body):
        widths = [2 if character in _EXTENSION else 1 for character in body]
        return _measured("GSM-7", widths, _GSM_ALONE, _GSM_JOINED)
    widths = [2 if character > _LAST_OF_THE_BASIC_PLANE else 1 for character in body]
    return _measured("UCS-2", widths, _UCS_ALONE, _UCS_JOINED)


def _measured(encoding: Encoding, widths: list[int], alone: int, joined: int) -> Measure:
    units = sum(widths)
    if units <= alone:
        return Measure(encoding=encoding, units=units, segments=1)
    return Measure(encoding=encoding, units=units, segments=_packed(widths, joined))


def _packed(widths: list[int], capacity: int) -> int:
    # An escaped character or a surrogate pair never straddles two segments, so
    # a plain division would come out too low.
    segments, used = 1, 0
    for width in widths:
        if used + width > capacity:
            segments, used = segments + 1, 0
        used += width
    return segments
