"""Errors as RFC 9457 problem details. They name fields and cures and never repeat what was sent."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sms_service.intake.problems import Problem

log = logging.getLogger("sms_service.web")


class ApiError(Exception):
    """An answer other than success: a status, a stable code, and what to do."""

    def __init__(self, status: int, code: str, detail: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.problems = problems


def problem(status: int, code: str, detail: str, problems: Sequence[Problem] = ()) -> JSONResponse:
    """The response body of RFC 9457; `problems` is our extension with one entry per field."""
    body: dict[str, Any] = {
        "type": f"urn:sms-service:{code}",
        "title": code,
        "status": status,
        "detail": detail,
    }
    if problems:
        body["problems"] = [{"code": p.code, "field": p.field, "detail": p.detail} for p in problems]
    headers = {"Retry-After": "5"} if status == 503 else None  # noqa: PLR2004 - the status is the meaning
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Turn every error into a problem document."""

    @app.exception_handler(ApiError)
    def _ours(_: Request, error: ApiError) -> JSONResponse:
        return problem(error.status, error.code, error.detail, error.problems)

    @app.exception_handler(RequestValidationError)
    def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        fields = ", ".join(".".join(str(part) for part in entry["loc"]) for entry in error.errors())
        return problem(422, "invalid_request", f"These parts are missing or have the wrong form: {fields}")

    @app.exception_handler(HTTPException)
    def _http(_: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, "http_error", str(error.detail))

    @app.exception_handler(DBAPIError)
    def _database(_: Request, error: DBAPIError) -> JSONResponse:
        # the statement and its values stay out of the log: they are patients' data
        log.error("the database refused or did not answer: %s", type(error.orig or error).__name__)
        return problem(503, "database_unavailable", "Nothing was stored. Send the same again in a moment.")

    @app.exception_handler(PoolTimeoutError)
    def _busy(_: Request, __: PoolTimeoutError) -> JSONResponse:
        log.error("no database connection was free in time")
        return problem(503, "busy", "Nothing was stored. Send the same again in a moment.")

    app.add_middleware(LastResort)


class LastResort:
    """Answers for a fault of ours, and ends it here: a server that logs it would quote patients' data."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything through; answer 500 where nothing was answered yet."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except Exception as error:  # noqa: BLE001 - whatever it is
            place = error.__traceback__
            while place is not None and place.tb_next is not None:
                place = place.tb_next
            where = f"{place.tb_frame.f_code.co_name}:{place.tb_lineno}" if place else "?"
            log.error("unexpected %s in %s", type(error).__name__, where)  # noqa: TRY400 - no words of it
            if scope["type"] == "http" and not begun:
                said = "Nothing was stored. Send the same again; tell us if it stays."
                await problem(500, "internal_error", said)(scope, receive, send)
