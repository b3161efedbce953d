"""Alive, ready, and numbers for whoever watches. None of it names a patient."""

from __future__ import annotations

import hmac
from dataclasses import asdict
from functools import cache
from ipaddress import ip_address
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from sms_service.settings import Settings
from sms_service.store.migrate import applied, newest
from sms_service.store.pulse import Pulse, pulse
from sms_service.use_cases.assess import assess
from sms_service.use_cases.service import Service
from sms_service.use_cases.watch import look_out
from sms_service.web.doors import ServiceOf, SettingsOf
from sms_service.web.metrics import exposition
from sms_service.web.problems import ApiError

router = APIRouter(tags=["health"])
_newest = cache(newest)  # it reads the folder of migrations
_AWAY = "the database does not answer, or refuses: is PostgreSQL running, and not out of connections?"
_OLD = "the database is not at the newest revision: run `sms-service migrate`"


def may_see_numbers(request: Request, settings: SettingsOf) -> bool:
    """Whoever brings SMS_METRICS_TOKEN; where there is none, callers on this machine, but none of a proxy."""
    if settings.metrics_token:
        brought = request.headers.get("Authorization", "").encode()
        return hmac.compare_digest(brought, f"Bearer {settings.metrics_token}".encode())
    forwarded = {"forwarded", "x-forwarded-for", "x-real-ip", "via"} & set(request.headers)
    return not forwarded and request.client is not None and _is_loopback(request.client.host)


MaySeeNumbers = Annotated[bool, Depends(may_see_numbers)]


@router.get("/healthz", summary="Is this process alive?", response_class=PlainTextResponse)
async def healthz() -> str:
    """Says yes without asking anyone, from the loop that serves every door."""
    return "ok\n"


@router.get("/readyz", summary="Can the service do its work?")
def readyz(
    service: ServiceOf, settings: SettingsOf, response: Response, numbers: MaySeeNumbers
) -> dict[str, Any]:
    """Whether everything from the database to the queues does its work; 503 with what is wrong otherwise.

    `ready`, `problems` and `warnings` are for everyone; the numbers for those who may read the metrics.
    """
    try:
        state = _look(service, settings)
    except (DBAPIError, PoolTimeoutError):
        return _not_ready(response, _AWAY)
    if state is None:
        return _not_ready(response, _OLD)
    found = assess(state, grace_seconds=settings.grace_seconds)
    if found.problems:
        response.status_code = 503
    said: dict[str, Any] = {
        "ready": not found.problems,
        "problems": [str(trouble) for trouble in found.problems],
        "warnings": [str(trouble) for trouble in found.warnings],
    }
    if numbers:
        said |= asdict(state) | {"oldest_due_s": state.oldest_due_s}
    return said


@router.get("/metrics", summary="Numbers for Prometheus", response_class=PlainTextResponse)
def metrics(service: ServiceOf, settings: SettingsOf, numbers: MaySeeNumbers) -> Response:
    """Counts, ages and states, read at the moment of asking."""
    if not numbers:
        raise ApiError(
            401,
            "metrics_token",
            "Send SMS_METRICS_TOKEN as `Authorization: Bearer …`; without one set, ask from this machine.",
        )
    state = _look(service, settings)
    if state is None:
        raise ApiError(503, "not_migrated", _OLD)
    ready = not assess(state, grace_seconds=settings.grace_seconds).problems
    return Response(exposition(state, ready=ready), media_type=CONTENT_TYPE_LATEST)


def _look(service: Service, settings: Settings) -> Pulse | None:
    """The state, with one more look at what is due and does not leave; None on another revision's schema."""
    with service.db.transaction() as connection:
        if applied(connection) != _newest():
            return None
        look_out(connection, stall_seconds=settings.stall_seconds)
        return pulse(connection)


def _not_ready(response: Response, problem: str) -> dict[str, Any]:
    response.status_code = 503
    return {"ready": False, "problems": [problem], "warnings": []}


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
