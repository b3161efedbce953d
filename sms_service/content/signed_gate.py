"""The gate of a live sender: only words whose signatures are valid at this moment."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sms_service.content.catalogs import plural_rule
from sms_service.content.library import Library
from sms_service.content.scripts import right_to_left
from sms_service.domain.compose import Catalog
from sms_service.domain.pathway import Variant
from sms_service.domain.signing import Pair, SignOff, State, state_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Released pairs by (context, locale), the newest first; acts by the pair's hash, the oldest first."""

    pairs: Mapping[tuple[str, str], Sequence[Pair]] = field(default_factory=dict)
    signed: Mapping[str, Sequence[SignOff]] = field(default_factory=dict)
    ends: Sequence[datetime] = ()
    """When signatures end, the first to end first."""
    version: tuple[int, int] = (0, 0)
    """Grows with every pair and every act in sight."""

    def state(self, pair: Pair, clinic: str | None, now: datetime) -> State:
        """How far a pair has come for a clinic."""
        return self.state_of_hash(pair.hash, pair.locale, clinic, now)

    def state_of_hash(self, digest: str, locale: str, clinic: str | None, now: datetime) -> State:
        """The same of a pair whose hash is known."""
        return state_of(locale, self.signed.get(digest, ()), clinic, now)

    def ended(self, now: datetime) -> int:
        """How many signatures have ended: while that stays, so does what is signed."""
        return bisect_right(self.ends, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairCatalog:
    """A released pair as the catalog of its one text."""

    pair: Pair
    plural_form: Callable[[int], int]

    @property
    def language(self) -> str:
        """The locale of the words."""
        return self.pair.locale

    @property
    def right_to_left(self) -> bool:
        """Whether it is written from right to left."""
        return right_to_left(self.pair.locale)

    def lookup(self, variant: Variant, count: int | None) -> str | None:  # noqa: ARG002 - it holds one text
        """The words, for `count` where they have plural forms."""
        strings = self.pair.strings
        form = self.plural_form(count) if count is not None and len(strings) > 1 else 0
        return strings[min(form, len(strings) - 1)] or None

    def digest(self, variant: Variant) -> str:  # noqa: ARG002 - as above
        """The hash the signatures are bound to."""
        return self.pair.hash


class SignedOnly:
    """Opens the signed pair of a text: the present words, else an older pair of the same clinical edition.

    Without a clinic, what any clinic's clinician signed.
    """

    def __init__(self, library: Library, ledger: Ledger, clinic: str | None, now: datetime) -> None:
        self._library, self._ledger, self._clinic, self._now = library, ledger, clinic, now

    def catalog(self, variant: Variant, language: str) -> Catalog | None:
        """The words that may go out. A clinical change of the source withdraws older pairs at once."""
        held = self._library.catalogs.get(language)
        if held is not None and held.has(variant):
            present = Pair(
                context=variant.context,
                locale=language,
                sources=variant.msgids,
                strings=held.words[variant.context][1],
                edition=variant.edition,
            )
            if self._is_signed(present):
                return held
        for pair in self._ledger.pairs.get((variant.context, language), ()):
            if pair.edition == variant.edition and self._is_signed(pair):
                return PairCatalog(pair=pair, plural_form=plural_rule(language))
        return None

    def _is_signed(self, pair: Pair) -> bool:
        return self._ledger.state(pair, self._clinic, self._now) is State.SIGNED
