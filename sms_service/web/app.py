"""The web process: one FastAPI application over one service."""

from __future__ import annotations

import os
import sys

from fastapi import FastAPI

from sms_service.settings import Settings, load_settings
from sms_service.use_cases.service import Service
from sms_service.web import events, health, problems, reading, twilio_webhooks
from sms_service.web.leaflet import routes as leaflets
from sms_service.web.leaflet.routes import Memory
from sms_service.wiring import check_start, make_service

#: The event loop is one thread among those that write pages, and waits for its turn at each step. With
#: Python's own 5 ms the pages' p99 was three to fourteen times as long (`make bench-leaflet`, both in turn).
_TURN_S = 0.0005


def create_app(service: Service, settings: Settings) -> FastAPI:
    """The application with its routes and error handlers."""
    app = FastAPI(
        title="SMS education service",
        version="1",
        summary="Appointment events in; the right few texts out, in the patient's language.",
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    app.state.settings = settings
    problems.install(app)
    app.state.leaflets = Memory()
    for router in (events.router, reading.router, twilio_webhooks.router, health.router, leaflets.router):
        app.include_router(router)
    return app


def from_environment() -> FastAPI:
    """For `uvicorn --factory`: settings from the environment, refused when unsafe."""
    settings = load_settings(os.environ)
    service = make_service(settings, pool_size=10)
    check_start(service, settings)
    sys.setswitchinterval(_TURN_S)
    return create_app(service, settings)
