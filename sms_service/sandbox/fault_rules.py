"""One rule of misbehaviour: whom it hits, how often, and how it is written down.

A rule hits the next N calls (`times`), or a share of them (`rate`, reproducible by `seed`).
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

CALL_FAULTS: Final = frozenset(
    {
        "429",
        "500",
        "502",
        "503",
        "504",
        "hang",
        "reset",
        "accept_then_500",
        "accept_then_hang",
        "accept_then_reset",
        "wrong_json",
        "slow",
        "dribble",
    }
)
RECEIPT_FAULTS: Final = frozenset({"drop", "duplicate", "reverse", "early", "delay", "forge"})
INBOUND_FAULTS: Final = frozenset({"drop", "duplicate", "delay", "forge"})
CALLS: Final = frozenset({"create", "fetch", "list", "update", "delete", "any"})

_GIVEN: Final = ("kind", "on", "to", "times", "rate", "seed", "seconds")
_COUNTED: Final = ("hits", "draws")


@dataclass(slots=True, kw_only=True)
class Rule:
    """One fault: `seconds` is the length of `slow`, `dribble`, `delay` and 429's Retry-After.

    `hits` and `draws` count what has happened, so that a restarted rule goes on where it was.
    """

    kind: str
    on: str = "create"
    to: str | None = None
    times: int | None = None
    rate: float | None = None
    seed: int | str | None = None
    seconds: float = 1.0
    hits: int = 0
    draws: int = 0
    chance: random.Random = field(default_factory=random.Random)

    def strikes(self, call: str, to: str | None) -> bool:
        """Decide about one call, and count it if it is hit."""
        if self.on not in {call, "any"} or (self.to is not None and self.to != to):
            return False
        if self.times is not None and self.hits >= self.times:
            return False
        if self.rate is not None:
            self.draws += 1
            if self.chance.random() >= self.rate:
                return False
        self.hits += 1
        return True

    def shown(self) -> dict[str, object]:
        """Return the rule for the control API."""
        return {name: getattr(self, name) for name in _GIVEN if name != "seed"} | {"hits": self.hits}

    def saved(self) -> dict[str, object]:
        """Return all that `rules_from` needs to make the same rule again."""
        return {name: getattr(self, name) for name in (*_GIVEN, *_COUNTED)}


def rules_from(entries: Sequence[Mapping[str, Any]], kinds: frozenset[str]) -> list[Rule]:
    """Read rules; raise ValueError with words for the caller."""
    return [_rule(entry, kinds) for entry in entries]


def _rule(entry: Mapping[str, Any], kinds: frozenset[str]) -> Rule:
    kind, call = str(entry.get("kind")), str(entry.get("on", "create"))
    if kind not in kinds:
        raise ValueError(f"kind must be one of {', '.join(sorted(kinds))}")
    if call not in CALLS:
        raise ValueError(f"on must be one of {', '.join(sorted(CALLS))}")
    unknown = set(entry) - {*_GIVEN, *_COUNTED}
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    times, rate = entry.get("times"), entry.get("rate")
    rule = Rule(
        kind=kind,
        on=call,
        to=entry.get("to"),
        times=None if times is None else int(times),
        rate=None if rate is None else float(rate),
        seed=entry.get("seed"),
        seconds=float(entry.get("seconds", 1.0)),
        hits=int(entry.get("hits", 0)),
        draws=int(entry.get("draws", 0)),
        # The same seed makes the same calls fail; nothing here guards a secret.
        chance=random.Random(entry.get("seed")),  # noqa: S311
    )
    for _ in range(rule.draws):
        rule.chance.random()
    return rule
