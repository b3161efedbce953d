"""Segments against a slow counter written from 3GPP TS 23.038 and 23.040."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_service.domain.segments import measure

#: TS 23.038 section 6.2.1, row by row as the table prints it (0x00 to 0x7F; 0x1B is the escape).
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
#: Section 6.2.1.1.
EXTENSION = {0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]",
             0x40: "|", 0x65: "€"}  # fmt: skip


def slow(text: str) -> tuple[str, int, int]:
    """Encode character by character, and pack the pieces one after the other."""
    gsm = {c: 1 for c in BASIC if c != "\x1b"} | dict.fromkeys(EXTENSION.values(), 2)
    if all(c in gsm for c in text):
        encoding, widths, single, part = "GSM-7", [gsm[c] for c in text], 160, 153
    else:
        encoding, single, part = "UCS-2", 70, 67
        widths = [2 if ord(c) >= 0x10000 else 1 for c in text]
    units = sum(widths)
    if units <= single:
        return encoding, units, min(units, 1)
    parts = [0]
    for width in widths:
        if parts[-1] + width > part:
            parts.append(0)
        parts[-1] += width
    return encoding, units, len(parts)


def fast(text: str) -> tuple[str, int, int]:
    size = measure(text)
    return size.encoding, size.units, size.segments


def test_the_reference_table_is_whole() -> None:
    assert len(BASIC) == 128
    assert len(EXTENSION) == 10


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("GSM-7", 0, 0)),
        ("a" * 160, ("GSM-7", 160, 1)),
        ("a" * 161, ("GSM-7", 161, 2)),
        ("a" * 306, ("GSM-7", 306, 2)),
        ("a" * 307, ("GSM-7", 307, 3)),
        ("€" * 80, ("GSM-7", 160, 1)),
        ("a" * 159 + "€", ("GSM-7", 161, 2)),
        # an escape pair is never split: 152 + 2 leaves a septet of the first part empty
        ("a" * 152 + "€" + "a" * 152, ("GSM-7", 306, 3)),
        ("á" * 70, ("UCS-2", 70, 1)),
        ("á" * 71, ("UCS-2", 71, 2)),
        ("á" * 134, ("UCS-2", 134, 2)),
        ("á" * 135, ("UCS-2", 135, 3)),
        ("😀" * 35, ("UCS-2", 70, 1)),
        # nor is a surrogate pair: 33 of them to a part
        ("😀" * 67, ("UCS-2", 134, 3)),
        ("a" * 66 + "😀" + "a" * 66, ("UCS-2", 134, 3)),
        ("à è é ù ì ò ñ Ñ ä ö ü", ("GSM-7", 21, 1)),
        ("9:30\u202fAM", ("UCS-2", 7, 1)),
        ("`", ("UCS-2", 1, 1)),
        ("\x1b", ("UCS-2", 1, 1)),
    ],
)
def test_known_texts(text, expected) -> None:
    assert fast(text) == expected == slow(text)


@pytest.mark.parametrize("letter", "áíóúçãõêô")
def test_letters_that_cost_the_small_alphabet(letter) -> None:
    assert measure(letter).encoding == "UCS-2"


ALPHABETS = [st.sampled_from(BASIC.replace("\x1b", "")), st.sampled_from([*EXTENSION.values(), "a", "é"]),
             st.sampled_from("aá€😀中{"), st.characters(codec="utf-8")]  # fmt: skip


@given(st.sampled_from(ALPHABETS).flatmap(lambda letters: st.text(letters, max_size=400)))
def test_the_counter_agrees_with_the_slow_one(text) -> None:
    assert fast(text) == slow(text)


@given(st.sampled_from(ALPHABETS), st.integers(60, 330), st.data())
def test_the_counter_agrees_around_every_boundary(letters, size, data) -> None:
    seed = data.draw(st.text(letters, min_size=1, max_size=4))
    text = (seed * size)[:size]
    assert fast(text) == slow(text)
