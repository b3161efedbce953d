"""Files of single texts: answers, phrases, the words of the leaflet page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sms_service.content.errors import ContentError
from sms_service.content.sentences import load_sentences
from sms_service.content.variants import Shelf, variants
from sms_service.content.yaml_files import need, need_list, once, place_of, read_yaml
from sms_service.domain.pathway import Variant

UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)
SEE = "see docs/writing-content.md for the words that may stand here"


def shelf_of(path: Path, data: Mapping[str, Any], sources: frozenset[str] | None) -> Shelf:
    """The domain and the sentences that a file declares."""
    return Shelf(
        path=path,
        domain=need(path, "file", data, "domain"),
        sentences=load_sentences(path, data.get("sentences") or {}),
        sources=sources,
    )


def load_phrases(path: Path, sources: frozenset[str] | None = None) -> dict[str, Variant]:
    """The phrases with which staff answer; none where there is no such file. Raises ContentError."""
    if not path.exists():
        return {}
    data = read_yaml(path)
    return load_texts(shelf_of(path, data, sources), need_list(path, data, "texts"))


def load_texts(shelf: Shelf, raw: Sequence[Any], *, page: bool = False) -> dict[str, Variant]:
    """The texts of a list by their ids. Raises ContentError for one that could not be sent, or shown."""
    texts = [_text(shelf, entry) for entry in raw]
    once(shelf.path, "text", [variant.id for variant in texts])
    return {variant.id: replace(variant, budget=0) if page else variant for variant in texts}


def _text(shelf: Shelf, raw: Any) -> Variant:  # noqa: ANN401 - YAML is untyped
    try:
        (variant,) = variants(shelf, "", raw)
    except UNREADABLE as error:
        raise ContentError(shelf.path, place_of(f"text {name_of(raw)}", raw), f"{error}; {SEE}") from error
    return variant


def name_of(raw: object) -> object:
    """What an entry of a list calls itself."""
    return raw.get("id") or raw.get("shared", "?") if isinstance(raw, Mapping) else repr(raw)
