"""`POST /v1/events`: what a clinic's system says about a visit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from sms_service.intake.problems import NotAnEventError
from sms_service.use_cases.book import Taken, book
from sms_service.web.doors import CallerOf, ServiceOf
from sms_service.web.problems import ApiError

router = APIRouter(tags=["events"])
_LARGEST = 256 * 1024

EXAMPLE: dict[str, Any] = {
    "specversion": "1.0",
    "id": "9f2c",
    "source": "/feeds/main",
    "type": "clinic.appointment.booked.v1",
    "subject": "appointment/CSN60014711",
    "time": "2026-11-20T15:04:05Z",
    "data": {
        "appointment": {
            "id": "CSN60014711",
            "status": "booked",
            "start": "2026-12-01T09:30:00",
            "timezone": "America/New_York",
            "type": {"code": "TPI", "text": "Trigger point injection"},
        },
        "patient": {
            "id": "MRN1",
            "given": "Ana",
            "phone": "+12605550123",
            "language": "es",
            "consent": {"sms": True, "at": "2026-11-20T15:00:00Z"},
        },
        "version": {"at": "2026-11-20T15:04:05Z"},
    },
}


@router.post(
    "/v1/events",
    status_code=202,
    summary="Take in one event",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/cloudevents+json": {"schema": {"type": "object"}, "example": EXAMPLE}},
        }
    },
    responses={
        200: {"description": "This very event was delivered before; nothing changed"},
        202: {"description": "Stored. `outcome` says whether it was applied, stale or quarantined"},
    },
)
async def post_event(
    request: Request, response: Response, service: ServiceOf, caller: CallerOf
) -> dict[str, Any]:
    """Store and apply one CloudEvent in structured JSON. Success means that it is in the database."""
    body = await _json(request)
    try:
        taken = await run_in_threadpool(book, service, caller, body)
    except NotAnEventError as error:
        raise ApiError(422, "not_an_event", "The body is no canonical event.", [error.problem]) from None
    if taken.outcome == "duplicate":
        response.status_code = 200
    return _shown(taken)


def _shown(taken: Taken) -> dict[str, Any]:
    return {
        "outcome": taken.outcome,
        "event": taken.event_id,
        "problems": [{"code": p.code, "field": p.field, "detail": p.detail} for p in taken.problems],
    }


async def _json(request: Request) -> Mapping[str, Any]:
    """The body as a JSON object, read with a limit."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind not in {"application/json", "application/cloudevents+json"}:
        raise ApiError(
            415, "unsupported_media_type", "Send application/cloudevents+json or application/json."
        )
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > _LARGEST:
            raise ApiError(413, "too_large", f"An event has at most {_LARGEST} bytes.")
    try:
        body = json.loads(read)
    except (ValueError, RecursionError):
        raise ApiError(400, "not_json", "The body is not valid JSON in UTF-8.") from None
    if not isinstance(body, dict):
        raise ApiError(422, "not_an_event", "The body must be one JSON object.")
    return body
