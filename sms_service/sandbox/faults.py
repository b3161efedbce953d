"""Misbehaviour on demand: which call or receipt is to go wrong, and how.

A rule hits the next N calls (`times`), or a share of them (`rate`, reproducible by `seed`).
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

CALL_FAULTS: Final = frozenset(
    {"429", "500", "503", "hang", "reset", "accept_then_hang", "accept_then_reset", "wrong_json", "slow"}
)
RECEIPT_FAULTS: Final = frozenset({"drop", "duplicate", "reverse", "early", "delay"})
CALLS: Final = frozenset({"create", "fetch", "list", "update", "delete", "any"})


@dataclass(slots=True, kw_only=True)
class Rule:
    """One fault: `seconds` is the length of `slow`, `delay` and 429's Retry-After."""

    kind: str
    on: str = "create"
    to: str | None = None
    times: int | None = None
    rate: float | None = None
    seconds: float = 1.0
    hits: int = 0
    chance: random.Random = field(default_factory=random.Random)

    def strikes(self, call: str, to: str | None) -> bool:
        """Decide about one call, and count it if it is hit."""
        if self.on not in {call, "any"} or (self.to is not None and self.to != to):
            return False
        if self.times is not None and self.hits >= self.times:
            return False
        if self.rate is not None and self.chance.random() >= self.rate:
            return False
        self.hits += 1
        return True

    def shown(self) -> dict[str, object]:
        """Return the rule for the control API."""
        names = ("kind", "on", "to", "times", "rate", "seconds", "hits")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How messages to one number end: the last state and its error."""

    status: str
    error_code: int | None


@dataclass(slots=True, kw_only=True)
class Faults:
    """Everything that is to go wrong at present; a restart begins without faults."""

    calls: list[Rule] = field(default_factory=list)
    receipts: list[Rule] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    list_lag: float = 0.0

    def call(self, name: str, to: str | None = None) -> Rule | None:
        """Return the first rule that hits this call."""
        return next((rule for rule in self.calls if rule.strikes(name, to)), None)

    def receipt(self, to: str) -> Rule | None:
        """Return the first rule that hits the receipts of this new message."""
        return next((rule for rule in self.receipts if rule.strikes("create", to)), None)

    def shown(self) -> dict[str, object]:
        """Return everything for the control API."""
        return {
            "faults": [rule.shown() for rule in self.calls],
            "receipts": [rule.shown() for rule in self.receipts],
            "outcomes": {
                number: {"status": outcome.status, "error_code": outcome.error_code}
                for number, outcome in self.outcomes.items()
            },
            "list_lag": self.list_lag,
        }


def rules_from(entries: Sequence[Mapping[str, Any]], kinds: frozenset[str]) -> list[Rule]:
    """Read rules; raise ValueError with words for the caller."""
    return [_rule(entry, kinds) for entry in entries]


def _rule(entry: Mapping[str, Any], kinds: frozenset[str]) -> Rule:
    kind, call = str(entry.get("kind")), str(entry.get("on", "create"))
    if kind not in kinds:
        raise ValueError(f"kind must be one of {', '.join(sorted(kinds))}")
    if call not in CALLS:
        raise ValueError(f"on must be one of {', '.join(sorted(CALLS))}")
    unknown = set(entry) - {"kind", "on", "to", "times", "rate", "seed", "seconds"}
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    times, rate = entry.get("times"), entry.get("rate")
    return Rule(
        kind=kind,
        on=call,
        to=entry.get("to"),
        times=None if times is None else int(times),
        rate=None if rate is None else float(rate),
        seconds=float(entry.get("seconds", 1.0)),
        # The same seed makes the same calls fail; nothing here guards a secret.
        chance=random.Random(entry.get("seed")),  # noqa: S311
    )
