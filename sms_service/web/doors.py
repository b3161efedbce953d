"""Who is calling: the API key of a clinic's feed, checked before anything is parsed."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader

from sms_service.settings import Settings
from sms_service.store.tenants import Caller, authenticate
from sms_service.use_cases.service import Service
from sms_service.web.problems import ApiError

_key = APIKeyHeader(name="X-API-Key", auto_error=False, description="the key of one feed of your clinic")


def service_of(request: Request) -> Service:
    """The service this process holds."""
    service: Service = request.app.state.service
    return service


def settings_of(request: Request) -> Settings:
    """The settings this process started with."""
    settings: Settings = request.app.state.settings
    return settings


def caller_of(
    key: Annotated[str | None, Depends(_key)], service: Annotated[Service, Depends(service_of)]
) -> Caller:
    """The feed and clinic of the key. The same answer for no key, a wrong one and a revoked one."""
    if key:
        with service.db.transaction() as connection:
            caller = authenticate(connection, key)
        if caller is not None:
            return caller
    raise ApiError(401, "unknown_key", "Send the API key of your feed in the header X-API-Key.")


ServiceOf = Annotated[Service, Depends(service_of)]
SettingsOf = Annotated[Settings, Depends(settings_of)]
CallerOf = Annotated[Caller, Depends(caller_of)]
