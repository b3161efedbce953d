"""Where do the provider's list and our ledger differ, and whose word is better?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from sms_service.domain.advance import RANK, UNDELIVERED, ProviderStatus
from sms_service.domain.request import Trace

_FINAL = RANK[ProviderStatus.DELIVERED]


class Kind(StrEnum):
    """A way in which the two differ. The value is the stable code, `advice` what an operator reads."""

    advice: str

    def __new__(cls, code: str, advice: str) -> Kind:  # noqa: PYI034 - an enum has no Self yet
        """Bind the code and the sentence."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.advice = advice
        return member

    STATUS = (
        "status",
        "Two final words for one text. Where the provider says it was not delivered, staff are to phone.",
    )
    CODE = "code", "The provider gave another error code later; it is stored. Nothing to do."
    SEGMENTS = (
        "segments",
        "Billed segments are not those we counted; they are stored. Often: compare the encoding of the text.",
    )
    PRICE = "price", "The provider changed a price; it is stored. Nothing to do."
    UNKNOWN_HERE = (
        "unknown_here",
        "The provider has a text that no attempt knows. Who else uses the sender? Was a backup restored?",
    )
    MISSING_THERE = (
        "missing_there",
        "The provider does not have a text that we hold for accepted. Ask its support; staff have a task.",
    )
    ORPHAN_RECEIPT = (
        "orphan_receipt",
        "Receipts came for a text that no attempt knows. The same questions as for unknown_here.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What our ledger holds of an attempt.

    `segments` are those billed; while none are, those we counted; 0 where nobody counted.
    `alive` is False for an attempt that was written off: its status moves nothing any more.
    """

    status: ProviderStatus | None
    code: int | None
    segments: int
    price: Decimal | None
    alive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference in words that hold no patient data. `better`: the provider's word is taken."""

    kind: Kind
    ours: str | None
    theirs: str | None
    better: bool


def is_ours(theirs: Trace) -> bool:
    """Whether an API call made it: not what a patient wrote, nor the provider's own answer to that."""
    return theirs.direction == "outbound-api"


def compare(ours: Held, theirs: Trace) -> list[Difference]:
    """Return every difference that counts.

    A status of the provider's that is ahead of ours is better: its receipt was lost. One that is behind is a
    list that lags. Of two final words the first stays, as in `advance`, and a person has to know where one
    says that the patient has the text and the other that they have not.
    """
    return [*_status(ours, theirs), *_facts(ours, theirs)]


def _status(ours: Held, theirs: Trace) -> Iterator[Difference]:
    if theirs.status not in set(ProviderStatus):
        return  # a word of another channel
    said = ProviderStatus(theirs.status)
    held = ours.status
    if held is None or RANK[said] > RANK[held]:
        if ours.alive:
            yield Difference(kind=Kind.STATUS, ours=held, theirs=said, better=True)
    elif RANK[said] == RANK[held] == _FINAL and (said in UNDELIVERED) != (held in UNDELIVERED):
        yield Difference(kind=Kind.STATUS, ours=held, theirs=said, better=False)
    elif held in UNDELIVERED and said in UNDELIVERED and theirs.code not in {None, ours.code}:
        yield Difference(kind=Kind.CODE, ours=_word(ours.code), theirs=_word(theirs.code), better=True)


def _facts(ours: Held, theirs: Trace) -> Iterator[Difference]:
    if theirs.segments and ours.segments and theirs.segments != ours.segments:
        yield Difference(
            kind=Kind.SEGMENTS, ours=_word(ours.segments), theirs=_word(theirs.segments), better=True
        )
    if theirs.price is not None and ours.price is not None and theirs.price != ours.price:
        yield Difference(kind=Kind.PRICE, ours=_word(ours.price), theirs=_word(theirs.price), better=True)


def _word(value: object) -> str | None:
    return None if value is None else str(value)
