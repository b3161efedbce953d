"""The protections that can be switched off, what to do to each mutant, and which promise must break."""

from __future__ import annotations

from dataclasses import dataclass, field

_DROP_KEY = "ALTER TABLE messages DROP CONSTRAINT messages_cause_cause_id_step_occasion_key"
_DROP_ALIVE = "DROP INDEX attempts_one_alive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """`breaks` names the judge's rules of which at least one must be violated.

    `schema` is run as the owner; where a second protection stands behind the one that is switched off, it
    takes that one away too, and `note` says so.
    """

    what: str
    breaks: frozenset[str]
    troubles: tuple[str, ...]
    schema: tuple[str, ...] = ()
    floods: tuple[int, ...] = ()
    note: str = ""
    faults: dict[str, object] = field(default_factory=dict)
    """What the provider does all the time, as POST /sandbox/faults reads it."""


MUTANTS: dict[str, Mutant] = {
    "fence": Mutant(
        what="attempts are committed after the call, not before",
        breaks=frozenset({"twice", "lost"}),
        troubles=("at a point", "at a point", "kill several"),
    ),
    "unique key": Mutant(
        what="planning forgets what it planned, and the key (cause, step, occasion) is gone",
        breaks=frozenset({"twice"}),
        troubles=("kill one",),
        schema=(_DROP_KEY,),
        note="the forgetful planner alone is stopped by the key: events are refused, nothing goes twice",
    ),
    "unknown": Mutant(
        what="an unclear answer counts as certainly not sent",
        breaks=frozenset({"twice"}),
        troubles=("kill one",),
        faults={"faults": [{"kind": "accept_then_reset", "rate": 0.2, "seed": 1}]},
    ),
    "rank": Mutant(
        what="whatever receipt comes last is believed",
        breaks=frozenset({"status", "lost"}),  # lost: what is told as queued for ever never comes to rest
        troubles=("replay", "kill one"),
        faults={"receipts": [{"kind": "reverse", "rate": 0.5, "seed": 1}]},
    ),
    "window": Mutant(
        what="texts stay useful for a month",
        breaks=frozenset({"late"}),
        troubles=("kill one",),
        floods=(9, 10, 11),
    ),
    "suppression": Mutant(
        what="STOP is answered and not written down",
        breaks=frozenset({"after opt-out"}),
        troubles=("kill one",),
    ),
    "lease": Mutant(
        what="a claim is never freed",
        breaks=frozenset({"lost"}),
        troubles=("flush broker", "at a point", "flush broker"),
    ),
    "token": Mutant(
        what="a worker takes every batch it is given, whoever holds the claim",
        breaks=frozenset({"twice"}),
        troubles=("repeat batches",),
        schema=(_DROP_ALIVE,),
        note="behind it stands the index of one living attempt per message, which is taken away as well",
    ),
    "grace": Mutant(
        what="the provider's list is asked at once, while it still lags",
        breaks=frozenset({"twice"}),
        troubles=("kill one",),
        faults={
            "faults": [{"kind": "accept_then_reset", "rate": 0.2, "seed": 1}],
            # a receipt that is quicker than the list would tell what the list does not
            "receipts": [{"kind": "delay", "seconds": 5}],
            "list_lag": 3,
        },
    ),
}
