"""The leaflet: the words of its page, and the sections that each pathway brings to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sms_service.content.errors import ContentError
from sms_service.content.sentences import Sentence
from sms_service.content.text_files import SEE, UNREADABLE, load_texts, shelf_of
from sms_service.content.variants import Shelf, variants
from sms_service.content.yaml_files import Lined, need_list, place_of, read_yaml
from sms_service.domain.pathway import Section, Variant

DOMAIN = "leaflet"
#: What every leaflet says, in this order; the last is the safety question, where texts may not ask it.
SECTIONS = ("what", "before", "day", "after", "call", "emergency", "ask_safety")
_KEYS = frozenset({"say", "text", "sources", "comment", "edition"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaflet:
    """What `leaflet.yaml` gives to every leaflet: sentences, the words of the page, names of pictures."""

    sentences: Mapping[str, Sentence] = field(default_factory=dict)
    words: Mapping[str, Variant] = field(default_factory=dict)

    @property
    def pictures(self) -> frozenset[str]:
        """The drawings that there are, by the texts that describe them."""
        start = "picture_"
        return frozenset(name.removeprefix(start) for name in self.words if name.startswith(start))


def load_leaflet(
    path: Path, common: Mapping[str, Sentence], sources: frozenset[str] | None = None
) -> Leaflet:
    """Read the words of the page; empty where there is no such file. Raises ContentError.

    Its texts may say the sentences of `common` too.
    """
    if not path.exists():
        return Leaflet()
    data = read_yaml(path)
    shelf = shelf_of(path, data, sources)
    if shelf.domain != DOMAIN:
        raise ContentError(path, "domain", f"must be {DOMAIN}, not {shelf.domain!r}")
    whole = replace(shelf, sentences={**common, **shelf.sentences})
    return Leaflet(
        sentences=shelf.sentences, words=load_texts(whole, need_list(path, data, "texts"), page=True)
    )


def load_sections(shelf: Shelf, page: Leaflet, raw: Any) -> tuple[Section, ...]:  # noqa: ANN401 - YAML is untyped
    """The sections of a pathway's leaflet; none where the file has none. Raises ContentError."""
    if raw is None:
        return ()
    place = place_of("leaflet", raw)
    if not isinstance(raw, Mapping) or set(raw) != set(SECTIONS):
        raise ContentError(
            shelf.path, place, f"must have these sections and no others: {', '.join(SECTIONS)}"
        )
    twice = sorted(set(page.sentences) & set(shelf.sentences))
    if twice:
        raise ContentError(shelf.path, f"sentence {twice[0]}", "is in leaflet.yaml too; give it another name")
    ours = replace(shelf, domain=DOMAIN, sentences={**shelf.sentences, **page.sentences})
    return tuple(_section(ours, page, shelf.domain, name, raw[name]) for name in SECTIONS)


def _section(shelf: Shelf, page: Leaflet, pathway: str, name: str, raw: Any) -> Section:  # noqa: ANN401 - as above
    place = place_of(f"leaflet {name}", raw)
    try:
        entry = Lined(raw, id=name)
        entry.line = getattr(raw, "line", 0)
        pictures = tuple(map(str, entry.pop("pictures", ())))
        extra = sorted(set(raw) - _KEYS - {"pictures"})
        if extra:
            raise ValueError(f"a section has {', '.join(sorted(_KEYS))} and pictures, not {extra[0]}")
        strange = sorted(set(pictures) - page.pictures)
        if strange:
            known = ", ".join(sorted(page.pictures))
            raise ValueError(f"no picture is called {strange[0]!r}; there are {known}")
        texts = tuple(variants(shelf, f"{pathway}.", entry))
    except UNREADABLE as error:
        raise ContentError(shelf.path, place, f"{error}; {SEE}") from error
    return Section(id=name, variants=tuple(replace(v, budget=0) for v in texts), pictures=pictures)
