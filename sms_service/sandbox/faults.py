"""Misbehaviour on demand: which call, receipt or inbound webhook is to go wrong, and how."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sms_service.sandbox.fault_rules import Rule


def _nobody() -> None:
    """Stand in where nobody wants to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How messages to one number end: the last state and its error."""

    status: str
    error_code: int | None


@dataclass(slots=True, kw_only=True)
class Faults:
    """Everything that is to go wrong at present; `struck` is called whenever a rule has counted."""

    calls: list[Rule] = field(default_factory=list)
    receipts: list[Rule] = field(default_factory=list)
    inbound: list[Rule] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    list_lag: float = 0.0
    struck: Callable[[], None] = _nobody

    def call(self, name: str, to: str | None = None) -> Rule | None:
        """Return the first rule that hits this call."""
        return self._first(self.calls, name, to)

    def receipt(self, to: str) -> Rule | None:
        """Return the first rule that hits the receipts of this new message."""
        return self._first(self.receipts, "create", to)

    def inbound_webhook(self, phone: str) -> Rule | None:
        """Return the first rule that hits the webhook for what this phone wrote."""
        return self._first(self.inbound, "create", phone)

    def _first(self, rules: list[Rule], call: str, to: str | None) -> Rule | None:
        if not rules:
            return None
        hit = next((rule for rule in rules if rule.strikes(call, to)), None)
        self.struck()
        return hit

    def shown(self) -> dict[str, object]:
        """Return everything for the control API."""
        return self._written(Rule.shown)

    def saved(self) -> dict[str, object]:
        """Return everything that `change_faults` needs to put the same into force again."""
        return self._written(Rule.saved)

    def _written(self, write: Callable[[Rule], dict[str, object]]) -> dict[str, object]:
        return {
            "faults": [write(rule) for rule in self.calls],
            "receipts": [write(rule) for rule in self.receipts],
            "inbound": [write(rule) for rule in self.inbound],
            "outcomes": {
                number: {"status": outcome.status, "error_code": outcome.error_code}
                for number, outcome in self.outcomes.items()
            },
            "list_lag": self.list_lag,
        }
