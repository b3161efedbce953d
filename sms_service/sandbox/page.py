"""The page at /: phones that a person can read, search and answer from, with or without script."""

from pathlib import Path
from string import Template
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from sms_service.sandbox.create_request import is_number
from sms_service.sandbox.database import Database
from sms_service.sandbox.forms import form_of
from sms_service.sandbox.identifiers import request_id
from sms_service.sandbox.label_clock import LabelClock
from sms_service.sandbox.messages import Messages
from sms_service.sandbox.page_parts import Screen, day, phones, shown_moment
from sms_service.sandbox.phonebook import Phone, Phonebook
from sms_service.sandbox.texting import Texting

_FOLDER = Path(__file__).parent
_PAGE: Final = Template((_FOLDER / "page.html").read_text("utf-8"))
_STATIC: Final = {"page.css": "text/css", "page.js": "text/javascript"}
_USUAL_PHONES, _MOST_PHONES = 24, 240
_TEXTS_ON_A_PHONE = 60


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
        self._database = database
        self._texting = texting
        self._messages = messages
        self._phonebook = phonebook
        self._clock = clock
        # Revisions begin anew with every start, so a tag must not match one of an earlier life.
        self._life = request_id()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/", self.page),
            web.get("/static/{name}", self.static),
            web.post("/phones/{number}/reply", self.reply),
        ]

    async def page(self, request: web.Request) -> web.Response:
        """Draw the page; 304 if nothing has changed since the caller's copy."""
        tag = f'"{self._life}-{self._database.revision}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers=headers)
        query = request.query.get("q", "").strip()
        wanted = request.query.get("phones", "")
        limit = min(int(wanted), _MOST_PHONES) if wanted.isdecimal() else _USUAL_PHONES
        found = self._found(query)
        shown = self._newest(found, limit)
        screens = [
            Screen(phone=phone, conversation=self._messages.conversation(phone.number, _TEXTS_ON_A_PHONE))
            for phone in shown
        ]
        text = _PAGE.substitute(
            phones=phones(screens, query) or _nothing(query),
            query=_attribute(query),
            clock=_clock(self._clock.shown_at),
            count=_count(len(shown), len(found), query),
        )
        return web.Response(text=text, content_type="text/html", headers=headers)

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
        """Text from a phone by a plain form, then show that phone again."""
        number, form = request.match_info["number"], await form_of(request)
        body = form.get("quick") or form.get("body", "").strip()
        if body and is_number(number):
            await self._texting.reply(number, body, None)
        query = f"?{urlencode({'q': form['q']})}" if form.get("q") else ""
        raise web.HTTPSeeOther(f"/{query}#p-{number.removeprefix('+')}")

    def _found(self, query: str) -> list[Phone]:
        if not query:
            return list(self._phonebook)
        words, digits = query.casefold(), "".join(filter(str.isdecimal, query))
        saying = self._messages.phones_saying(query)
        return [
            phone
            for phone in self._phonebook
            if phone.number in saying
            or words in phone.label.casefold()
            or words == (phone.language or "").casefold()
            or (digits and digits in phone.number)
        ]

    @staticmethod
    def _newest(found: list[Phone], limit: int) -> list[Phone]:
        # The busiest are shown, but in the order they came up: cards must not jump about while one types.
        busiest = {phone.number for phone in sorted(found, key=lambda phone: -phone.last_id)[:limit]}
        return [phone for phone in found if phone.number in busiest]


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def _clock(shown_at: str | None) -> str:
    if shown_at is None:
        return '<span class="dot"></span>Real time (UTC)'
    moment = shown_moment(shown_at, 0)
    return f'<span class="dot rehearsal"></span>Rehearsal time <b>{day(moment)}, {moment:%H:%M}</b>'


def _nothing(query: str) -> str:
    if query:
        return '<div class="nothing"><h2>No phone matches</h2><p><a href="/">Show all phones</a></p></div>'
    return (
        '<div class="nothing"><svg aria-hidden="true"><use href="#phone"/></svg><h2>No texts yet</h2>'
        "<p>Book a patient, and their phone will appear here.</p></div>"
    )


def _count(shown: int, found: int, query: str) -> str:
    if shown == found:
        return f"{found} phone{'' if found == 1 else 's'}" if found else ""
    more = urlencode({"q": query, "phones": min(found, shown * 2)})
    link = f'<a href="/?{_attribute(more)}">Show more</a>'
    return f"{shown} of {found} phones, those with the latest texts. {link}"
