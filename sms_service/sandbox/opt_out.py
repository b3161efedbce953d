"""Twilio's own handling of STOP, START and HELP: its words and English confirmations are in opt_out.json.

Source: Twilio's documentation of default opt-out keywords; only a single word counts.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast

OptOutType = Literal["STOP", "START", "HELP"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """What a recognised word means, and the text that confirms it."""

    type: OptOutType
    confirmation: str


def _read() -> dict[str, Keyword]:
    table = json.loads(Path(__file__).with_name("opt_out.json").read_text("utf-8"))
    return {
        word: Keyword(type=cast("OptOutType", kind), confirmation=entry["confirmation"])
        for kind, entry in table.items()
        for word in entry["words"]
    }


_KEYWORDS: Final = _read()


def keyword(body: str) -> Keyword | None:
    """Recognise a single opt-out word, whatever its case."""
    return _KEYWORDS.get(body.strip().upper())
