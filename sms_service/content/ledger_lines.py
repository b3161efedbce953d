"""The sign-off ledger as JSON Lines, to hand over, to archive, and to take in elsewhere.

A line is a pair, `{"pair": {context, locale, sources, strings, edition, hash}}`, or an act on one,
`{"sign_off": {hash, act, role, person, meaning, at, until, clinic}}`; a pair comes before its acts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sms_service.content.signed_gate import Ledger
from sms_service.domain.signing import Act, Pair, Role, SignOff


class LedgerLineError(Exception):
    """A line that cannot be taken; the message says which and why."""


def to_lines(ledger: Ledger) -> Iterator[str]:
    """Every pair, oldest first, each followed by its acts."""
    pairs = [pair for held in ledger.pairs.values() for pair in reversed(held)]
    for pair in sorted(pairs, key=lambda pair: (pair.locale, pair.context)):
        yield _line("pair", {
            "context": pair.context, "locale": pair.locale, "sources": pair.sources, "strings": pair.strings,
            "edition": pair.edition, "hash": pair.hash,
        })  # fmt: skip
        for each in ledger.signed.get(pair.hash, ()):
            yield _line("sign_off", {
                "hash": each.hash, "act": each.act.value, "role": each.role.value, "person": each.person,
                "meaning": each.meaning, "at": each.at.isoformat(),
                "until": each.until.isoformat() if each.until else None, "clinic": each.clinic,
            })  # fmt: skip


def from_lines(lines: Iterable[str]) -> tuple[list[Pair], list[SignOff]]:
    """The pairs and acts of a ledger. LedgerLineError for the first line that is not whole or was altered."""
    pairs: list[Pair] = []
    signed: list[SignOff] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            held = json.loads(line)
            if "pair" in held:
                pairs.append(_pair(held["pair"], number))
            else:
                signed.append(_sign_off(held["sign_off"]))
        except (ValueError, KeyError, TypeError) as error:
            raise LedgerLineError(f"line {number} is no line of a sign-off ledger: {error}") from error
    known = {pair.hash for pair in pairs}
    for each in signed:
        if each.hash not in known:
            raise LedgerLineError(
                f"a sign-off is for the pair {each.hash[:12]}…, which the file does not hold"
            )
    return pairs, signed


def _line(kind: str, held: dict[str, Any]) -> str:
    return json.dumps({kind: held}, ensure_ascii=False)


def _pair(held: dict[str, Any], number: int) -> Pair:
    pair = Pair(
        context=str(held["context"]),
        locale=str(held["locale"]),
        sources=tuple(map(str, held["sources"])),
        strings=tuple(map(str, held["strings"])),
        edition=int(held["edition"]),
    )
    if pair.hash != held["hash"]:
        raise LedgerLineError(
            f"line {number}: the words are not those that the hash is of; they were altered"
        )
    return pair


def _sign_off(held: dict[str, Any]) -> SignOff:
    at = datetime.fromisoformat(held["at"])
    until = datetime.fromisoformat(held["until"]) if held["until"] else None
    if at.tzinfo is None or (until is not None and until.tzinfo is None):
        raise ValueError("an instant needs its offset")
    return SignOff(
        hash=str(held["hash"]),
        act=Act(held["act"]),
        role=Role(held["role"]),
        person=str(held["person"]),
        meaning=str(held["meaning"]),
        at=at,
        until=until,
        clinic=held["clinic"],
    )
