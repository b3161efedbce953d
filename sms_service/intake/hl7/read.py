"""HL7 v2 messages to canonical events: the one way in for frames, requests and files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sms_service.intake.hl7.administration import TRIGGERS as ADMINISTRATION
from sms_service.intake.hl7.administration import read_administration
from sms_service.intake.hl7.framing import messages
from sms_service.intake.hl7.header import Header, header_of
from sms_service.intake.hl7.meaning import TRIGGERS as SCHEDULING
from sms_service.intake.hl7.message import Message, parse
from sms_service.intake.hl7.said import Said
from sms_service.intake.hl7.scheduling import read_scheduling
from sms_service.intake.problems import Code, Problem
from sms_service.intake.profile import Profile
from sms_service.intake.reading import Reading

_NO_MESSAGE = Problem(
    code=Code.PARSE_ERROR,
    field="MSH",
    detail="no MSH segment that can be read begins here; it may have been cut off",
)
_CHARSET = Problem(
    code=Code.CHARSET_UNKNOWN,
    field="MSH-18",
    detail="names a character set that is unknown, or not the one the message is in; letters may be wrong",
)
_UNSUPPORTED = Problem(
    code=Code.MESSAGE_UNSUPPORTED,
    field="MSH-9",
    detail="is none of SIU S12 to S22 and S26, ADT A01, A03, A04, A08, A09, A10, A31 and A40",
)


def read_hl7(raw: bytes, profile: Profile, received: datetime) -> Iterator[Reading]:
    """A reading of each message in a frame, batch or file, in their order; at least one.

    `received` (aware) is the version of messages that do not say when they were written.
    """
    for one in messages(raw):
        yield read_message(one, profile, received)


def read_message(raw: bytes, profile: Profile, received: datetime) -> Reading:
    """The reading of one message without its frame."""
    message = parse(raw, profile.charset)
    return (
        Reading(event=None, problems=(_NO_MESSAGE,))
        if message is None
        else read(message, raw, profile, received)
    )


def read(message: Message, raw: bytes, profile: Profile, received: datetime) -> Reading:
    """The reading of a message that was parsed from `raw`."""
    header = header_of(message, raw, profile.zone, received)
    notes = () if message.charset_told else (_CHARSET,)
    if header.type == "SIU" and header.trigger in SCHEDULING:
        said = read_scheduling(message, header.trigger, profile)
    elif header.type == "ADT" and header.trigger in ADMINISTRATION:
        said = read_administration(message, header.trigger, profile)
    else:
        return Reading(event=None, problems=(_UNSUPPORTED, *notes))
    return Reading(event=_event(header, said), problems=(*said.problems, *notes))


def _event(header: Header, said: Said) -> dict[str, Any]:
    at = header.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    visit, person = said.visit or {}, said.patient
    subject = f"appointment/{visit['id']}" if "id" in visit else f"patient/{person.get('id', '')}"
    data = {
        **({} if said.visit is None else {"appointment": said.visit}),
        "patient": person,
        "version": {"at": at},
        "test": header.test,
    }
    return {
        "specversion": "1.0",
        "id": header.id,
        "source": header.source,
        "type": said.type.value,
        "subject": subject,
        "time": at,
        "data": data,
    }
