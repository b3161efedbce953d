"""The page at /: phones that a person can read, search and answer from, with or without script."""

from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from sms_service.sandbox.create_request import is_number
from sms_service.sandbox.database import Database
from sms_service.sandbox.forms import form_of
from sms_service.sandbox.json_answers import json_answer
from sms_service.sandbox.label_clock import LabelClock
from sms_service.sandbox.messages import Messages
from sms_service.sandbox.page_cards import Cards
from sms_service.sandbox.page_frame import unanswerable
from sms_service.sandbox.page_phone import phone_id
from sms_service.sandbox.page_search import Search
from sms_service.sandbox.page_view import Views
from sms_service.sandbox.phonebook import Phonebook
from sms_service.sandbox.texting import Texting

_FOLDER = Path(__file__).parent
_STATIC: Final = {"page.css": "text/css", "page.js": "text/javascript"}
_CONFLICT = 409


class Page:
    """The handlers for people."""

    def __init__(
        self,
        database: Database,
        texting: Texting,
        messages: Messages,
        phonebook: Phonebook,
        clock: LabelClock,
    ) -> None:
        self._texting = texting
        self._cards = Cards(database, messages, phonebook)
        self._views = Views(Search(database, phonebook), self._cards, clock)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/", self.page),
            web.get("/changes", self.changes),
            web.get("/static/{name}", self.static),
            web.post("/phones/{number}/reply", self.reply),
        ]

    async def page(self, request: web.Request) -> web.Response:
        """Draw the page; 304 if nothing has changed since the caller's copy."""
        headers = {"ETag": f'"{self._cards.tag()}"', "Cache-Control": "no-cache"}
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        view = self._views.of(request.query.get("q", ""), request.query.get("phones", ""))
        return web.Response(text=self._views.whole(view), content_type="text/html", headers=headers)

    async def changes(self, request: web.Request) -> web.Response:
        """Give what looks different since the tag in `since`; 204 if nothing was written."""
        since = request.query.get("since", "")
        if since == self._cards.tag():
            return web.Response(status=204)
        view = self._views.of(request.query.get("q", ""), request.query.get("phones", ""))
        return json_answer(self._views.changes(view, since))

    async def static(self, request: web.Request) -> web.Response:
        """Give out the page's own style and script, and nothing else."""
        name = request.match_info["name"]
        if name not in _STATIC:
            raise web.HTTPNotFound
        body = (_FOLDER / name).read_bytes()
        return web.Response(
            body=body, content_type=_STATIC[name], charset="utf-8", headers={"Cache-Control": "no-cache"}
        )

    async def reply(self, request: web.Request) -> web.Response:
        """Text from a phone by a plain form, then show that phone again; 409 if nobody can be answered."""
        number, form = request.match_info["number"], await form_of(request)
        if not is_number(number):
            raise web.HTTPNotFound
        body = form.get("quick") or form.get("body", "").strip()
        searched = {name: form[name] for name in ("q", "phones") if form.get(name)}
        if body and await self._texting.reply(number, body, None) is None:
            view = self._views.of(searched.get("q", ""), searched.get("phones", ""))
            text = self._views.whole(view, unanswerable(number))
            return web.Response(text=text, content_type="text/html", status=_CONFLICT)
        query = f"?{urlencode(searched)}" if searched else ""
        raise web.HTTPSeeOther(f"/{query}#{phone_id(number)}")
