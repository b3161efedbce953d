"""One message as segments and fields; fields are taken apart only when somebody asks for them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from sms_service.intake.hl7.charset import decode
from sms_service.intake.hl7.encoding import Encoding, encoding_of, parts
from sms_service.intake.hl7.escapes import unescape

#: "Delete what you have", where blank says nothing at all (HL7 v2 §2.5.3).
NULL = '""'
#: They belong to the file around the messages.
_BATCH = frozenset({"FHS", "BHS", "BTS", "FTS"})
_MSH_CHARSET = 18
_NAME = 3
_CONTROLS = dict.fromkeys([*range(32), *range(127, 160)])
_PATH = re.compile(r"([A-Z][A-Z0-9]{2})-(\d{1,3})(?:\.(\d{1,3}))?", re.ASCII)


class Value(NamedTuple):
    """One repetition of a field; a tuple, since a message has a hundred and is read in microseconds.

    Blank and absent are the empty text, `""` stays NULL.
    """

    components: list[str]
    encoding: Encoding

    def text(self, component: int = 1) -> str:
        """The first subcomponent of a component, without escapes, controls and spaces to spare."""
        if component > len(self.components):
            return ""
        raw = self.components[component - 1]
        return _plain(raw, self.encoding) if raw else ""

    def texts(self, *components: int) -> list[str]:
        """Those of the components that say something."""
        held = [self.components[number - 1] for number in components if number <= len(self.components)]
        found = [_plain(raw, self.encoding) for raw in held if raw]
        return [text for text in found if text and text != NULL]


class Segment(NamedTuple):
    """A segment; fields are numbered as the standard does, from 1."""

    fields: list[str]
    encoding: Encoding

    def raw(self, number: int) -> str:
        """A field as it was sent; the empty text where there is none."""
        return self.fields[number] if number < len(self.fields) else ""

    def each(self, number: int) -> list[Value]:
        """The repetitions of a field that are not blank."""
        raw, encoding = self.raw(number), self.encoding
        if not raw:
            return []
        repetitions = parts(raw, encoding.repetition)
        return [Value(parts(one, encoding.component), encoding) for one in repetitions if one]

    def first(self, number: int) -> Value:
        """The first repetition of a field."""
        raw, encoding = self.raw(number), self.encoding
        if not raw:
            return Value([], encoding)
        return Value(parts(parts(raw, encoding.repetition)[0], encoding.component), encoding)

    def text(self, number: int, component: int = 1) -> str:
        """A component of the first repetition of a field."""
        raw = self.raw(number)
        if not raw or raw.isalnum():  # nothing, or one value without parts, as most codes and dates are
            return raw if component == 1 else ""
        return self.first(number).text(component)


def _plain(raw: str, encoding: Encoding) -> str:
    if raw.isalnum():  # most codes, numbers and names
        return raw
    if encoding.subcomponent and encoding.subcomponent in raw:
        raw = raw.split(encoding.subcomponent, 1)[0]
    text = " ".join(unescape(raw, encoding).split())
    return text if text.isprintable() else text.translate(_CONTROLS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message. `charset_told` is whether it came in the character set that it names, or names none."""

    segments: dict[str, list[Segment]] = field(repr=False)
    encoding: Encoding
    codec: str
    charset_told: bool

    def each(self, name: str) -> list[Segment]:
        """The segments of a name, in their order."""
        return self.segments.get(name, [])

    def first(self, name: str) -> Segment | None:
        """The first segment of a name."""
        found = self.segments.get(name)
        return found[0] if found else None

    def at(self, path: str) -> str:
        """What stands at a place such as `SCH-2.1`, in the first segment of that name."""
        place = field_path(path)
        segment = self.first(place[0]) if place else None
        return segment.text(place[1], place[2]) if segment and place else ""


@lru_cache(maxsize=256)
def field_path(path: str) -> tuple[str, int, int] | None:
    """Segment, field and component of `SCH-2.1` or `PV1-19`; None when it is no such name."""
    found = _PATH.fullmatch(path.strip())
    return (found[1], int(found[2]), int(found[3] or 1)) if found else None


def parse(raw: bytes, charset: str | None = None) -> Message | None:
    """The message in some bytes; None when there is no MSH segment that can be read.

    `charset` is what MSH-18 would say if it were filled.
    """
    beginning = raw.lstrip()
    if not beginning.startswith(b"MSH"):
        return None
    header = re.split(rb"[\r\n]", beginning, maxsplit=1)[0]
    fields = header.split(header[3:4]) if header[3:4] else []
    declared = fields[_MSH_CHARSET - 1].decode("ascii", "replace") if len(fields) >= _MSH_CHARSET else ""
    # the first of several sets is the default of the message, the others come with escape sequences
    named = declared.partition("~")[0].strip().strip('"') or charset or ""
    encoding = encoding_of(header.decode("latin-1"), named)
    if encoding is None:
        return None
    text, codec = decode(beginning, named)
    segments = _segments(text, encoding)
    if "MSH" not in segments:  # its delimiter is half a character of the set that the message is in
        return None
    return Message(
        segments=segments, encoding=encoding, codec=codec or "utf-8", charset_told=codec is not None
    )


def _segments(text: str, encoding: Encoding) -> dict[str, list[Segment]]:
    """The segments by name. A line that begins none goes on where a line feed was left inside a field."""
    rows: list[tuple[str, list[str]]] = []
    begins = {encoding.field, ""}
    for line in map(str.lstrip, text.replace("\n", "\r").split("\r")):
        name = line[:_NAME]
        if _is_name(name) and line[_NAME : _NAME + 1] in begins:
            rows.append((name, [line]))
        elif line and rows:
            rows[-1][1].append(line)
    segments: dict[str, list[Segment]] = {}
    for name, lines in rows:
        fields = "\n".join(lines).split(encoding.field)
        if name == "MSH":  # its first field is the delimiter itself
            fields.insert(1, encoding.field)
        if name not in _BATCH:
            segments.setdefault(name, []).append(Segment(fields, encoding))
    return segments


def _is_name(name: str) -> bool:
    return len(name) == _NAME and name.isascii() and name.isalnum() and name.isupper()
