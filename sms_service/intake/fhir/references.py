"""Where a reference leads: type, id, and the server it is on."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LONGEST = 2048
_LITERAL = re.compile(
    r"(?:(?P<base>https?://[^?#\s]+)/)?(?P<type>[A-Z][A-Za-z]+)/(?P<id>[\w.~-]{1,128})(?:/_history/[^/?#\s]+)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
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
    found = _LITERAL.fullmatch(reference)
    if found is None:
        return None
    base, kind, own_id = found.groups()
    return Target(base=base or near, type=kind, id=own_id)
