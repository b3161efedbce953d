"""What a text costs with the longest facts, and how hard it is to read."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Iterator, Mapping

from sms_service.content.checks.finding import Entry
from sms_service.domain.compose import as_sent, isolated
from sms_service.domain.segments import GSM7, measure

#: Segments, for most texts and for those that carry much.
_USUAL, _MUCH = 3, 5
_CARRIES_MUCH = frozenset({"welcome", "safety", "aftercare"})
_GRADE = 6.0
#: A heading is no sentence; the formula was made for running text.
_FEWEST_WORDS = 8
_LONGEST_SENTENCE = {"Hans": 55, "Hant": 55, "Jpan": 70}
_LONGEST_WORDS = 24
_END = re.compile(r"[.!?\u3002\uff01\uff1f\u061f\u0964\n]+")
_IN_BRACES = re.compile(r"\{[^{}]*\}")


def check_segments(entry: Entry) -> Iterator[tuple[str, str]]:
    """Within the declared budget, and no budget above what a text of its kind may have."""
    if not entry.variant.budget:
        return  # words of a page
    much = bool(entry.variant.merges) or (entry.step is not None and entry.step.id in _CARRIES_MUCH)
    if entry.variant.budget > (_MUCH if much else _USUAL):
        yield "budget", f"declares {entry.variant.budget} segments; {_MUCH if much else _USUAL} are allowed"
    for facts in entry.facts:
        for words in entry.strings:
            yield from _too_long(entry, words, facts)


def _too_long(entry: Entry, words: str, facts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if entry.right_to_left:
        facts = {name: isolated(fact) for name, fact in facts.items()}
    try:
        body = as_sent(words.format_map(facts))
    except (KeyError, ValueError, IndexError):
        return  # the check of placeholders says it
    size = measure(body)
    if size.segments > entry.variant.budget:
        room = (153 if size.encoding == GSM7 else 67) * entry.variant.budget
        why = f": {size.units - room} too many" if size.units > room else ""
        dear = next((c for c in body if measure(c).encoding != GSM7), None)
        by = f"; {dear} ({unicodedata.name(dear, '?')}) makes it UCS-2" if dear else ""
        used = f"{size.units} of {room} units{why}"
        yield (
            "segments",
            f"takes {size.segments} segments with the longest facts, {used}{by}; shorten it",
        )


def check_reading(entry: Entry) -> Iterator[tuple[str, str]]:
    """English at 6th grade or below; elsewhere no sentence too long."""
    if entry.is_source:
        grade = reading_grade(entry.variant.text)
        if grade > _GRADE and len(entry.variant.text.split()) >= _FEWEST_WORDS:
            yield (
                "reading",
                f"reads at grade {grade:.1f}; use shorter words and sentences, {_GRADE:g} is allowed",
            )
        return
    limit = _LONGEST_SENTENCE.get(entry.script)
    for words in entry.strings:
        for sentence in _END.split(_IN_BRACES.sub("x", words)):
            length = len(sentence.strip()) if limit else len(sentence.split())
            if length > (limit or _LONGEST_WORDS):
                unit = "characters" if limit else "words"
                yield "reading", f"has a sentence of {length} {unit}; {limit or _LONGEST_WORDS} are allowed"


def reading_grade(text: str) -> float:
    """Flesch-Kincaid grade; a list after a colon is a sentence of its own, a fact is a few short words."""
    # imported here: only who checks texts needs it
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it tells its users that it is old; they cannot help it
        import textstat  # noqa: PLC0415

    plain = re.sub(r"\s*=\s*", " is ", _IN_BRACES.sub("Tom and Ann", text))
    plain = re.sub(r":\s|\n", ". ", plain)
    return float(textstat.flesch_kincaid_grade(re.sub(r"\d+", "two", plain)))
