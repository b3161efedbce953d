"""When a visit begins: four fields may say so, and they do not always agree."""

from __future__ import annotations

from dataclasses import dataclass

from sms_service.intake.hl7.dtm import DateTime, read_dtm
from sms_service.intake.hl7.message import NULL, Message, Segment, field_path

#: Asked only when none of the feed's sources says anything: a room or a person may be needed for a part only.
_RESOURCES = ("AIL-6", "AIP-6", "AIG-8")
#: SCH-11.1 is a quantity by the standard. Some systems write the start there, the others a number.
_QUANTITY = "SCH-11.1"
#: The action code is the second field of the rows of resources; D rows repeat what no longer is.
_ACTION, _DELETED = 2, "D"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What was found. `cleared` is an explicit null, `unreadable` the first field that holds no date."""

    said: DateTime | None = None
    source: str = ""
    conflict: str | None = None
    unreadable: str | None = None
    cleared: bool = False


_Readings = list[tuple[str, list[tuple[str, DateTime | None]]]]


def current(message: Message, name: str) -> list[Segment]:
    """The rows of a resource that still hold."""
    return [row for row in message.each(name) if row.text(_ACTION).upper() != _DELETED]


def find_start(message: Message, sources: tuple[str, ...], zone: str | None) -> Start:
    """The start from the first source that has a time of day, and the first source that contradicts it."""
    readings = _readings(message, sources)
    start = _search(readings)
    said = start.said
    if said is None:
        silent = not start.cleared and start.unreadable is None
        return _search(_readings(message, _RESOURCES)) if silent else start
    for source, found in readings:
        others = [other for _, other in found if other is not None]
        if source != start.source and others and not any(_agree(said, other, zone) for other in others):
            return Start(said=said, source=start.source, conflict=source)
    return start


def _readings(message: Message, sources: tuple[str, ...]) -> _Readings:
    """What each source says, and the date and time in it."""
    return [(source, [(said, read_dtm(said)) for said in _written(message, source)]) for source in sources]


def _written(message: Message, source: str) -> list[str]:
    """What a source says: one text for each row of a resource, otherwise the first row's."""
    place = field_path(source)
    if place is None:
        return []
    name, number, component = place
    if not name.startswith("AI"):
        return [written] if (written := message.at(source)) else []
    return [written for row in current(message, name) if (written := row.text(number, component))]


def _search(readings: _Readings) -> Start:
    dated, unreadable, cleared = Start(), None, False
    for source, found in readings:
        timed = [said for _, said in found if said is not None and said.timed]
        if timed:
            return Start(said=_earliest(timed), source=source)
        for written, said in found:
            if said is not None and dated.said is None:
                dated = Start(said=said, source=source)
            cleared = cleared or written == NULL
            if said is None and written != NULL and source != _QUANTITY:
                unreadable = unreadable or source
    if dated.said is not None:
        return dated
    return Start(unreadable=unreadable, cleared=cleared and unreadable is None)


def _earliest(timed: list[DateTime]) -> DateTime:
    """A visit of several services begins with the earliest."""
    alike = [said for said in timed if said.offset == timed[0].offset]
    return min(alike, key=lambda said: said.iso)


def _agree(said: DateTime, other: DateTime, zone: str | None) -> bool:
    """Whether both can be true; one without a time of day contradicts another day only."""
    if said == other:
        return True
    if said.timed and other.timed:
        return said.instant(zone) == other.instant(zone)
    return said.day == other.day
