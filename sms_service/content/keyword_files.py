"""The words that replies consist of, per language, from `locales/<lang>/keywords.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sms_service.content.errors import ContentError
from sms_service.content.yaml_files import read_yaml
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
    red_flag: tuple[str, ...]
    """Phrases of danger to life or health, as patients write them; found anywhere in a text."""
    crisis: tuple[str, ...]
    """Phrases of suicide or self-harm."""
    leaves_open: Mapping[str, str]
    """Words that name a language without its script, and the tag they mean: *Chinese* is `zh`."""
    means_otherwise: frozenset[str]
    """Reply words of other languages that are ordinary words here: Spanish *pare* in Haitian Creole."""


def load_words(path: Path) -> LanguageWords:
    """Read one `keywords.yaml`. Raises ContentError with the place when it is broken."""
    raw = read_yaml(path)
    try:
        language = raw["language"]
        return LanguageWords(
            name=str(language["name"]),
            keyword=str(language["keyword"]),
            words=tuple(
                dict.fromkeys(
                    normalise(str(word))
                    for word in (*language["words"], language["name"], language["keyword"])
                )
            ),
            opt_out=_set(raw["opt_out"]),
            opt_in=_set(raw["opt_in"]),
            help=_set(raw["help"]),
            numbers=_numbers(raw.get("numbers") or {}),
            confirm=_numbers(raw.get("confirm") or {}),
            red_flag=_phrases(raw["red_flag"]),
            crisis=_phrases(raw["crisis"]),
            leaves_open={
                normalise(str(word)): str(tag)
                for tag, held in (language.get("leaves_open") or {}).items()
                for word in held
            },
            means_otherwise=_set(raw.get("means_otherwise") or ()),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ContentError(path, "file", f"cannot be used: {error!r}") from error


def join(languages: Mapping[str, LanguageWords], first: str) -> Keywords:
    """The keywords a reply is read with: every language's, and the number words of the patient's own.

    A patient may write STOP in any language we speak, unless the word is an ordinary one in their own; a
    number word is read in their own, so that it cannot mean something else in another.
    """
    own = languages.get(first)
    others = own.means_otherwise if own else frozenset()
    return Keywords(
        opt_out=frozenset().union(*(words.opt_out for words in languages.values())) - others,
        opt_in=frozenset().union(*(words.opt_in for words in languages.values())) - others,
        help=frozenset().union(*(words.help for words in languages.values())) - others,
        languages={
            word: tag
            for tag, words in languages.items()
            for word, tag in (*((word, tag) for word in words.words), *words.leaves_open.items())
            if word not in others
        },
        numbers=own.numbers if own else {},
        confirm=own.confirm if own else {},
    )


def _phrases(words: Iterable[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(normalise(str(word)) for word in words))


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
