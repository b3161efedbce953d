"""The encoding characters and character set that a message declares for itself (HL7 v2 §2.5.4, MSH-18)."""

from __future__ import annotations

from dataclasses import dataclass

#: MSH-2 pasted through a programming language, which doubled the backslash.
_DOUBLED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    r"""One character each; empty when the message has none of that kind. `^~\&` is what most declare."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    charset: str = ""


def encoding_of(header: str, charset: str) -> Encoding | None:
    """What the text of an MSH segment declares; None when that cannot separate anything."""
    field = header[3:4]
    if not _separates(field):
        return None
    said = header[4:].split(field, 1)[0].strip()
    if len(said) == _DOUBLED and said[2] == said[3]:
        said = said[:3] + said[4:]
    if not said:  # the standard recommends them, and whoever declares nothing uses them
        return Encoding(field=field, charset=charset)
    declared = said[:4]
    if len({field, *declared}) != 1 + len(declared) or not all(map(_separates, declared)):
        return None
    component, repetition, escape, subcomponent = (declared[n : n + 1] for n in range(4))
    return Encoding(
        field=field,
        component=component,
        repetition=repetition,
        escape=escape,
        subcomponent=subcomponent,
        charset=charset,
    )


def _separates(character: str) -> bool:
    return bool(character) and not character.isalnum() and not character.isspace() and character != '"'


def parts(text: str, delimiter: str) -> list[str]:
    """The parts of a text; all of it where the message has no such delimiter."""
    return text.split(delimiter) if delimiter else [text]
