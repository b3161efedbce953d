"""What a scheduling message means: its status first, its trigger where the status says no more."""

from __future__ import annotations

from dataclasses import dataclass

from sms_service.domain.event import CancelReason, EventType, Status
from sms_service.intake.hl7.message import Message, Segment
from sms_service.intake.hl7.starts import current
from sms_service.intake.hl7.words import (
    REASON_WORDS,
    SILENT_WORDS,
    STATUS_WORDS,
    STATUSES,
    UNDO_WORDS,
    plain,
)
from sms_service.intake.profile import Profile

_REASON, _STATUS, _AIS_STATUS = 6, 25, 10
#: Identifier, text, alternate identifier, alternate text of a coded element (CE, CWE).
_CODED = (1, 2, 4, 5)
#: S18 to S22 change, add or take away resources of a visit that stays.
TRIGGERS = {
    "S12": EventType.BOOKED,
    "S13": EventType.RESCHEDULED,
    "S14": EventType.UPDATED,
    "S15": EventType.CANCELLED,
    "S16": EventType.CANCELLED,
    "S17": EventType.CANCELLED,
    **dict.fromkeys(("S18", "S19", "S20", "S21", "S22"), EventType.UPDATED),
    "S26": EventType.NO_SHOW,
}
_BOOKS = frozenset({"S12", "S13"})
_REASONS = {"S16": CancelReason.CLINIC, "S17": CancelReason.ENTERED_IN_ERROR}
_OVER = {EventType.CANCELLED: Status.CANCELLED, EventType.NO_SHOW: Status.NO_SHOW}
_TYPES = {
    Status.NO_SHOW: EventType.NO_SHOW,
    Status.CANCELLED: EventType.CANCELLED,
    Status.COMPLETED: EventType.COMPLETED,
    Status.ARRIVED: EventType.ARRIVED,
}
_Word = tuple[Status, CancelReason | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """The event's type, the visit's status, why it was cancelled; `unmapped` is a field not understood."""

    type: EventType
    status: Status | None
    reason: CancelReason | None = None
    unmapped: str | None = None


def meaning_of(message: Message, trigger: str, profile: Profile) -> Meaning:
    """The meaning of an SIU message whose trigger is one of TRIGGERS."""
    called = TRIGGERS[trigger]
    sch = message.first("SCH")
    said = {plain(word) for word in (sch.first(_REASON).texts(*_CODED) if sch else ())}
    word, unmapped = _status(message, sch, profile)
    status, reason = word or (None, None)
    if called not in _OVER and said & UNDO_WORDS:
        return Meaning(type=_reinstated(called), status=Status.BOOKED)
    if called in _OVER and status not in _OVER.values():
        # systems leave the status of a cancelled visit as it was, so the trigger is the news
        status = _OVER[called]
    if status is Status.CANCELLED and _is_no_show(said, profile) and called is not EventType.NO_SHOW:
        status = Status.NO_SHOW
    reason = reason or _because(said) or _REASONS.get(trigger)
    if status is None and trigger in _BOOKS:
        status = Status.BOOKED
    return Meaning(
        type=_TYPES.get(status, called) if status else called,
        status=status,
        reason=reason if status is Status.CANCELLED else None,
        unmapped=unmapped,
    )


def _reinstated(called: EventType) -> EventType:
    return called if called in {EventType.BOOKED, EventType.RESCHEDULED} else EventType.UPDATED


def _status(message: Message, sch: Segment | None, profile: Profile) -> tuple[_Word | None, str | None]:
    """The status in SCH-25, else that of all services in AIS-10; and the field that is not understood."""
    texts = sch.first(_STATUS).texts(*_CODED) if sch else []
    word = _known(texts, profile)
    unmapped = "SCH-25" if texts and word is None and not _silent(texts) else None
    if word is not None:
        return word, None
    rows = [texts for row in current(message, "AIS") if (texts := row.first(_AIS_STATUS).texts(*_CODED))]
    words = {_known(texts, profile) for texts in rows if not _silent(texts)}
    if len(words) == 1 and (only := words.pop()) is not None:
        return only, None
    return None, unmapped or ("AIS-10" if words or any(not _silent(texts) for texts in rows) else None)


def _known(texts: list[str], profile: Profile) -> _Word | None:
    return next((word for text in texts if (word := _word(text, profile)) is not None), None)


def _silent(texts: list[str]) -> bool:
    return any(plain(text) in SILENT_WORDS for text in texts)


def _word(text: str, profile: Profile) -> _Word | None:
    named = profile.status_words.get(text.casefold())
    return STATUSES.get(named) if named is not None else STATUS_WORDS.get(plain(text))


def _is_no_show(said: set[str], profile: Profile) -> bool:
    words = (_word(word, profile) for word in said)
    return any(word is not None and word[0] is Status.NO_SHOW for word in words)


def _because(said: set[str]) -> CancelReason | None:
    """Why, where the reason of the event says so; the order of the enumeration decides between several."""
    found = {REASON_WORDS[word] for word in said if word in REASON_WORDS}
    return next((reason for reason in CancelReason if reason in found), None)
