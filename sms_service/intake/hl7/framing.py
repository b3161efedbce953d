"""Where one message ends and the next begins: MLLP frames, batches, files with several messages."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from itertools import pairwise

#: MLLP: a vertical tab before a message, a file separator and a carriage return behind it.
_START, _END = b"\x0b", b"\x1c"
_HEADER = re.compile(rb"MSH(?=[^A-Za-z0-9\s])")
_BEFORE = b"\r\n\x0b\x1c"
#: What may stand before the first message: the headers of a file and of a batch.
_BATCH = (b"FHS", b"BHS")
_BLANK = b" \t\x0b\x1c"
#: Enough to see the zeros between the letters of UTF-16.
_BEGINNING = 64


def messages(raw: bytes) -> Iterator[bytes]:
    """Each message of a frame, batch or file, without its framing; also what stands before the first one.

    That remnant is no message, and whoever parses it says so: it may be all that is left of one.
    """
    body = _ascii_compatible(raw)
    starts = [at for found in _HEADER.finditer(body) if _begins_line(body, at := found.start())]
    before = body[: starts[0]] if starts else body
    if not starts or not _is_batch_header(before):
        yield before
    for start, end in pairwise([*starts, len(body)]):
        yield body[start:end].partition(_END)[0].rstrip(_START)


def _begins_line(body: bytes, at: int) -> bool:
    while at > 0 and body[at - 1] in b" \t":
        at -= 1
    return at == 0 or body[at - 1] in _BEFORE


def _is_batch_header(before: bytes) -> bool:
    lines = (line.strip(_BLANK) for line in before.splitlines())
    return all(line.startswith(_BATCH) for line in lines if line)


def _ascii_compatible(raw: bytes) -> bytes:
    """UTF-16 as UTF-8, anything else as it is, without a byte order mark."""
    if raw.startswith(codecs.BOM_UTF8):
        return raw[len(codecs.BOM_UTF8) :]
    codec = None
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        codec = "utf-16"
    elif b"S\x00H\x00" in raw[:_BEGINNING]:
        codec = "utf-16-le"
    elif b"\x00S\x00H" in raw[:_BEGINNING]:
        codec = "utf-16-be"
    if codec is None:
        return raw
    return raw.decode(codec, errors="replace").encode()
