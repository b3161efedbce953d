"""The answer to a message (HL7 v2 §2.9): taken in, wrong, or not for us; in the sender's own delimiters.

What is in the database is accepted, even when it is quarantined: common interface engines drop a message that
was answered AE or AR. When the database is away there is no answer at all, and the sender tries again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sms_service.intake.hl7.encoding import Encoding
from sms_service.intake.hl7.message import Message, Segment
from sms_service.intake.problems import Code, Problem

_TYPES = frozenset({"SIU", "ADT"})
#: HL7 table 0103; many senders leave it blank.
_PROCESSING = frozenset({"P", "T", "D", ""})
_SENDER, _RECEIVER, _TYPE, _CONTROL_ID, _PROCESSING_ID, _VERSION, _ACCEPT, _APPLICATION, _CHARSET = (
    (3, 4), (5, 6), 9, 10, 11, 12, 15, 16, 18)  # fmt: skip
_SAYS_NOTHING_ELSE = "2.3"
#: ERR took its present form in this version.
_ERR_SINCE = (2, 5)
_CONTROLS = dict.fromkeys(range(32))


class Verdict(StrEnum):
    """The second letter of MSA-1; the first says whose: A the application's, C the transport's."""

    ACCEPT = "A"
    ERROR = "E"
    REJECT = "R"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict, its condition in HL7 table 0357 and its place; the words hold nothing of a patient."""

    verdict: Verdict
    condition: str = "0"
    text: str = ""
    place: tuple[str, ...] = ()


_ACCEPTED = Judgement(verdict=Verdict.ACCEPT)
_NO_HEADER = Judgement(verdict=Verdict.REJECT, condition="100", text="no MSH segment can be read")
_NOT_OURS = Judgement(
    verdict=Verdict.REJECT, condition="200", text="Unsupported message type", place=("MSH", "1", "9")
)
_PROCESSED_ELSEWHERE = Judgement(
    verdict=Verdict.REJECT, condition="202", text="Unsupported processing id", place=("MSH", "1", "11")
)
_OTHER_VERSION = Judgement(
    verdict=Verdict.REJECT, condition="203", text="Unsupported version id", place=("MSH", "1", "12")
)
_NO_VISIT = Judgement(verdict=Verdict.ERROR, condition="100", text="SCH is missing", place=("SCH", "1"))


def judge(message: Message | None, problems: Iterable[Problem]) -> Judgement:
    """What to answer, once the message is stored; `problems` are those of its reading."""
    msh = message.first("MSH") if message else None
    if msh is None:
        return _NO_HEADER
    if msh.text(_TYPE).upper().partition("_")[0] not in _TYPES:
        return _NOT_OURS
    if msh.text(_PROCESSING_ID).upper() not in _PROCESSING:
        return _PROCESSED_ELSEWHERE
    version = msh.text(_VERSION)
    if version and version.partition(".")[0] != "2":
        return _OTHER_VERSION
    if any(problem.code is Code.FIELD_MISSING and problem.field == "SCH" for problem in problems):
        return _NO_VISIT
    return _ACCEPTED


def answers(message: Message | None, judgement: Judgement, *, control_id: str, now: datetime) -> list[bytes]:
    """The messages to send back, in this order, without MLLP framing; none where the sender wants none.

    In enhanced mode (MSH-15 or MSH-16 is filled) the transport answers first, then the application.
    `control_id` (letters and digits) becomes MSH-10, with a suffix where there are two answers.
    """
    msh = message.first("MSH") if message else None
    accept, application = (msh.text(_ACCEPT), msh.text(_APPLICATION)) if msh else ("", "")
    if not accept and not application:
        kinds = ["A"]
    else:
        wanted = (("C", accept), ("A", application))
        kinds = [kind for kind, condition in wanted if _wants(condition.upper(), judgement.verdict)]
    encoding = message.encoding if message else Encoding()
    codec = message.codec if message else "utf-8"
    return [
        _answer(msh, encoding, judgement, kind, f"{control_id}{kind}" if len(kinds) > 1 else control_id, now)
        .encode(codec, errors="replace")
        for kind in kinds
    ]  # fmt: skip


def _wants(condition: str, verdict: Verdict) -> bool:
    """HL7 table 0155."""
    match condition:
        case "AL":
            return True
        case "ER":
            return verdict is not Verdict.ACCEPT
        case "SU":
            return verdict is Verdict.ACCEPT
    return False


def _answer(
    msh: Segment | None, encoding: Encoding, judgement: Judgement, kind: str, control_id: str, now: datetime
) -> str:
    def copied(number: int) -> str:
        return msh.raw(number).translate(_CONTROLS) if msh else ""

    version = copied(_VERSION) or _SAYS_NOTHING_ELSE
    trigger = msh.text(_TYPE, 2) if msh else ""
    structure = ["ACK", trigger, "ACK"] if trigger.isalnum() and encoding.component else ["ACK"]
    header = ["MSH", "", *map(copied, (*_RECEIVER, *_SENDER)), now.strftime("%Y%m%d%H%M%S%z"), ""]
    header += [encoding.component.join(structure), control_id, copied(_PROCESSING_ID) or "P", version]
    header += ["", "", "", "", "", copied(_CHARSET)]
    header[1] = f"{encoding.component}{encoding.repetition}{encoding.escape}{encoding.subcomponent}"
    acknowledged = ["MSA", f"{kind}{judgement.verdict.value}", copied(_CONTROL_ID), judgement.text]
    segments = [header, acknowledged]
    if judgement.verdict is not Verdict.ACCEPT and _numbers(version) >= _ERR_SINCE:
        reason = encoding.component.join((judgement.condition, judgement.text, "HL70357"))
        segments.append(["ERR", "", encoding.component.join(judgement.place), reason, "E"])
    return "".join(encoding.field.join(segment).rstrip(encoding.field) + "\r" for segment in segments)


def _numbers(version: str) -> tuple[int, ...]:
    """2.5.1 as (2, 5, 1); what is no number counts as 0."""
    leading = "".join(character for character in version if character.isdigit() or character == ".")
    return tuple(int(part[:4]) if part.isascii() and part else 0 for part in leading.split("."))
