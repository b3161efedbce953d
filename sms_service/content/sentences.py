"""Whole sentences that several texts share, and the whole texts that are made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from sms_service.content.errors import ContentError
from sms_service.content.yaml_files import place_of
from sms_service.domain.advice import DISPUTED, Choice
from sms_service.domain.pathway import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence; with `by`, one wording for each choice of the clinic on a disputed point."""

    wordings: Mapping[Choice | None, tuple[Words, tuple[str, ...]]]
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A whole text: its lines of sentences, the choices it is for, and the sources of what it states."""

    lines: tuple[tuple[Words, ...], ...]
    choices: Mapping[str, Choice]
    suffix: str
    sources: tuple[str, ...]


def load_sentences(path: Path, raw: Mapping[str, Any]) -> dict[str, Sentence]:
    """The sentences of a file. Raises ContentError for one that cannot be used."""
    return {str(name): _sentence(path, str(name), entry) for name, entry in (raw or {}).items()}


def _sentence(path: Path, name: str, raw: Any) -> Sentence:  # noqa: ANN401 - YAML is untyped
    place = place_of(f"sentence {name}", raw)
    if not isinstance(raw, dict):
        raise ContentError(path, place, "must be a mapping with `text` and `sources`")
    point = raw.get("by")
    if point is None:
        return Sentence(wordings={None: _wording(path, place, raw)})
    if point not in DISPUTED:
        raise ContentError(path, place, f"`by: {point}` is no disputed point; use {', '.join(DISPUTED)}")
    missing = [str(choice) for choice in DISPUTED[point] if choice not in raw]
    if missing:
        raise ContentError(path, place, f"lacks the wording for {', '.join(missing)}; add it")
    extra = [str(key) for key in raw if key != "by" and key not in DISPUTED[point]]
    if extra:
        raise ContentError(path, place, f"{extra[0]} is no choice of {point}; add it to the settings first")
    return Sentence(
        by=point, wordings={choice: _wording(path, place, raw[choice]) for choice in DISPUTED[point]}
    )


def _wording(path: Path, place: str, raw: Any) -> tuple[Words, tuple[str, ...]]:  # noqa: ANN401 - as above
    words = (raw.get("one"), raw.get("other")) if "one" in raw else (raw.get("text"),)
    if not all(isinstance(form, str) and form.strip() for form in words):
        raise ContentError(path, place, "has no `text` (or `one` and `other`); write it")
    if not isinstance(raw.get("sources"), list):
        raise ContentError(path, place, "lacks `sources`; name them, or write [] where no fact is stated")
    return tuple(str(form).strip() for form in words), tuple(str(source) for source in raw["sources"])


def expand(
    path: Path,
    place: str,
    say: object,
    sentences: Mapping[str, Sentence],
) -> Iterator[Whole]:
    """Every whole text that `say` stands for: one, or one for each choice of the points it touches."""
    if not isinstance(say, list) or not all(isinstance(line, list) and line for line in say):
        raise ContentError(path, place, "`say` must be a list of lines, each a list of sentences")
    for name in (name for line in say for name in line):
        if name not in sentences:
            raise ContentError(path, place, f"no sentence is called {name!r}; add it to `sentences`")
    held = [[sentences[name] for name in line] for line in say]
    points = sorted({sentence.by for line in held for sentence in line if sentence.by})
    for chosen in product(*(DISPUTED[point] for point in points)):
        choices = dict(zip(points, chosen, strict=True))
        usual = [choice == DISPUTED[point][0] for point, choice in choices.items()]
        suffix = "".join(f"_{c}" for c, is_usual in zip(chosen, usual, strict=True) if not is_usual)
        picked = [[s.wordings[choices.get(s.by or "")] for s in line] for line in held]
        yield Whole(
            lines=tuple(tuple(words for words, _ in line) for line in picked),
            choices=choices,
            suffix=suffix,
            sources=tuple(dict.fromkeys(source for line in picked for _, own in line for source in own)),
        )


def join_lines(lines: Sequence[Sequence[Words]], space: str = " ") -> Words:
    """The words of a whole text: one form, or as many as its sentences have."""
    forms = max((len(words) for line in lines for words in line), default=1)
    return tuple(
        "\n".join(space.join(words[min(form, len(words) - 1)] for words in line) for line in lines)
        for form in range(forms)
    )
