"""How many SMS segments a text costs (3GPP TS 23.038 and 23.040).

GSM-7 holds 160 septets alone and 153 in a part, UCS-2 70 code units alone and 67 in a part. An extension
character is two septets, a surrogate pair two units, and neither is ever split across parts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

GSM7 = "GSM-7"
UCS2 = "UCS-2"

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
# patterns, since they find one character among many in a few microseconds
_NOT_GSM7 = re.compile(f"[^{re.escape(''.join(sorted(_BASIC | _EXTENSION)))}]")
_EXTENDED = re.compile(f"[{re.escape(''.join(sorted(_EXTENSION)))}]")
_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")
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
    if _NOT_GSM7.search(text) is None:
        if _EXTENDED.search(text) is None:
            return _size(GSM7, len(text), None)
        septets = [1 + (c in _EXTENSION) for c in text]
        return _size(GSM7, sum(septets), septets)
    if _BEYOND_BMP.search(text) is None:
        return _size(UCS2, len(text), None)
    widths = [1 + (ord(c) > _BMP) for c in text]
    return _size(UCS2, sum(widths), widths)


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
