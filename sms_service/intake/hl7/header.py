"""Who says it, when, and under which number: the CloudEvents attributes of a message."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from sms_service.intake.hl7.dtm import read_dtm
from sms_service.intake.hl7.message import NULL, Message, Segment
from sms_service.intake.times import known_zone

_APPLICATION, _FACILITY, _WRITTEN, _TYPE, _CONTROL_ID, _PROCESSING = 3, 4, 7, 9, 10, 11
#: HL7 table 0103: training and debugging. Such messages are processed, and nobody is texted.
_TEST = frozenset({"T", "D"})
#: An identifier of the sender's may be of any length; ours may not.
_KEPT = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """`type` and `trigger` are those of MSH-9; `at` is when it was said; what differs has another `id`."""

    id: str
    source: str
    type: str
    trigger: str
    at: datetime
    test: bool


def header_of(message: Message, raw: bytes, zone: str | None, received: datetime) -> Header:
    """The header of a message; `received` serves where it does not say when it was written."""
    msh = message.first("MSH")
    evn = message.first("EVN")
    assert msh is not None  # noqa: S101 - a message is one because it has it
    kind, _, joined = msh.text(_TYPE).upper().partition("_")
    trigger = msh.text(_TYPE, 2).upper() or joined or (evn.text(1).upper() if evn else "")
    return Header(
        id=_id(msh, kind, trigger, raw),
        source="/".join(["/hl7v2", *_sender(msh)]),
        type=kind,
        trigger=trigger,
        at=_said_at(msh, evn, zone if known_zone(zone) else None) or received,
        test=msh.text(_PROCESSING).upper() in _TEST,
    )


def _id(msh: Segment, kind: str, trigger: str, raw: bytes) -> str:
    """MSH-10 alone is not unique: some systems put the visit's number there, for its cancellation as well.

    Line ends are left out of the hash: a copy of the message in a file is the same message.
    """
    digest = hashlib.sha256(b"\r".join(raw.split())).hexdigest()
    return "-".join(
        part for part in (msh.text(_CONTROL_ID)[:_KEPT], kind[:8], trigger[:8], digest[:32]) if part
    )


def _sender(msh: Segment) -> list[str]:
    said = (msh.text(_APPLICATION), msh.text(_FACILITY))
    return [quote(text[:_KEPT], safe="") for text in said if text and text != NULL]


def _said_at(msh: Segment, evn: Segment | None, zone: str | None) -> datetime | None:
    """EVN-2, else MSH-7: when it happened, not when an interface engine wrote it down again."""
    written = [evn.text(2)] if evn else []
    written.append(msh.text(_WRITTEN))
    if written[-1].startswith(written[0]):  # the same, and more precise
        written.reverse()
    for text in written:
        said = read_dtm(text)
        if said is not None and said.minutes:  # a date alone would put a day's messages in no order
            return said.instant(zone)
    return None
