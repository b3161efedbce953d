"""Pathway files: YAML in, checked domain values out, errors that name file, step and cure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import time
from pathlib import Path
from typing import Any

import yaml

from sms_service.content.errors import ContentError
from sms_service.domain.compose import unknown_placeholders
from sms_service.domain.pathway import (
    Anchor,
    LateBooking,
    Merge,
    Offset,
    Pathway,
    Priority,
    Purpose,
    Question,
    Step,
    Tells,
    Variant,
    Window,
)
from sms_service.domain.planned import TaskKind

#: Every fact that a text may name.
FACTS = frozenset(
    {"clinic", "program", "phone", "after_hours_phone", "emergency", "date", "time", "address"}
    | {"arrive_early", "count", "offers", "answer"}
)
#: Every condition that may choose between the texts of a step, with the values it can take.
CONDITIONS: Mapping[str, frozenset[str | bool]] = {
    "confirmed": frozenset({True, False}),
    "returning": frozenset({True, False}),
    "offers": frozenset({True, False}),
    "reinstated": frozenset({True, False}),
    "injectate": frozenset({"steroid", "none", "unknown"}),
    "done": frozenset({"yes", "unknown"}),
}


_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)


def load_pathway(path: Path) -> Pathway:
    """Read one pathway file. Raises ContentError for anything that could not be sent."""
    data = _read(path)
    name = _need(path, "file", data, "domain")
    steps = tuple(_step(path, name, raw) for raw in _list(path, data, "steps"))
    _once(path, "step", [step.id for step in steps])
    for step in steps:
        _once(path, f"step {step.id}: variant", [variant.id for variant in step.variants])
    _check_merges(path, steps)
    late = tuple(_late(path, steps, raw) for raw in data.get("late_booking") or ())
    return Pathway(id=name, name=_need(path, "file", data, "name"), steps=steps, late_booking=late)


def load_texts(path: Path) -> dict[str, Variant]:
    """Read a file of single texts (answers, disclaimers), by id."""
    data = _read(path)
    name = _need(path, "file", data, "domain")
    texts = [_text(path, name, raw) for raw in _list(path, data, "texts")]
    _once(path, "text", [variant.id for variant in texts])
    return {variant.id: variant for variant in texts}


def _text(path: Path, domain: str, raw: Mapping[str, Any]) -> Variant:
    place = f"text {_id(raw)}"
    try:
        return _variant(path, domain, "", raw)
    except _UNREADABLE as error:
        raise ContentError(path, place, f"{error}; see docs for the words a text may use") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(path, "file", f"cannot be read: {error}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else "file"
        raise ContentError(path, place, "is not valid YAML; check indentation and quotes there") from error
    if not isinstance(data, dict):
        raise ContentError(path, "file", "must be a mapping with `domain:` at the top")
    return data


def _need(path: Path, place: str, data: Mapping[str, Any], key: str) -> Any:  # noqa: ANN401 - YAML is untyped
    if data.get(key) is None:
        raise ContentError(path, place, f"lacks `{key}`; add it")
    return data[key]


def _list(path: Path, data: Mapping[str, Any], key: str) -> list[Any]:
    held = _need(path, "file", data, key)
    if not isinstance(held, list):
        raise ContentError(path, key, "must be a list; begin each entry with a dash")
    return held


def _once(path: Path, kind: str, ids: list[str]) -> None:
    for name in ids:
        if ids.count(name) > 1:
            raise ContentError(path, f"{kind} {name}", "is there twice; give each an id of its own")


def _id(raw: object) -> object:
    return raw.get("id", "?") if isinstance(raw, Mapping) else repr(raw)


def _step(path: Path, pathway: str, raw: Mapping[str, Any]) -> Step:
    place = f"step {_id(raw)}"
    try:
        until = _need(path, place, raw, "until")
        return Step(
            id=_need(path, place, raw, "id"),
            purpose=Purpose(str(raw.get("purpose"))),
            priority=Priority[str(raw.get("priority")).upper()],
            anchor=Anchor(str(raw.get("anchor"))),
            offset=_offset(_need(path, place, raw, "offset")),
            until=Window(anchor=Anchor(until.get("anchor")), offset=_offset(until)),
            variants=tuple(
                _variant(path, pathway, f"{raw['id']}.", v) for v in _need(path, place, raw, "variants")
            ),
            repeatable=bool(raw.get("repeatable", False)),
            notice=bool(raw.get("notice", False)),
        )
    except _UNREADABLE as error:
        raise ContentError(path, place, f"{error}; see docs for the words a step may use") from error


def _offset(raw: Mapping[str, Any]) -> Offset:
    unknown = set(raw) - {"anchor", "minutes", "days", "at"}
    if unknown:
        raise ValueError(f"an offset has minutes, or days and at; not {', '.join(sorted(unknown))}")
    at = time.fromisoformat(raw["at"]) if "at" in raw else None
    return Offset(minutes=int(raw.get("minutes", 0)), days=int(raw.get("days", 0)), at=at)


def _variant(path: Path, pathway: str, step: str, raw: Mapping[str, Any]) -> Variant:
    place = f"{step}{raw.get('id', '?')}"
    plural = raw.get("plural") or {}
    text = plural.get("one") if plural else raw.get("text")
    if not text:
        raise ContentError(path, place, "has no `text`; write it, or remove the variant")
    when = raw.get("when") or {}
    for name, wanted in when.items():
        if name not in CONDITIONS or wanted not in CONDITIONS[name]:
            known = ", ".join(CONDITIONS)
            raise ContentError(path, place, f"`when: {name}` is not a known condition; use {known}")
    for words in (text, plural.get("other") or ""):
        try:
            unknown = unknown_placeholders(words, FACTS)
        except ValueError as error:
            raise ContentError(path, place, f"braces do not match: {error}") from error
        if unknown:
            known = ", ".join(sorted(FACTS))
            raise ContentError(path, place, f"no fact is called {unknown[0]!r}; use one of {known}")
    return Variant(
        id=_need(path, place, raw, "id"),
        context=f"{pathway}.{step}{raw['id']}",
        text=text.strip(),
        plural=plural["other"].strip() if plural else None,
        plural_by=plural.get("by"),
        when=dict(when),
        merges=frozenset(raw.get("merges") or ()),
        opens=Question(raw["opens"]) if raw.get("opens") else None,
        tells=Tells(raw["tells"]) if raw.get("tells") else None,
        sources=tuple(raw.get("sources") or ()),
        budget=int(raw.get("budget", 3)),
        comment=str(raw.get("comment") or "").strip(),
    )


def _late(path: Path, steps: tuple[Step, ...], raw: Mapping[str, Any]) -> LateBooking:
    def merges(key: str) -> Iterator[Merge]:
        for entry in raw.get(key) or ():
            yield Merge(step=entry["step"], merge=tuple(entry.get("merge") or ()))

    place = "late_booking"
    try:
        place = f"late_booking under {raw.get('under_hours', '?')} hours"
        rule = LateBooking(
            under_hours=int(raw["under_hours"]),
            now=tuple(merges("now")),
            scheduled=tuple(merges("scheduled")),
            drop=frozenset(raw.get("drop") or ()),
            task=TaskKind(raw["task"]) if raw.get("task") else None,
        )
    except _UNREADABLE as error:
        raise ContentError(path, place, f"cannot be read: {error}") from error
    named = {part for m in (*rule.now, *rule.scheduled) for part in (m.step, *m.merge)} | rule.drop
    unknown = named - {step.id for step in steps}
    if unknown:
        raise ContentError(path, place, f"names steps that do not exist: {', '.join(sorted(unknown))}")
    by_id = {step.id: step for step in steps}
    for merge in (*rule.now, *rule.scheduled):
        if not any(variant.merges.issuperset(merge.merge) for variant in by_id[merge.step].variants):
            problem = f"no text of {merge.step} carries {', '.join(merge.merge)}; write a variant that does"
            raise ContentError(path, place, problem)
    return rule


def _check_merges(path: Path, steps: tuple[Step, ...]) -> None:
    ids = {step.id for step in steps}
    for step in steps:
        for variant in step.variants:
            if variant.merges - ids:
                missing = ", ".join(sorted(variant.merges - ids))
                raise ContentError(path, f"{step.id}.{variant.id}", f"merges unknown steps: {missing}")
