"""A language's terms and the words its texts must never use, from `locales/<lang>/glossary.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sms_service.content.errors import ContentError
from sms_service.content.yaml_files import place_of, read_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How one English term is said: any of `use` (parts of words count), none of `avoid`."""

    use: tuple[str, ...]
    avoid: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Glossary:
    """The terms of one language, and the words that promise, sell or set a price."""

    terms: Mapping[str, Term] = field(default_factory=dict)
    never: tuple[str, ...] = ()


def load_glossary(path: Path) -> Glossary:
    """Read one `glossary.yaml`. Raises ContentError with line and cure when it is broken."""
    raw = read_yaml(path)
    terms = {}
    for name, held in (raw.get("terms") or {}).items():
        place = place_of(f"term {name}", held)
        if not isinstance(held, dict) or not held.get("use"):
            raise ContentError(path, place, "needs `use`: the word, or a list of words, that says it")
        terms[str(name)] = Term(use=_words(held["use"]), avoid=_words(held.get("avoid")))
    never = _words(raw.get("never"))
    if not never:
        raise ContentError(path, "never", "lists no words; name those that promise, sell or set a price")
    return Glossary(terms=terms, never=never)


def _words(held: object) -> tuple[str, ...]:
    if held is None:
        return ()
    return tuple(map(str, held)) if isinstance(held, list) else (str(held),)
