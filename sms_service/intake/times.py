"""A visit's start as a feed writes it, to a wall time and a zone; here a naive time ceases to exist."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from sms_service.domain.instants import Wall, WallKind, wall
from sms_service.intake.problems import Code, Problem

#: Years outside of these are slips of the hand, and break arithmetic with days and zones.
_YEARS = range(2000, 2200)


def known_zone(name: object) -> bool:
    """Whether the IANA database has the zone."""
    if not isinstance(name, str):
        return False
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def read_start(written: object, zone: object) -> tuple[Wall | None, list[Problem]]:
    """The wall time of a start, and what is wrong with it.

    A sent offset decides the instant, the zone what the clock on the wall shows then. Midnight and a date
    alone are not times of day that anyone is booked for.
    """
    if not isinstance(written, str):
        return None, [_problem(Code.TIME_INVALID, "start is a text such as 2026-12-01T09:30:00")]
    try:
        parsed = datetime.fromisoformat(written)
    except ValueError:
        return None, [_problem(Code.TIME_INVALID, "start is not ISO 8601; write 2026-12-01T09:30:00")]
    if len(written) <= len("2026-12-01") or (parsed.tzinfo is None and parsed.time() == time(0)):
        return None, [_no_time_of_day()]
    if parsed.year not in _YEARS:
        return None, [_problem(Code.TIME_INVALID, "start is in no year that anyone is booked for")]
    if not isinstance(zone, str) or not known_zone(zone):
        detail = (
            "the zone of the visit is not known; send timezone"
            if zone is None
            else "timezone is no IANA zone such as America/New_York"
        )
        return None, [_problem(Code.TIME_INVALID, detail)]
    if parsed.tzinfo is not None:
        there = wall(parsed.astimezone(UTC), zone)
        # midnight in UTC is four in the afternoon in Los Angeles, and servers write UTC
        return (there, []) if there.local.time() != time(0) else (None, [_no_time_of_day()])
    start = Wall(local=parsed, zone=zone)
    match start.kind:
        case WallKind.NONEXISTENT:
            detail = (
                "this local time does not exist: the clocks jump over it that day; correct it and send again"
            )
            return None, [_problem(Code.TIME_NONEXISTENT, detail)]
        case WallKind.AMBIGUOUS:
            return start, [_problem(Code.TIME_AMBIGUOUS, "this local time happens twice; the first is taken")]
    return start, []


def _no_time_of_day() -> Problem:
    return _problem(Code.TIME_MISSING, "start has a date and no time of day; send the time as well")


def _problem(code: Code, detail: str) -> Problem:
    return Problem(code=code, field="data.appointment.start", detail=detail)
