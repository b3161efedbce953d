"""Where a reference leads: type, id, and the server it is on."""

from __future__ import annotations

import re

from msgspec import Struct

_LONGEST = 2048
_BASE = re.compile(r"https?://[^?#\s]+")
_TYPE_AND_ID = re.compile(r"([A-Z][A-Za-z]+)/([\w.~-]{1,128})(?:/_history/[^/?#\s]+)?", re.ASCII)


class Target(Struct, frozen=True, kw_only=True, gc=False):
    """A resource on a server; `base` is empty when the reference is relative."""

    base: str
    type: str
    id: str

    @property
    def key(self) -> str:
        """The place without http or https: servers mix the two."""
        return str(self).partition("://")[2] or str(self)

    def __str__(self) -> str:
        return f"{self.base}/{self.type}/{self.id}" if self.base else f"{self.type}/{self.id}"


def target(reference: str | None, near: str = "") -> Target | None:
    """The target of a literal reference, its version left out; None for a contained or logical one.

    `near` is the base of the server that a relative reference is relative to.
    """
    if reference is None or len(reference) > _LONGEST:
        return None
    base, rest = _split(reference)
    found = _TYPE_AND_ID.fullmatch(rest)
    if found is None or (base and not _BASE.fullmatch(base)):
        return None
    return Target(base=base or near, type=found[1], id=found[2])


def _split(reference: str) -> tuple[str, str]:
    """The server's part and the rest: two segments, or four with a version."""
    parts = reference.split("/")
    length = 4 if "_history" in parts[-2:-1] else 2
    return "/".join(parts[:-length]), "/".join(parts[-length:])
