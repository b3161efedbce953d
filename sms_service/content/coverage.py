"""How far each language has come in each domain, and what its texts cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sms_service.content.example_facts import example_facts
from sms_service.content.library import Library
from sms_service.content.pairs import present_pairs
from sms_service.content.signed_gate import Ledger
from sms_service.domain.compose import CannotComposeError, compose
from sms_service.domain.pathway import Variant
from sms_service.domain.signing import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """One language and domain. Each state counts the texts that came at least so far.

    `segments` is the mean over all texts with ordinary facts; `cost` that times the price of a segment.
    """

    locale: str
    domain: str
    texts: int
    present: int
    translated: int
    reviewed: int
    signed: int
    segments: float
    cost: float


def coverage(
    library: Library,
    ledger: Ledger,
    languages: Collection[str],
    now: datetime,
    *,
    clinic: str | None = None,
    price: float = 0.0083,
) -> Iterator[Coverage]:
    """Every language by every domain. `price` is what one segment costs, in the provider's currency."""
    grouped: dict[str, list[Variant]] = {}
    for variant in library.texts:
        grouped.setdefault(variant.context.split(".")[0], []).append(variant)
    for language in languages:
        for domain, texts in grouped.items():
            pairs = list(present_pairs(library, [language], texts))
            states = Counter(ledger.state(pair, clinic, now) for pair in pairs)
            costs = [segments for v in texts if (segments := _segments(library, v, language)) is not None]
            mean = sum(costs) / len(costs) if costs else 0.0
            yield Coverage(
                locale=language,
                domain=domain,
                texts=len(texts),
                present=len(pairs),
                translated=sum(states[s] for s in State if s >= State.TRANSLATED),
                reviewed=sum(states[s] for s in State if s >= State.REVIEWED),
                signed=states[State.SIGNED],
                segments=round(mean, 2),
                cost=round(mean * price, 4),
            )


def _segments(library: Library, variant: Variant, language: str) -> int | None:
    catalog = library.catalogs[language]
    if not catalog.has(variant):
        return None
    try:
        return compose(variant, catalog, example_facts(language)).segments
    except CannotComposeError:
        return None
