"""YAML files whose every mapping knows its line, so that an error can say where it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from sms_service.content.errors import ContentError


class Lined(dict[Any, Any]):
    """A mapping that knows the line it begins on (1 is the first)."""

    line: int = 0


class _Loader(yaml.CSafeLoader):
    """The safe loader of libyaml, ten times faster; with lines, and no key wins silently over its twin."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Iterator[Lined]:
    held = Lined()
    held.line = node.start_mark.line + 1
    yield held
    for key, _ in node.value:
        name = loader.construct_object(key)
        if name in held:
            raise yaml.MarkedYAMLError(problem=f"{name!r} is there twice", problem_mark=key.start_mark)
        held[name] = None
    held.update(loader.construct_mapping(node))


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_yaml(path: Path) -> Lined:
    """The mapping that a file holds. Raises ContentError with line and cure for a broken file."""
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a safe loader with lines
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(path, "file", f"cannot be read: {error}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else "file"
        twice = str(getattr(error, "problem", "") or "").endswith("is there twice")
        cure = (
            f"{error.problem}; keep one of the two"
            if twice and isinstance(error, yaml.MarkedYAMLError)
            else ("is not valid YAML; check indentation and quotes there")
        )
        raise ContentError(path, place, cure) from error
    if not isinstance(data, Lined):
        raise ContentError(path, "file", "must be a mapping with `domain:` at the top")
    return data


def place_of(name: str, raw: object) -> str:
    """How an error names an entry: its line, where the file gives one, and its name."""
    return f"line {raw.line}, {name}" if isinstance(raw, Lined) else name


def need(path: Path, place: str, data: Any, key: str) -> Any:  # noqa: ANN401 - YAML is untyped
    """The entry of a mapping; ContentError when it is missing."""
    if data.get(key) is None:
        raise ContentError(path, place, f"lacks `{key}`; add it")
    return data[key]


def need_list(path: Path, data: Any, key: str) -> list[Any]:  # noqa: ANN401 - as above
    """The list of a mapping; ContentError when it is missing or no list."""
    held = need(path, "file", data, key)
    if not isinstance(held, list):
        raise ContentError(path, key, "must be a list; begin each entry with a dash")
    return held


def once(path: Path, kind: str, ids: list[Any]) -> None:
    """ContentError for an id that is there twice."""
    for name in ids:
        if ids.count(name) > 1:
            raise ContentError(path, f"{kind} {name}", "is there twice; give each an id of its own")
