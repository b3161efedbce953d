"""How many SMS segments a text costs (3GPP TS 23.038 and 23.040).

GSM-7 holds 160 septets alone and 153 in a part, UCS-2 70 code units alone and 67 in a part. An extension
character is two septets, a surrogate pair two units, and neither is ever split across parts.
"""

from __future__ import annotations

from dataclasses import dataclass

GSM7 = "GSM-7"
UCS2 = "UCS-2"

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
_SINGLE = {GSM7: 160, UCS2: 70}
_PART = {GSM7: 153, UCS2: 67}
_BMP = 0xFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What a text costs: encoding, septets or UTF-16 units, and segments (0 for an empty text)."""

    encoding: str
    units: int
    segments: int


def measure(text: str) -> Size:
    """Count the segments of a text exactly as a phone network does."""
    if _BASIC.issuperset(text):
        return _size(GSM7, len(text), None)
    characters = set(text)
    if characters - _BASIC <= _EXTENSION:
        return _size(GSM7, sum(1 + (c in _EXTENSION) for c in text), [1 + (c in _EXTENSION) for c in text])
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    return _size(UCS2, units, [1 + (ord(c) > _BMP) for c in text] if units != len(text) else None)


def _size(encoding: str, units: int, widths: list[int] | None) -> Size:
    """`widths` are the units of each character, None when every one is 1."""
    if units <= _SINGLE[encoding]:
        return Size(encoding=encoding, units=units, segments=1 if units else 0)
    part = _PART[encoding]
    if widths is None:
        return Size(encoding=encoding, units=units, segments=-(-units // part))
    segments, used = 1, 0
    for width in widths:
        if used + width > part:
            segments, used = segments + 1, 0
        used += width
    return Size(encoding=encoding, units=units, segments=segments)
