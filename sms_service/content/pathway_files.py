"""Pathway files: YAML in, checked domain values out, errors that name file, line, step and cure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import time
from pathlib import Path
from typing import Any

from sms_service.content.errors import ContentError
from sms_service.content.leaflet_files import Leaflet, load_sections
from sms_service.content.sentences import Sentence, load_sentences
from sms_service.content.text_files import SEE, UNREADABLE, load_texts, name_of, shelf_of
from sms_service.content.variants import Shelf, needs, variants
from sms_service.content.yaml_files import Lined, need, need_list, once, place_of, read_yaml
from sms_service.domain.compose import PRIVACY
from sms_service.domain.pathway import (
    CALL_LIST,
    Anchor,
    LateBooking,
    Merge,
    Offset,
    Pathway,
    Priority,
    Purpose,
    Step,
    Variant,
    Window,
)
from sms_service.domain.planned import TaskKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What `common.yaml` gives to every pathway: sentences, steps, answers, late bookings, sources."""

    sentences: Mapping[str, Sentence] = field(default_factory=dict)
    steps: Mapping[str, Step] = field(default_factory=dict)
    answers: Mapping[str, Variant] = field(default_factory=dict)
    late_booking: Sequence[Any] = ()
    """The rules as they were written, for pathways that have none of their own."""
    sources: frozenset[str] | None = None


def load_shared(path: Path, sources: frozenset[str] | None = None) -> Shared:
    """Read the file of what pathways share. Raises ContentError for anything that could not be sent."""
    data = read_yaml(path)
    shelf = shelf_of(path, data, sources)
    answers = load_texts(shelf, need_list(path, data, "texts"))
    steps = [_step(shelf, raw) for raw in data.get("steps") or ()]
    return Shared(
        sentences=shelf.sentences,
        steps={step.id: step for step in steps},
        answers=answers,
        late_booking=tuple(data.get("late_booking") or ()),
        sources=sources,
    )


def load_pathway(path: Path, shared: Shared | None = None, page: Leaflet | None = None) -> Pathway:
    """Read one pathway file. Raises ContentError for anything that could not be sent."""
    shared, page = shared or Shared(), page or Leaflet()
    data = read_yaml(path)
    own = load_sentences(path, data.get("sentences") or {})
    twice = sorted(set(own) & set(shared.sentences))
    if twice:
        raise ContentError(path, f"sentence {twice[0]}", "is in common.yaml too; give it another name")
    shelf = Shelf(
        path=path,
        domain=need(path, "file", data, "domain"),
        sentences={**shared.sentences, **own},
        sources=shared.sources,
    )
    steps = tuple(_own_or_shared(shelf, shared, raw) for raw in need_list(path, data, "steps"))
    once(path, "step", [step.id for step in steps])
    for step in steps:
        once(path, f"step {step.id}: variant", [variant.id for variant in step.variants])
        if all(variant.when.get(PRIVACY) == 0 for variant in step.variants):
            raise ContentError(
                path, f"step {step.id}", "has texts for privacy 0 only; write one for the other levels"
            )
    _check_merges(path, steps)
    rules = (data["late_booking"] or ()) if "late_booking" in data else shared.late_booking
    late = tuple(_late(path, steps, raw) for raw in rules)
    return Pathway(
        id=shelf.domain,
        name=need(path, "file", data, "name"),
        steps=steps,
        leaflet=load_sections(shelf, page, data.get("leaflet")),
        late_booking=late,
        call_list=_call_list(path, data.get("call_list")),
    )


def _own_or_shared(shelf: Shelf, shared: Shared, raw: Any) -> Step:  # noqa: ANN401 - as above
    if not isinstance(raw, Lined) or "shared" not in raw:
        return _step(shelf, raw)
    name, place = raw["shared"], place_of(f"step {name_of(raw)}", raw)
    if name not in shared.steps:
        known = ", ".join(shared.steps)
        raise ContentError(shelf.path, place, f"common.yaml has no step {name!r}; there are {known}")
    extra = sorted(set(map(str, raw)) - {"shared", "variants", "offset", "until"})
    if extra:
        problem = f"a shared step takes `variants`, `offset` and `until`, not `{extra[0]}`"
        raise ContentError(shelf.path, place, problem)
    step = shared.steps[name]
    own = _variants(shelf, str(name), place, raw.get("variants") or [])
    step = replace(step, variants=(*own, *step.variants), needs=step.needs | needs(own))
    try:
        if "offset" in raw:
            step = replace(step, offset=_offset(raw["offset"]))
        if "until" in raw:
            step = replace(step, until=_window(raw["until"]))
    except UNREADABLE as error:
        raise ContentError(shelf.path, place, f"{error}; {SEE}") from error
    return step


def _step(shelf: Shelf, raw: Any) -> Step:  # noqa: ANN401 - as above
    path, place = shelf.path, place_of(f"step {name_of(raw)}", raw)
    try:
        until = need(path, place, raw, "until")
        texts = _variants(shelf, raw["id"], place, need(path, place, raw, "variants"))
        return Step(
            id=need(path, place, raw, "id"),
            purpose=Purpose(str(raw.get("purpose"))),
            priority=Priority[str(raw.get("priority")).upper()],
            anchor=Anchor(str(raw.get("anchor"))),
            offset=_offset(need(path, place, raw, "offset")),
            until=_window(until),
            variants=texts,
            repeatable=bool(raw.get("repeatable", False)),
            notice=bool(raw.get("notice", False)),
            needs=needs(texts),
        )
    except UNREADABLE as error:
        raise ContentError(path, place, f"{error}; {SEE}") from error


def _variants(shelf: Shelf, step: str, place: str, raw: list[Any]) -> tuple[Variant, ...]:
    try:
        return tuple(variant for entry in raw for variant in variants(shelf, f"{step}.", entry))
    except UNREADABLE as error:
        raise ContentError(shelf.path, place, f"{error}; {SEE}") from error


def _call_list(path: Path, raw: Mapping[str, Any] | None) -> Offset:
    try:
        return CALL_LIST if raw is None else _offset(raw)
    except UNREADABLE as error:
        raise ContentError(path, "call_list", f"{error}; {SEE}") from error


def _window(raw: Mapping[str, Any]) -> Window:
    return Window(anchor=Anchor(str(raw.get("anchor"))), offset=_offset(raw))


def _offset(raw: Mapping[str, Any]) -> Offset:
    unknown = set(raw) - {"anchor", "minutes", "days", "at"}
    if unknown:
        raise ValueError(f"an offset has minutes, or days and at; not {', '.join(sorted(unknown))}")
    at = time.fromisoformat(raw["at"]) if "at" in raw else None
    return Offset(minutes=int(raw.get("minutes", 0)), days=int(raw.get("days", 0)), at=at)


def _late(path: Path, steps: tuple[Step, ...], raw: Mapping[str, Any]) -> LateBooking:
    def merges(key: str) -> Iterator[Merge]:
        for entry in raw.get(key) or ():
            yield Merge(step=entry["step"], merge=tuple(entry.get("merge") or ()))

    place = "late_booking"
    try:
        place = place_of(f"late_booking under {raw.get('under_hours', '?')} hours", raw)
        rule = LateBooking(
            under_hours=int(raw["under_hours"]),
            now=tuple(merges("now")),
            scheduled=tuple(merges("scheduled")),
            drop=frozenset(raw.get("drop") or ()),
            task=TaskKind(raw["task"]) if raw.get("task") else None,
        )
    except UNREADABLE as error:
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
