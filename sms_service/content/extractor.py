"""The Babel extractor for pathway files: `pybabel extract` reads them like any source of messages.

Registered as `sms_pathway` under Babel's entry point `babel.extractors`; `babel.cfg` names the files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from sms_service.content.pathway_files import Shared, load_pathway, load_shared
from sms_service.content.po_files import comments_of
from sms_service.domain.pathway import Purpose, Variant

_SHARED, _SOURCES = "common.yaml", "sources.yaml"


def extract(
    fileobj: BinaryIO,
    keywords: Mapping[str, Any],  # noqa: ARG001 - Babel's interface
    comment_tags: Sequence[str],  # noqa: ARG001 - as above
    options: Mapping[str, Any],  # noqa: ARG001 - as above
) -> Iterator[tuple[int, str, tuple[str, ...], list[str]]]:
    """(line, function, arguments, comments) of each whole text, as Babel wants them."""
    path = Path(fileobj.name)
    if path.name == _SOURCES:
        return
    for variant, purpose in _texts(path):
        function = "pgettext" if variant.plural is None else "npgettext"
        yield variant.line, function, (variant.context, *variant.msgids), comments_of(variant, purpose.value)


def _texts(path: Path) -> Iterator[tuple[Variant, Purpose]]:
    common = path.with_name(_SHARED)
    shared = load_shared(common) if common.exists() else Shared()
    own = shared.steps.values() if path.name == _SHARED else load_pathway(path, shared).steps
    for step in own:
        for variant in step.variants:
            if variant.context.startswith(f"{path.stem}."):
                yield variant, step.purpose
    if path.name == _SHARED:
        for variant in shared.answers.values():
            yield variant, Purpose.DISCLAIMER if variant.id == "disclaimer" else Purpose.ANSWER
