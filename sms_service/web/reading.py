"""Reading back: a visit, a message with its whole story, messages in pages."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from sms_service.store.story import list_messages, message_story, visit_story
from sms_service.web.doors import CallerOf, ServiceOf
from sms_service.web.problems import ApiError

router = APIRouter(tags=["reading"])

# what the database could not even compare is refused here, as a mistake and not as its failure
MessageId = Annotated[int, Path(ge=1, le=2**63 - 1)]
VisitId = Annotated[str, Path(pattern=r"^[^\x00]{1,512}$")]


@router.get("/v1/appointments/{appointment_id}", summary="A visit with its texts and tasks")
def get_appointment(appointment_id: VisitId, service: ServiceOf, caller: CallerOf) -> dict[str, Any]:
    """The visit under the clinic's own id."""
    with service.db.transaction([caller.clinic_id]) as connection:
        story = visit_story(connection, appointment_id)
    if story is None:
        raise ApiError(404, "unknown_appointment", "Your clinic has no visit with this id.")
    return story


@router.get("/v1/messages/{message_id}", summary="A message and its whole story")
def get_message(message_id: MessageId, service: ServiceOf, caller: CallerOf) -> dict[str, Any]:
    """Planned when and why, moved, held, skipped, attempts, receipts, replies."""
    with service.db.transaction([caller.clinic_id]) as connection:
        story = message_story(connection, service.keys, message_id)
    if story is None:
        raise ApiError(404, "unknown_message", "Your clinic has no message with this id.")
    return story


@router.get("/v1/messages", summary="Messages, in pages")
def get_messages(
    service: ServiceOf,
    caller: CallerOf,
    appointment: Annotated[
        str | None, Query(pattern=r"^[^\x00]{1,512}$", description="the clinic's id of a visit")
    ] = None,
    state: Annotated[str | None, Query(pattern="^[a-z]+$")] = None,
    after: Annotated[int, Query(ge=0, le=2**63 - 1, description="the last id of the page before")] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """Messages by id; `next` is the `after` of the following page, null on the last."""
    with service.db.transaction([caller.clinic_id]) as connection:
        found = list_messages(connection, appointment=appointment, state=state, after=after, limit=limit)
    return {"messages": found, "next": found[-1]["id"] if len(found) == limit else None}
