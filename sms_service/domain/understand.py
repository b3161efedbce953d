"""What a patient's text means: rules only, no guessing. What no rule knows, a person reads."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sms_service.domain.pathway import Question


class Intent(StrEnum):
    """What a reply asks for."""

    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    HELP = "help"
    LANGUAGE = "language"
    ANSWER = "answer"
    UNKNOWN = "unknown"


#: The answers each question offers.
CHOICES: Mapping[Question, range] = {
    Question.SAFETY: range(1, 3),
    Question.CONFIRM: range(1, 3),
    Question.CHECK_IN: range(1, 4),
    Question.PAIN: range(11),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Keywords:
    """The words of one language, normalised with `normalise`; `numbers` are the words for 0 to 10.

    `confirm` are words that answer *are you coming* with 1 or 2, and mean nothing while it is not open.
    """

    opt_out: frozenset[str] = frozenset()
    opt_in: frozenset[str] = frozenset()
    help: frozenset[str] = frozenset()
    languages: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    confirm: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """Every intent found, the answer to the open question, the language asked for."""

    intents: tuple[Intent, ...]
    answer: int | None = None
    language: str | None = None


_WORD = frozenset({"L", "N"})
_MARKS = frozenset({"Mn", "Mc"})
_INVISIBLE = frozenset({"Cf", "Me"})  # direction marks, joiners, soft hyphens, the box of a keycap


def normalise(text: str) -> str:
    """NFKC, case folded, digits of any script as ASCII, punctuation as spaces, single spaces. Marks stay."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join("".join(_plain(c) for c in folded).split())


def _plain(c: str) -> str:
    if c.isdecimal():
        return str(unicodedata.decimal(c))
    category = unicodedata.category(c)
    if category in _INVISIBLE or unicodedata.name(c, "").startswith("VARIATION SELECTOR"):
        return ""
    return c if category[0] in _WORD or category in _MARKS else " "


def understand(reply: str, keywords: Keywords, open_question: Question | None) -> Understanding:
    """Read one reply. A whole-message keyword counts, and the digit or number word of the open question.

    `keywords` are those of the patient's language joined with the provider's own (STOP, START, HELP always
    work). An answer outside the question's choices, or with no question open, is for a person.
    """
    words = normalise(reply)
    if words in keywords.opt_out:
        return Understanding(intents=(Intent.OPT_OUT,))
    if words in keywords.help:
        return Understanding(intents=(Intent.HELP,))
    answer = _number(words, keywords)
    if answer == 1 and open_question is Question.SAFETY and not words.isdecimal():
        # "one" may mean one of what was listed, and 1 means none: a person reads it
        return Understanding(intents=(Intent.UNKNOWN,))
    if answer is None and open_question is Question.CONFIRM:
        answer = keywords.confirm.get(words)
    if answer is not None and open_question is not None and answer in CHOICES[open_question]:
        return Understanding(intents=(Intent.ANSWER,), answer=answer)
    if words in keywords.opt_in:
        return Understanding(intents=(Intent.OPT_IN,))
    if words in keywords.languages:
        return Understanding(intents=(Intent.LANGUAGE,), language=keywords.languages[words])
    return Understanding(intents=(Intent.UNKNOWN,))


def _number(words: str, keywords: Keywords) -> int | None:
    if words.isascii() and words.isdecimal() and len(words) <= len("10"):
        return int(words)
    return keywords.numbers.get(words)
