"""Alive, ready, and numbers for whoever watches. None of it names a patient."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from sms_service.store.migrate import applied, newest
from sms_service.store.story import pulse
from sms_service.web.doors import ServiceOf

router = APIRouter(tags=["health"])
_TICK_LATE_S = 30.0


@router.get("/healthz", summary="Is this process alive?", response_class=PlainTextResponse)
def healthz() -> str:
    """Says yes without asking anyone."""
    return "ok\n"


@router.get("/readyz", summary="Can the service do its work?")
def readyz(service: ServiceOf, response: Response) -> dict[str, Any]:
    """Database reached and migrated, tick running, circuits closed; 503 with the reasons otherwise."""
    with service.db.transaction() as connection:
        state = pulse(connection)
        revision = applied(connection)
    wrong = []
    if revision != newest():
        wrong.append("the database is not at the newest revision: run `sms-service migrate`")
    if state["tick_age_s"] is None or state["tick_age_s"] > _TICK_LATE_S:
        wrong.append("no tick lately: are beat, the tick worker and Redis running?")
    wrong += [f"sender {name}: the circuit is open" for name in state["open_circuits"]]
    if wrong:
        response.status_code = 503
    return {"ready": not wrong, "problems": wrong, **state}


@router.get("/metrics", summary="Numbers for Prometheus", response_class=PlainTextResponse)
def metrics(service: ServiceOf) -> Response:
    """Counts by state and ages, read at the moment of asking."""
    with service.db.transaction() as connection:
        state = pulse(connection)
    registry = CollectorRegistry()
    messages = Gauge("sms_messages", "Messages by state", ["state"], registry=registry)
    for name, count in state["messages"].items():
        messages.labels(name).set(count)
    for name, held, text in (
        ("sms_due_now", state["due_now"], "Messages whose time has come and that are not sent"),
        ("sms_awaiting_receipt", state["awaiting_receipt"], "Attempts whose outcome is not final"),
        (
            "sms_tick_age_seconds",
            state["tick_age_s"] or -1,
            "Seconds since the last tick; -1 before the first",
        ),
        ("sms_open_circuits", len(state["open_circuits"]), "Senders the provider refuses"),
        ("sms_holds", state["holds"], "Holds in force"),
    ):
        Gauge(name, text, registry=registry).set(held)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
