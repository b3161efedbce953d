"""The words that replies consist of, per language, from `locales/<lang>/keywords.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sms_service.content.errors import ContentError
from sms_service.domain.understand import Keywords, normalise


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageWords:
    """One language's name for itself, the keyword that chooses it, and its reply words."""

    name: str
    keyword: str
    words: tuple[str, ...]
    opt_out: frozenset[str]
    opt_in: frozenset[str]
    help: frozenset[str]
    numbers: Mapping[str, int]
    confirm: Mapping[str, int]


def load_words(path: Path) -> LanguageWords:
    """Read one `keywords.yaml`. Raises ContentError with the place when it is broken."""
    try:
        raw: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        language = raw["language"]
        return LanguageWords(
            name=str(language["name"]),
            keyword=str(language["keyword"]),
            words=tuple(str(word) for word in language["words"]),
            opt_out=_set(raw["opt_out"]),
            opt_in=_set(raw["opt_in"]),
            help=_set(raw["help"]),
            numbers=_numbers(raw.get("numbers") or {}),
            confirm=_numbers(raw.get("confirm") or {}),
        )
    except (OSError, yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise ContentError(path, "file", f"cannot be used: {error!r}") from error


def join(languages: Mapping[str, LanguageWords], first: str) -> Keywords:
    """The keywords a reply is read with: every language's, and the number words of the patient's own.

    A patient may write STOP in any language we speak; a number word is read in their own, so that it
    cannot mean something else in another.
    """
    own = languages.get(first)
    return Keywords(
        opt_out=frozenset().union(*(words.opt_out for words in languages.values())),
        opt_in=frozenset().union(*(words.opt_in for words in languages.values())),
        help=frozenset().union(*(words.help for words in languages.values())),
        languages={
            normalise(word): tag
            for tag, words in languages.items()
            for word in (*words.words, words.name, words.keyword)
        },
        numbers=own.numbers if own else {},
        confirm=own.confirm if own else {},
    )


def _set(words: Iterable[object]) -> frozenset[str]:
    return frozenset(normalise(str(word)) for word in words)


def _numbers(raw: Mapping[Any, Any]) -> dict[str, int]:
    """`{7: [siete]}` or `{siete: 7}`, whichever the writer finds easier."""
    numbers: dict[str, int] = {}
    for key, held in raw.items():
        if isinstance(key, int):
            words = held if isinstance(held, list) else [held]
            numbers.update({normalise(str(word)): key for word in words})
        else:
            numbers[normalise(str(key))] = int(held)
    return numbers
