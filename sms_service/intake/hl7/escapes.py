r"""Escape sequences such as \T\ and \X0D\ (HL7 v2 §2.7) to what they stand for."""

from __future__ import annotations

import re
from functools import lru_cache

from sms_service.intake.hl7.charset import decode
from sms_service.intake.hl7.encoding import Encoding

#: Formatting commands that begin a new line; the others only indent or wrap.
_LINES = ("br", "sp", "ce")


@lru_cache(maxsize=64)
def _sequences(escape: str) -> re.Pattern[str]:
    # only what the standard knows: a lone backslash in C:\temp is a backslash
    mark = re.escape(escape)
    known = r"[FSTREPHN]|X[0-9A-Fa-f]+|\.[a-z]{2}[+-]?\d{0,4}|[CM][0-9A-Fa-f]{4,6}|Z\w{0,32}"
    return re.compile(f"{mark}({known}){mark}", re.ASCII)


@lru_cache(maxsize=64)
def _characters(encoding: Encoding) -> dict[str, str]:
    return {
        "F": encoding.field,
        "S": encoding.component or "^",
        "T": encoding.subcomponent or "&",
        "R": encoding.repetition or "~",
        "E": encoding.escape,
        "P": "#",
    }


def unescape(text: str, encoding: Encoding) -> str:
    """The text that was meant. Highlighting, switches of character set and local sequences leave nothing."""
    if not encoding.escape or encoding.escape not in text:
        return text

    def meaning(found: re.Match[str]) -> str:
        sequence = found[1]
        if sequence[0] == "X":
            digits = sequence[1:]
            return decode(bytes.fromhex(digits), encoding.charset)[0] if len(digits) % 2 == 0 else ""
        if sequence[0] == ".":
            return "\n" if sequence[1:3] in _LINES else " "
        return _characters(encoding).get(sequence, "")

    return _sequences(encoding.escape).sub(meaning, text)
