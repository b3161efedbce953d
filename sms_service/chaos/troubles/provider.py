"""Let the provider misbehave for a while: calls, receipts, its list."""

from __future__ import annotations

import time
from typing import Any

from sms_service.chaos.doors import NoAnswer
from sms_service.chaos.troubles.hand import Hand

_CALLS = (
    "429",
    "500",
    "503",
    "hang",
    "reset",
    "slow",
    "accept_then_hang",
    "accept_then_reset",
    "wrong_json",
)
_RECEIPTS = ("drop", "duplicate", "reverse", "early", "delay")


def calls_fail(hand: Hand) -> None:
    """A share of the calls goes wrong in one way; its list lags and fails too, sometimes."""
    kind = hand.chance.choice((*_CALLS, "accept_then_reset", "accept_then_hang"))
    rules: list[dict[str, Any]] = [
        {"kind": kind, "rate": hand.chance.choice((0.2, 0.6, 1.0)), "seed": hand.chance.randrange(10**6)}
    ]
    if hand.chance.random() < 0.3:  # noqa: PLR2004
        rules.append({"kind": hand.chance.choice(("500", "reset", "wrong_json")), "on": "list", "times": 3})
    _for_a_while(hand, {"faults": rules, "list_lag": hand.chance.choice((0, 0, 3))}, {"faults": []})


def receipts_go_astray(hand: Hand) -> None:
    """Receipts are late, repeated, reversed, early or lost."""
    kind = hand.chance.choice(_RECEIPTS)
    rule = {"kind": kind, "rate": 0.7, "seconds": 2, "seed": hand.chance.randrange(10**6)}
    _for_a_while(hand, {"receipts": [rule]}, {"receipts": []})


def _for_a_while(hand: Hand, worse: dict[str, Any], better: dict[str, Any]) -> None:
    try:
        hand.world.doors.sandbox("faults", worse)
        time.sleep(hand.chance.uniform(1.0, 4.0))
    except NoAnswer:
        return
    finally:
        hand.world.doors.sandbox("faults", better | {"list_lag": 0})
