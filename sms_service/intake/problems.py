"""What can be wrong with an event: a code, the field, and how to mend it. Never the patient's data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """Stable problem codes, shared by every door."""

    PARSE_ERROR = "parse_error"
    FIELD_MISSING = "field_missing"
    FIELD_INVALID = "field_invalid"
    PHONE_MISSING = "phone_missing"
    PHONE_INVALID = "phone_invalid"
    TIME_MISSING = "time_missing"
    TIME_INVALID = "time_invalid"
    TIME_NONEXISTENT = "time_nonexistent"
    TIME_AMBIGUOUS = "time_ambiguous"
    TIME_CONFLICT = "time_conflict"
    STATUS_UNMAPPED = "status_unmapped"
    TYPE_UNMAPPED = "type_unmapped"
    APPOINTMENT_UNKNOWN = "appointment_unknown"
    PATIENT_UNKNOWN = "patient_unknown"
    LANGUAGE_UNKNOWN = "language_unknown"
    ZONE_UNKNOWN = "zone_unknown"
    CONSENT_TIME_INVALID = "consent_time_invalid"
    CHARSET_UNKNOWN = "charset_unknown"
    VERSION_UNREADABLE = "version_unreadable"
    MESSAGE_UNSUPPORTED = "message_unsupported"


#: Problems with which an event still means something: it is applied, and the problem is told.
WARNINGS = frozenset(
    {
        Code.PHONE_MISSING,
        Code.PHONE_INVALID,
        Code.TIME_AMBIGUOUS,
        Code.LANGUAGE_UNKNOWN,
        Code.ZONE_UNKNOWN,
        Code.CONSENT_TIME_INVALID,
        Code.CHARSET_UNKNOWN,
        Code.VERSION_UNREADABLE,
    }
)
#: Problems that do not matter once a visit is over: nobody may be texted about a cancelled one, whatever its
#: type is called and whenever it was to be.
MOOT_ONCE_OVER = frozenset({Code.TYPE_UNMAPPED, Code.TIME_CONFLICT, Code.STATUS_UNMAPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem of one field."""

    code: Code
    field: str
    detail: str


class NotAnEventError(Exception):
    """The body is no canonical event at all; nothing can be stored under it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem
