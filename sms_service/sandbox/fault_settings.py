"""Read what a rehearsal wants to go wrong, and put it into force."""

from collections.abc import Mapping
from typing import Any

from sms_service.sandbox.fault_rules import CALL_FAULTS, INBOUND_FAULTS, RECEIPT_FAULTS, rules_from
from sms_service.sandbox.faults import Faults, Outcome
from sms_service.sandbox.statuses import GOALS, goal_for


def change_faults(faults: Faults, given: Mapping[str, Any]) -> None:
    """Clear if asked to, then replace each part that is named; nothing changes on ValueError."""
    unknown = set(given) - {"clear", "faults", "receipts", "inbound", "outcomes", "list_lag"}
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    fresh = Faults() if given.get("clear") else faults
    calls = rules_from(given["faults"], CALL_FAULTS) if "faults" in given else fresh.calls
    receipts = rules_from(given["receipts"], RECEIPT_FAULTS) if "receipts" in given else fresh.receipts
    inbound = rules_from(given["inbound"], INBOUND_FAULTS) if "inbound" in given else fresh.inbound
    outcomes = _outcomes(given["outcomes"]) if "outcomes" in given else fresh.outcomes
    list_lag = float(given.get("list_lag", fresh.list_lag))
    faults.calls, faults.receipts, faults.inbound = calls, receipts, inbound
    faults.outcomes, faults.list_lag = outcomes, list_lag


def _outcomes(given: Mapping[str, Any]) -> dict[str, Outcome]:
    return {str(number): _outcome(wanted) for number, wanted in given.items()}


def _outcome(wanted: int | Mapping[str, Any] | None) -> Outcome:
    # A bare number is an error code; Twilio decides by it whether the end is failed or undelivered.
    if wanted is None or isinstance(wanted, int):
        return Outcome(status=goal_for(wanted), error_code=wanted)
    code = wanted.get("error_code")
    status = str(wanted.get("status") or goal_for(code))
    if status not in GOALS:
        raise ValueError(f"status must be one of {', '.join(sorted(GOALS))}")
    return Outcome(status=status, error_code=None if code is None else int(code))
