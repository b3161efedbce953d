"""JSON to typed resources: what has the wrong type is left out and told, the rest is read all the same."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar, get_args, get_origin

import msgspec
from msgspec import Raw, Struct

from sms_service.intake.problems import Problem
from sms_service.intake.values import invalid

#: A body can be wrong in a million places; a person needs the first few.
_MOST_PROBLEMS = 20

S = TypeVar("S", bound=Struct)
Json = bytes | Raw


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:  # noqa: ANN401 - a type expression
    return msgspec.json.Decoder(kind)


def read(raw: Json, kind: type[S], problems: list[Problem]) -> S:
    """The resource with every element that has its type; problems name the others by their FHIR path.

    Raises DecodeError for what is no JSON, RecursionError for what is nested too deeply.
    """
    try:
        found: S = _decoder(kind).decode(raw)
    except msgspec.ValidationError:
        found = _fit(raw, kind, kind.__name__, problems) or kind()
    return found


def _fit(raw: Json, wanted: Any, path: str, problems: list[Problem]) -> Any:  # noqa: ANN401 - any element
    """The value as the wanted type, else as much of it as has its type; None when nothing does."""
    try:
        return _decoder(wanted).decode(raw)
    except msgspec.ValidationError:
        pass
    for part in get_args(wanted) if get_origin(wanted) is not list else (wanted,):
        if get_origin(part) is list:
            return _items(raw, get_args(part)[0], path, problems)
        if isinstance(part, type) and issubclass(part, Struct):
            return _elements(raw, part, path, problems)
    if isinstance(wanted, type) and issubclass(wanted, Struct):
        return _elements(raw, wanted, path, problems)
    tell(path, problems)
    return _number_as_text(raw) if str in get_args(wanted) else None


def _items(raw: Json, wanted: Any, path: str, problems: list[Problem]) -> list[Any] | None:  # noqa: ANN401
    try:
        items = _decoder(list[Raw]).decode(raw)
    except msgspec.ValidationError:
        tell(path, problems)
        return None
    found = []
    for index, item in enumerate(items):
        fitted = _fit(item, wanted, f"{path}[{index}]", problems)
        if fitted is not None:
            found.append(fitted)
        if len(problems) >= _MOST_PROBLEMS:
            break
    return found


def _elements(raw: Json, kind: type[Struct], path: str, problems: list[Problem]) -> Struct | None:
    try:
        loose = _decoder(_loosened(kind)).decode(raw)
    except msgspec.ValidationError:
        tell(path, problems)
        return None
    found = {}
    for field in msgspec.structs.fields(kind):
        held = getattr(loose, field.name)
        if len(held):
            found[field.name] = _fit(held, field.type, f"{path}.{field.encode_name}", problems)
    return kind(**{name: value for name, value in found.items() if value is not None})


@cache
def _loosened(kind: type[Struct]) -> type[Struct]:
    """The same elements, each unread."""
    names = [(field.name, Raw, Raw()) for field in msgspec.structs.fields(kind)]
    return msgspec.defstruct(kind.__name__, names, rename="camel", kw_only=True)


def _number_as_text(raw: Json) -> str | None:
    """An id written as a number can still be read, beside its problem."""
    try:
        return str(_decoder(int).decode(raw))
    except (msgspec.DecodeError, ValueError):
        return None


def tell(path: str, problems: list[Problem], detail: str = "has another type than FHIR gives it") -> None:
    """Note what is wrong at a path, unless enough is."""
    if len(problems) < _MOST_PROBLEMS:
        problems.append(invalid(path, detail))
