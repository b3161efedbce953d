"""The doors of the leaflet: page, calendar entry, answers - and one answer for all that is wrong."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse

from sms_service.content.library import Library
from sms_service.domain.leaflet import Shows
from sms_service.intake.languages import language_tag
from sms_service.use_cases.answer_on_page import Took, answer_on_page
from sms_service.use_cases.nobodys_page import Hosts, all_hosts, voice_of
from sms_service.use_cases.open_leaflet import open_leaflet
from sms_service.use_cases.service import Service
from sms_service.web.doors import ServiceOf
from sms_service.web.leaflet.calendar import visit_calendar
from sms_service.web.leaflet.headers import HEADERS
from sms_service.web.leaflet.kept import Kept
from sms_service.web.leaflet.markup import bcp47, plain
from sms_service.web.leaflet.misses import Misses
from sms_service.web.leaflet.page import gone_page, leaflet_page
from sms_service.web.leaflet.question import CHOOSE, CLOSED
from sms_service.web.leaflet.sheet import Sheet, make_sheet

router = APIRouter(include_in_schema=False)
_LARGEST_FORM = 4 * 1024
_DIGITS = 18
#: For how long the page of nobody may be an old one, in seconds: it states nothing of medicine.
_GONE_STAYS = 60
#: What may stick to a link where somebody typed it into a sentence.
_STUCK = ".,;:!?)]>\"'\u2069\u200f"


@dataclass(slots=True, kw_only=True)
class Memory:
    """What this process remembers between requests; nothing of it is a patient's."""

    sheets: Kept[Sheet] = field(default_factory=lambda: Kept(512))
    gone: Kept[str] = field(default_factory=lambda: Kept(512))
    hosts: Kept[Hosts] = field(default_factory=lambda: Kept(1))
    misses: Misses = field(default_factory=Misses)
    clock: Callable[[], float] = time.monotonic


@router.get("/robots.txt")
async def robots() -> Response:
    """Nobody's page is for a search engine."""
    return PlainTextResponse("User-agent: *\nDisallow: /l/\n")


@router.api_route("/l/{token}", methods=["GET", "HEAD"])
def get_page(token: str, request: Request, service: ServiceOf) -> Response:
    """The page of a visit."""
    token = token.rstrip(_STUCK)
    opened = open_leaflet(service, token, _chosen(request, service.library))
    if opened is None:
        return _gone(request, service)
    sheet = _memory(request).sheets.get(opened.edition, lambda: make_sheet(opened.voice, opened.pathway))
    page = leaflet_page(opened, sheet, token, request.query_params.get("said"))
    return HTMLResponse(page, headers=HEADERS)


@router.api_route("/l/{token}/visit.ics", methods=["GET", "HEAD"])
def get_calendar(token: str, request: Request, service: ServiceOf) -> Response:
    """The visit for a calendar. Its UID is made from the token and does not give it away."""
    opened = open_leaflet(service, token, _chosen(request, service.library))
    title = opened.voice.page("calendar_title") if opened else None
    if opened is None or opened.start is None:
        return _gone(request, service)
    held = visit_calendar(
        uid=hashlib.sha256(b"calendar:" + token.encode()).hexdigest()[:32],
        start=opened.start,
        version=opened.version,
        title=plain(title.words, opened.clinic) if title else opened.clinic.name,
        place=opened.clinic.address(opened.about.location),
        now=opened.voice.now,
        cancelled=opened.shows is Shows.CANCELLED,
    )
    named = {"Content-Disposition": 'inline; filename="visit.ics"'}
    return Response(held, headers={**HEADERS, **named}, media_type="text/calendar; charset=utf-8")


@router.post("/l/{token}/answer")
async def post_answer(token: str, request: Request, service: ServiceOf) -> Response:
    """An answer, and back to the page, so that a reload asks for nothing twice."""
    form = await _form(request)
    message_id, answer = _number(form, "question"), _number(form, "answer")
    took = await run_in_threadpool(answer_on_page, service, token, message_id, answer)
    if took is Took.GONE:
        return await run_in_threadpool(_gone, request, service)
    chosen = _chosen(request, service.library)
    said = {Took.CLOSED: CLOSED, Took.NO_ANSWER: CHOOSE}.get(took)
    query = "&".join(
        f"{name}={value}"
        for name, value in (("lang", bcp47(chosen) if chosen else None), ("said", said))
        if value
    )
    back = f"../{quote(token, safe='')}{'?' if query else ''}{query}#question"
    return RedirectResponse(back, 303, headers=HEADERS)


@router.api_route("/l", methods=["GET", "HEAD"])
@router.api_route("/l/{rest:path}", methods=["GET", "HEAD", "POST"])
def get_nothing(request: Request, service: ServiceOf) -> Response:
    """Whatever else is asked for under `/l`."""
    return _gone(request, service)


def _gone(request: Request, service: Service) -> Response:
    """The one answer to a token that is unknown, too old or no token at all."""
    memory = _memory(request)
    moment = int(memory.clock() // _GONE_STAYS)
    hosts = memory.hosts.get(moment, lambda: all_hosts(service))
    host = hosts.of(request.headers.get("host", ""))
    language = _chosen(request, service.library) or _accepted(request, service.library)
    key = (moment, host.slug if host else None, language)
    page = memory.gone.get(key, lambda: gone_page(voice_of(service, hosts, host, language)))
    wait = memory.misses.count(request.client.host if request.client else "")
    if wait:
        return HTMLResponse(page, 429, {**HEADERS, "Retry-After": str(wait)})
    return HTMLResponse(page, 404, HEADERS)


def _memory(request: Request) -> Memory:
    memory: Memory = request.app.state.leaflets
    return memory


def _chosen(request: Request, library: Library) -> str | None:
    """The language that the address names, where we have it."""
    return _ours(request.query_params.get("lang", ""), library)


def _accepted(request: Request, library: Library) -> str | None:
    """The first language of the reader's phone that we have, for a page whose reader nobody knows."""
    for part in request.headers.get("accept-language", "")[:200].split(","):
        found = _ours(part.partition(";")[0], library)
        if found is not None:
            return found
    return None


def _ours(written: str, library: Library) -> str | None:
    tag = language_tag(written[:35])
    tag = "zh_Hans" if tag == "zh" else tag
    return tag if tag in library.catalogs else None


async def _form(request: Request) -> dict[str, list[str]]:
    """The fields of the form; none for a body that is none."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > _LARGEST_FORM:
            return {}
    try:
        return parse_qs(raw.decode("ascii"), max_num_fields=20)
    except ValueError:
        return {}


def _number(form: dict[str, list[str]], name: str) -> int | None:
    written = form.get(name, [""])[0]
    return int(written) if written.isascii() and written.isdecimal() and len(written) <= _DIGITS else None
