"""The Babel extractor for pathway files: `pybabel extract` reads them like any source of messages.

Registered as `sms_pathway` under Babel's entry point `babel.extractors`; `babel.cfg` names the files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from sms_service.content.leaflet_files import load_leaflet
from sms_service.content.pathway_files import Shared, load_pathway, load_shared
from sms_service.content.places import COMMON, LEAFLET, PHRASES, SOURCES
from sms_service.content.po_files import comments_of
from sms_service.content.text_files import load_phrases
from sms_service.domain.pathway import Purpose, Variant


def extract(
    fileobj: BinaryIO,
    keywords: Mapping[str, Any],  # noqa: ARG001 - Babel's interface
    comment_tags: Sequence[str],  # noqa: ARG001 - as above
    options: Mapping[str, Any],  # noqa: ARG001 - as above
) -> Iterator[tuple[int, str, tuple[str, ...], list[str]]]:
    """(line, function, arguments, comments) of each whole text, as Babel wants them."""
    path = Path(fileobj.name)
    if path.name == SOURCES:
        return
    for variant, purpose in _texts(path):
        function = "pgettext" if variant.plural is None else "npgettext"
        yield variant.line, function, (variant.context, *variant.msgids), comments_of(variant, purpose.value)


def _texts(path: Path) -> Iterator[tuple[Variant, Purpose]]:
    common = path.with_name(COMMON)
    shared = load_shared(common) if common.exists() else Shared()
    page = load_leaflet(path.with_name(LEAFLET), shared.sentences)
    if path.name == LEAFLET:
        yield from ((variant, Purpose.LEAFLET) for variant in page.words.values())
        return
    if path.name == PHRASES:
        yield from ((variant, Purpose.PHRASE) for variant in load_phrases(path).values())
        return
    pathway = None if path.name == COMMON else load_pathway(path, shared, page)
    for step in pathway.steps if pathway else shared.steps.values():
        for variant in step.variants:
            if variant.context.startswith(f"{path.stem}."):
                yield variant, step.purpose
    if pathway is None:
        yield from ((variant, Purpose.ANSWER) for variant in shared.answers.values())
        return
    yield from ((variant, Purpose.LEAFLET) for part in pathway.leaflet for variant in part.variants)
