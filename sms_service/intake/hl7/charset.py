"""Bytes to text: what MSH-18 declares (HL7 table 0211), and what senders that declare nothing use."""

from __future__ import annotations

#: By their names without case and punctuation. ISO-IR numbers are what the same sets are called in DICOM.
_CODECS = {
    "unicodeutf8": "utf-8", "utf8": "utf-8", "unicode": "utf-8", "isoir192": "utf-8",
    # UTF-16 is turned into UTF-8 while messages are still being told apart
    "unicodeutf16": "utf-8", "utf16": "utf-8",
    # what calls itself 8859/1 is Windows-1252 wherever the two differ (as in the WHATWG encoding standard)
    "88591": "cp1252", "iso88591": "cp1252", "isoir100": "cp1252", "latin1": "cp1252",
    "windows1252": "cp1252", "cp1252": "cp1252",
    "isoir101": "iso8859_2", "isoir109": "iso8859_3", "isoir110": "iso8859_4", "isoir144": "iso8859_5",
    "isoir127": "iso8859_6", "isoir126": "iso8859_7", "isoir138": "iso8859_8", "isoir148": "iso8859_9",
    "isoir13": "shift_jis", "isoir14": "shift_jis", "isoir87": "iso2022_jp", "isoir159": "iso2022_jp_1",
    "shiftjis": "shift_jis", "gb180302000": "gb18030", "gb18030": "gb18030", "big5": "big5",
    "ksx1001": "euc_kr",
    **{f"8859{n}": f"iso8859_{n}" for n in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16)},
    **{f"iso8859{n}": f"iso8859_{n}" for n in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16)},
    **{f"windows{n}": f"cp{n}" for n in (1250, 1251, 1253, 1254, 1255, 1256, 1257, 1258)},
    **{f"cp{n}": f"cp{n}" for n in (1250, 1251, 1253, 1254, 1255, 1256, 1257, 1258)},
}  # fmt: skip
#: Declared by systems that then send whatever they have.
_SAYS_NOTHING = frozenset({"", "ascii", "usascii", "isoir6"})
#: In this order: UTF-8 hardly ever fits by chance, Windows-1252 nearly always.
_TRIED = ("utf-8", "cp1252")


def decode(raw: bytes, declared: str) -> tuple[str, str | None]:
    """The text, and the codec it was in; None instead of it when the declaration was unknown or untrue."""
    name = "".join(character for character in declared.casefold() if character.isalnum())
    codec = _CODECS.get(name)
    for candidate in (codec, *_TRIED) if codec else _TRIED:
        try:
            text = raw.decode(candidate)
        except UnicodeDecodeError:
            continue
        return text, candidate if candidate == codec or name in _SAYS_NOTHING else None
    # five bytes of Windows-1252 mean nothing; ISO 8859-1 has a character for every byte
    return raw.decode("latin-1"), "latin-1" if codec == "cp1252" or name in _SAYS_NOTHING else None
