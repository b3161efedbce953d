"""The texts of a file: checked domain values, one for each whole text that a translator reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sms_service.content.errors import ContentError
from sms_service.content.sentences import Sentence, Whole, expand, join_lines
from sms_service.content.yaml_files import Lined, need, place_of
from sms_service.domain.advice import DISPUTED
from sms_service.domain.compose import placeholders, unknown_placeholders
from sms_service.domain.pathway import Question, Tells, Variant

#: Every fact that a text may name.
FACTS = frozenset(
    {"clinic", "program", "phone", "after_hours_phone", "emergency", "crisis", "date", "time", "address"}
    | {"arrive_early", "count", "offers", "answer", "fever", "link"}
)
#: Facts of the visit, and what has to be known of it for them.
NEEDS = {"date": "start", "time": "start", "address": "location"}
#: Every condition that may choose between the texts of a step, with the values it can take.
CONDITIONS: Mapping[str, frozenset[str | bool | int]] = {
    "confirmed": frozenset({True, False}),
    "returning": frozenset({True, False}),
    "offers": frozenset({True, False}),
    "reinstated": frozenset({True, False}),
    "injectate": frozenset({"steroid", "none", "unknown"}),
    "done": frozenset({"yes", "unknown"}),
    "privacy": frozenset({0, 1, 2}),
    **{point: frozenset(choices) for point, choices in DISPUTED.items()},
}

_KEYS = frozenset(
    {"id", "when", "merges", "opens", "asks", "tells", "sources", "budget", "comment", "edition"}
    | {"text", "say", "purpose"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What the texts of a file may draw on: its sentences, and the sources that exist (None: unchecked)."""

    path: Path
    domain: str
    sentences: Mapping[str, Sentence] = field(default_factory=dict)
    sources: frozenset[str] | None = None


def variants(shelf: Shelf, step: str, raw: Mapping[str, Any]) -> Iterator[Variant]:
    """The whole texts of one entry; `step` is the step's id and a dot, or empty for a single text."""
    place = place_of(f"{step}{raw.get('id', '?')}", raw)
    name = need(shelf.path, place, raw, "id")
    unknown = sorted(set(map(str, raw)) - _KEYS)
    if unknown:
        raise ContentError(shelf.path, place, f"`{unknown[0]}` is not known; use {', '.join(sorted(_KEYS))}")
    for whole in _wholes(shelf, place, raw):
        words = join_lines(whole.lines)
        for form in words:
            _check_placeholders(shelf.path, place, form)
        _check_sources(shelf, place, whole.sources)
        yield Variant(
            id=f"{name}{whole.suffix}",
            context=f"{shelf.domain}.{step}{name}{whole.suffix}",
            text=words[0],
            plural=words[1] if len(words) > 1 else None,
            plural_by="count" if len(words) > 1 else None,
            when={**_conditions(shelf.path, place, raw), **whole.choices},
            merges=frozenset(raw.get("merges") or ()),
            opens=Question(raw["opens"]) if raw.get("opens") else None,
            asks=_asked(shelf.path, place, raw, words[0]),
            tells=Tells(raw["tells"]) if raw.get("tells") else None,
            sources=whole.sources,
            budget=int(raw.get("budget", 3)),
            comment=str(raw.get("comment") or "").strip(),
            lines=whole.lines,
            edition=int(raw.get("edition", 1)),
            line=raw.line if isinstance(raw, Lined) else 0,
        )


def needs(texts: tuple[Variant, ...]) -> frozenset[str]:
    """What must be known of a visit before any of these texts can be written."""
    return frozenset(NEEDS[name] for v in texts for name in placeholders(v.text) if name in NEEDS)


def _wholes(shelf: Shelf, place: str, raw: Mapping[str, Any]) -> list[Whole]:
    declared = tuple(str(source) for source in raw.get("sources") or ())
    if raw.get("say") is not None:
        return [
            Whole(
                lines=whole.lines,
                choices=whole.choices,
                suffix=whole.suffix,
                sources=tuple(dict.fromkeys((*whole.sources, *declared))),
            )
            for whole in expand(shelf.path, place, raw["say"], shelf.sentences)
        ]
    text = raw.get("text")
    if not isinstance(text, str) or not text.strip():
        raise ContentError(shelf.path, place, "has no `text` and no `say`; write one, or remove the entry")
    return [Whole(lines=(((text.strip(),),),), choices={}, suffix="", sources=declared)]


def _asked(path: Path, place: str, raw: Mapping[str, Any], words: str) -> Question | None:
    if not raw.get("asks"):
        return None
    if raw.get("opens") or "link" not in placeholders(words):
        raise ContentError(path, place, "`asks` is for a text with {link} that opens no question itself")
    return Question(raw["asks"])


def _conditions(path: Path, place: str, raw: Mapping[str, Any]) -> dict[str, str | bool | int]:
    when = raw.get("when") or {}
    for name, wanted in when.items():
        if name not in CONDITIONS or wanted not in CONDITIONS[name]:
            known = ", ".join(CONDITIONS)
            raise ContentError(path, place, f"`when: {name}` is not a known condition; use {known}")
    return dict(when)


def _check_placeholders(path: Path, place: str, words: str) -> None:
    try:
        unknown = unknown_placeholders(words, FACTS)
    except ValueError as error:
        raise ContentError(path, place, f"braces do not match: {error}") from error
    if unknown:
        known = ", ".join(sorted(FACTS))
        raise ContentError(path, place, f"no fact is called {unknown[0]!r}; use one of {known}")


def _check_sources(shelf: Shelf, place: str, sources: tuple[str, ...]) -> None:
    unknown = [source for source in sources if shelf.sources is not None and source not in shelf.sources]
    if unknown:
        raise ContentError(shelf.path, place, f"no source is called {unknown[0]!r}; add it to sources.yaml")
