"""Twilio's refusals and delivery errors; the table of codes is errors.json."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_DOCUMENTATION = "https://www.twilio.com/docs/errors/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An error answer: Twilio's code, the HTTP status and words for people."""

    code: int
    status: int
    message: str

    def body(self) -> dict[str, object]:
        """Return the JSON body, in Twilio's shape."""
        more_info = f"{_DOCUMENTATION}{self.code}"
        return {"code": self.code, "message": self.message, "more_info": more_info, "status": self.status}


_TABLE: Final = json.loads(Path(__file__).with_name("errors.json").read_text("utf-8"))
_REFUSALS: Final = {int(code): Refusal(code=int(code), **entry) for code, entry in _TABLE["refusals"].items()}
_CARRIER: Final[dict[str, str]] = _TABLE["carrier"]


def refusal(code: int) -> Refusal:
    """Look a code up; the table holds every code that the sandbox answers."""
    return _REFUSALS[code]


def carrier_error(code: int | None) -> str | None:
    """Return the words for a delivery error."""
    return None if code is None else _CARRIER.get(str(code), f"Delivery error {code}")
