"""Who vouches for which exact words, and until when: draft, translated, reviewed, signed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from sms_service.domain.compose import words_hash_of
from sms_service.domain.pathway import Words

#: How long a signature holds; then the words are read again.
VALID_FOR = timedelta(days=365)
#: The language nobody translated: a clinician's signature alone suffices for it.
SOURCE = "en"


class Act(StrEnum):
    """What a person did with a pair of source and translation."""

    TRANSLATED = "translated"
    REVIEWED = "reviewed"
    SIGNED = "signed"
    WITHDRAWN = "withdrawn"


class Role(StrEnum):
    """In which capacity. A translator's word holds for every clinic, a clinician's for theirs."""

    TRANSLATOR = "translator"
    CLINICIAN = "clinician"


class State(IntEnum):
    """How far a pair has come, for one clinic."""

    DRAFT = 0
    TRANSLATED = 1
    REVIEWED = 2
    SIGNED = 3

    @property
    def word(self) -> str:
        """As it is shown: `draft`, `translated`, `reviewed`, `signed`."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One exact source text and its translation; `edition` is the source's clinical edition then."""

    context: str
    locale: str
    sources: Words
    strings: Words
    edition: int = 1

    @property
    def hash(self) -> str:
        """SHA-256 (hex) over NFC msgctxt, msgids, locale and all msgstr: what a signature is bound to."""
        return words_hash_of(self.context, self.sources, self.locale, self.strings)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOff:
    """One act of one person on the pair with this hash. `clinic` is its slug, None for every clinic.

    `until` is the end of a signature; other acts have none.
    """

    hash: str
    act: Act
    role: Role
    person: str
    meaning: str
    at: datetime
    until: datetime | None = None
    clinic: str | None = None


class SignError(Exception):
    """A person may not do that with this pair; the message says what has to come first."""


def state_of(locale: str, signed: Iterable[SignOff], clinic: str | None, now: datetime) -> State:
    """How far a pair has come. Signed means: by a translator (not English), and by a clinician of the clinic.

    `signed` are the acts on the pair in the order in which they happened; a withdrawal ends all before it.
    With `clinic` None any clinic's clinician counts.
    """
    standing = _standing(signed)
    valid = [
        s
        for s in standing
        if s.act is Act.SIGNED
        and (s.until is None or now < s.until)
        and (s.clinic is None or clinic is None or s.clinic == clinic)
    ]
    roles = {s.role for s in valid}
    if Role.CLINICIAN in roles and (locale == SOURCE or Role.TRANSLATOR in roles):
        return State.SIGNED
    acts = {s.act for s in standing}
    if Act.REVIEWED in acts:
        return State.REVIEWED
    return State.TRANSLATED if Act.TRANSLATED in acts else State.DRAFT


def check_act(new: SignOff, earlier: Iterable[SignOff]) -> None:
    """Raise SignError where the act may not follow the earlier ones on the same pair."""
    standing = _standing(earlier)
    authors = {_name(s.person) for s in standing if s.act is Act.TRANSLATED}
    match new.act:
        case Act.REVIEWED if not authors:
            raise SignError("nobody is recorded as the author; record `translated` first")
        case Act.REVIEWED if _name(new.person) in authors:
            raise SignError("the author cannot review their own words; another person has to")
        case Act.SIGNED if not any(s.act is Act.REVIEWED for s in standing):
            raise SignError("nobody has reviewed these words; record `reviewed` first")
        case Act.SIGNED if new.role is Role.CLINICIAN and new.clinic is None:
            raise SignError("a clinician signs for a clinic; name it")
        case Act.SIGNED if new.role is Role.TRANSLATOR and _name(new.person) in authors:
            raise SignError("the author cannot sign their own words; another translator has to")


def _standing(signed: Iterable[SignOff]) -> list[SignOff]:
    standing: list[SignOff] = []
    for each in signed:
        standing = [] if each.act is Act.WITHDRAWN else [*standing, each]
    return standing


def _name(person: str) -> str:
    return " ".join(person.casefold().split())
