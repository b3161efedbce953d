"""Fields that remember who wrote them, so that the same events in any order end in the same state.

A last-writer-wins register per field (Shapiro et al., 2011): the greater stamp stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sms_service.domain.event import Stamp, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """One field's value and the stamp of the event that wrote it."""

    value: Value
    stamp: Stamp


Registers = Mapping[str, Register]


def write(
    registers: Registers, fields: Mapping[str, Value], stamp: Stamp
) -> tuple[dict[str, Register], frozenset[str]]:
    """The registers after `fields` were written at `stamp`, and the names of the fields that won.

    A field equal in value but newer in stamp is won too: it stands against anything older.
    """
    after = dict(registers)
    won = set()
    for name, value in fields.items():
        held = registers.get(name)
        if held is None or stamp > held.stamp:
            after[name] = Register(value=value, stamp=stamp)
            won.add(name)
    return after, frozenset(won)


def value(registers: Registers, name: str) -> Value:
    """What a field holds; None when nothing ever wrote it."""
    held = registers.get(name)
    return held.value if held else None
