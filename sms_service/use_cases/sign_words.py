"""Record who translated, reviewed or signed which exact words: all of a call, or nothing of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from sms_service.domain.signing import VALID_FOR, Act, Pair, Role, SignError, SignOff, check_act
from sms_service.store.sign_offs import add_sign_off, clinic_ids, load_ledger, release_pair

#: What the act says, where the person does not say it in other words.
MEANINGS = {
    (Act.TRANSLATED, Role.TRANSLATOR): "I made this translation.",
    (Act.TRANSLATED, Role.CLINICIAN): "I wrote this text.",
    (Act.REVIEWED, Role.TRANSLATOR): "I compared this translation with its source; it is complete and right.",
    (Act.REVIEWED, Role.CLINICIAN): "I read this text against its sources; it is complete and right.",
    (Act.SIGNED, Role.TRANSLATOR): "As a qualified translator I vouch for this translation.",
    (Act.SIGNED, Role.CLINICIAN): "As a clinician I approve this text for the patients of this clinic.",
    (Act.WITHDRAWN, Role.TRANSLATOR): "I withdraw this translation.",
    (Act.WITHDRAWN, Role.CLINICIAN): "I withdraw this text.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who acts, in which capacity, for which clinic, and what they say by it."""

    person: str
    role: Role
    clinic: str | None = None
    meaning: str | None = None


def sign_words(
    owner: sa.Connection,
    pairs: Sequence[Pair],
    act: Act,
    signer: Signer,
    now: datetime,
    valid_for: timedelta = VALID_FOR,
) -> int:
    """Release the pairs and record the act on each; how many. SignError before anything is written."""
    clinics = clinic_ids(owner, [signer.clinic] if signer.clinic else [])
    if signer.clinic is not None and signer.clinic not in clinics:
        raise SignError(f"there is no clinic {signer.clinic!r}")
    if not signer.person.strip():
        raise SignError("a name is needed: who does this")
    ledger = load_ledger(owner)
    acts = [
        SignOff(
            hash=pair.hash,
            act=act,
            role=signer.role,
            person=signer.person.strip(),
            meaning=signer.meaning or MEANINGS[act, signer.role],
            at=now,
            until=now + valid_for if act is Act.SIGNED else None,
            clinic=signer.clinic if signer.role is Role.CLINICIAN else None,
        )
        for pair in pairs
    ]
    for pair, new in zip(pairs, acts, strict=True):
        try:
            check_act(new, ledger.signed.get(pair.hash, ()))
        except SignError as error:
            raise SignError(f"{pair.context} ({pair.locale}): {error}") from error
    for pair, new in zip(pairs, acts, strict=True):
        release_pair(owner, pair)
        add_sign_off(owner, new, clinics)
    return len(acts)


def take_ledger(owner: sa.Connection, pairs: Sequence[Pair], signed: Sequence[SignOff]) -> int:
    """Take a ledger in; how many acts were new. The rules hold for it as for a person at the keyboard."""
    slugs = {each.clinic for each in signed if each.clinic is not None}
    clinics = clinic_ids(owner, slugs)
    missing = sorted(slugs - set(clinics))
    if missing:
        raise SignError(f"there is no clinic {missing[0]!r}; set it up first")
    held = load_ledger(owner)
    known = {hashed: list(acts) for hashed, acts in held.signed.items()}
    for new in signed:
        earlier = known.setdefault(new.hash, [])
        if new not in earlier:
            check_act(new, earlier)
            earlier.append(new)
    for pair in pairs:
        release_pair(owner, pair)
    return sum(add_sign_off(owner, new, clinics) for new in signed)
