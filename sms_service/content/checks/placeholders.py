"""Numbers and placeholders: whatever a text is about must come through a translation unchanged."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from sms_service.content.checks.finding import Entry
from sms_service.domain.compose import placeholders

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_ADDRESS = re.compile(r"https?://|www\.|\b[\w-]+\.(?:com|org|net|gov|info|ly)\b", re.IGNORECASE)
_IN_BRACES = re.compile(r"\{[^{}]*\}")
#: Whole words that a phone company acts on; a text that asks for one would stop all texts.
_CARRIER = re.compile(r"\b(?:CANCEL|END|QUIT|YES|UNSUBSCRIBE|STOPALL|REVOKE|OPTOUT|UNSTOP|INFO)\b")


def check_placeholders(entry: Entry) -> Iterator[tuple[str, str]]:
    """Every placeholder of the source, as often, and no other."""
    for form, words in enumerate(entry.strings):
        source = entry.variant.msgids[min(form, len(entry.variant.msgids) - 1)]
        try:
            wanted, held = Counter(placeholders(source)), Counter(placeholders(words))
        except ValueError as error:
            yield "placeholder", f"braces do not match: {error}"
            continue
        if entry.variant.plural is not None:  # a plural form may name its one thing without the count
            wanted["count"] = held["count"] = 0
        for name in sorted((wanted - held) + (held - wanted)):
            if held[name] < wanted[name]:
                yield "placeholder", f"lacks {{{name}}}, which the source has; put it in"
            else:
                yield "placeholder", f"has {{{name}}} too often, or the source has none; take it out"


def check_numbers(entry: Entry) -> Iterator[tuple[str, str]]:
    """The same numbers as the source, in digits, whatever the script; no address that is not a fact."""
    wanted = Counter(_numbers(entry.variant.msgids[-1]))
    held = Counter(_numbers(entry.strings[-1]))
    for number in sorted((wanted - held) + (held - wanted)):
        if held[number] < wanted[number]:
            yield "number", f"lacks the number {number} of the source; write it in digits"
        else:
            yield "number", f"has the number {number}, which the source has not; take it out or use a word"
    for words in entry.strings:
        native = next((c for c in _IN_BRACES.sub("", words) if c.isdigit() and not c.isascii()), None)
        if native:
            yield "number", f"writes the digit {native}; reply digits and numbers in texts stay 0 to 9"
        if _ADDRESS.search(words):
            yield "address", "holds an address; addresses and phone numbers come from the clinic's facts"


def check_prompts(entry: Entry) -> Iterator[tuple[str, str]]:
    """Answers are asked for in digits; STOP, HELP and START aside, no word that a phone company acts on."""
    for words in entry.strings:
        found = _CARRIER.search(words)
        if found:
            yield "prompt", f"asks for {found[0]}, on which phone companies act; ask for a digit"


def _numbers(words: str) -> list[str]:
    folded = "".join(
        str(unicodedata.digit(c)) if c.isdigit() and not c.isascii() else c for c in _IN_BRACES.sub("", words)
    )
    return _NUMBER.findall(folded)
