"""The rehearsal's own API under /sandbox: phones, replies, label clock, faults."""

import json
from typing import Any, Literal, cast, get_args

from aiohttp import web

from sms_service.sandbox import instants
from sms_service.sandbox.carrier import Carrier
from sms_service.sandbox.create_request import is_number
from sms_service.sandbox.fault_settings import change_faults
from sms_service.sandbox.faults import Faults
from sms_service.sandbox.json_answers import json_answer
from sms_service.sandbox.label_clock import LabelClock, label
from sms_service.sandbox.message import Message
from sms_service.sandbox.messages import Messages
from sms_service.sandbox.phonebook import Dir, Phone, Phonebook
from sms_service.sandbox.settings import OptOutReply
from sms_service.sandbox.texting import Texting
from sms_service.sandbox.webhooks import Webhooks

_MOST_MESSAGES = 1000
_CREATED, _CONFLICT, _UNREADABLE = 201, 409, 422

Json = dict[str, Any]


class Unreadable(Exception):  # noqa: N818 - what the caller sent, in the caller's words
    """A request that cannot be understood; its text goes back to the caller."""


class ControlApi:
    """The handlers that a rehearsal, a test or the page uses."""

    def __init__(
        self,
        texting: Texting,
        messages: Messages,
        phonebook: Phonebook,
        carrier: Carrier,
        webhooks: Webhooks,
        faults: Faults,
        clock: LabelClock,
    ) -> None:
        self._texting = texting
        self._messages = messages
        self._phonebook = phonebook
        self._carrier = carrier
        self._webhooks = webhooks
        self._faults = faults
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/sandbox/health", self.health),
            web.get("/sandbox/messages", self.messages),
            web.get("/sandbox/phones", self.phones),
            web.post("/sandbox/phones/{number}/label", self.label),
            web.post("/sandbox/phones/{number}/reply", self.reply),
            web.get("/sandbox/clock", self.clock),
            web.post("/sandbox/clock", self.set_clock),
            web.get("/sandbox/faults", self.faults),
            web.post("/sandbox/faults", self.set_faults),
            web.delete("/sandbox/faults", self.clear_faults),
            web.post("/sandbox/settings", self.settings),
            web.post("/sandbox/reset", self.reset),
        ]

    async def health(self, request: web.Request) -> web.Response:
        """Tell that the sandbox lives, and whether anything is still moving."""
        del request
        return json_answer(
            {
                "status": "ok",
                "in_flight": self._carrier.in_flight,
                "webhooks_pending": self._webhooks.pending,
                "webhooks_delivered": self._webhooks.delivered,
                "webhooks_given_up": self._webhooks.given_up,
                "inbound_url": self._texting.inbound_url,
                "opt_out_reply": self._texting.opt_out_reply,
            }
        )

    async def messages(self, request: web.Request) -> web.Response:
        """List what phones received (`direction=inbound`: wrote; `all`: both), oldest first."""
        query = request.query
        after, limit = _whole(query.get("after", "0")), _whole(query.get("limit", "100"))
        limit = min(max(limit, 1), _MOST_MESSAGES)
        phone, direction = query.get("phone") or None, query.get("direction", "outbound")
        found = self._messages.after(after, limit, phone, direction)
        shown = [_shown(message) for message in found]
        return json_answer({"messages": shown, "last_id": found[-1].id if found else after})

    async def phones(self, request: web.Request) -> web.Response:
        """List the phones, the latest text first."""
        del request
        return json_answer({"phones": [_phone(phone) for phone in self._phonebook.recent()]})

    async def label(self, request: web.Request) -> web.Response:
        """Name a phone for the page."""
        number, given = _number(request), await _json(request)
        direction = given.get("dir") or "auto"
        if direction not in get_args(Dir):
            raise Unreadable("dir must be ltr, rtl or auto")
        language = given.get("language")
        text = str(given.get("label") or "")
        await self._phonebook.label(number, text, str(language) if language else None, cast("Dir", direction))
        return json_answer(_phone(self._phonebook[number]))

    async def reply(self, request: web.Request) -> web.Response:
        """Text something from a phone."""
        number, given = _number(request), await _json(request)
        body, sender = given.get("body"), given.get("to")
        if not isinstance(body, str) or not body:
            raise Unreadable("body must be a text")
        message = await self._texting.reply(number, body, sender)
        if message is None:
            return json_answer(
                {"error": "nobody has texted this phone yet: say whom to answer in `to`"}, _CONFLICT
            )
        return json_answer(_shown(message), _CREATED)

    async def clock(self, request: web.Request) -> web.Response:
        """Show the label clock."""
        del request
        return json_answer({"shown_at": self._clock.shown_at})

    async def set_clock(self, request: web.Request) -> web.Response:
        """Set the label for texts from now on; null returns to real time."""
        given = await _json(request)
        shown_at = given.get("shown_at")
        try:
            wanted = None if shown_at is None else label(str(shown_at), given.get("zone"))
        except ValueError as error:
            raise Unreadable(str(error)) from error
        await self._clock.set(wanted)
        return json_answer({"shown_at": wanted})

    async def faults(self, request: web.Request) -> web.Response:
        """Show the faults and how often each has hit."""
        del request
        return json_answer(self._faults.shown())

    async def set_faults(self, request: web.Request) -> web.Response:
        """Replace the named kinds of faults, leave the others."""
        given = await _json(request)
        try:
            change_faults(self._faults, given)
        except (ValueError, TypeError, AttributeError) as error:
            raise Unreadable(str(error)) from error
        return json_answer(self._faults.shown())

    async def clear_faults(self, request: web.Request) -> web.Response:
        """Behave again."""
        del request
        change_faults(self._faults, {"clear": True})
        return json_answer(self._faults.shown())

    async def settings(self, request: web.Request) -> web.Response:
        """Change `inbound_url` or `opt_out_reply` until the next start."""
        given = await _json(request)
        if "opt_out_reply" in given:
            if given["opt_out_reply"] not in get_args(OptOutReply):
                raise Unreadable("opt_out_reply must be ours or provider")
            self._texting.opt_out_reply = given["opt_out_reply"]
        if "inbound_url" in given:
            self._texting.inbound_url = given["inbound_url"]
        return await self.health(request)

    async def reset(self, request: web.Request) -> web.Response:
        """Forget every message, phone, block, label, fault and waiting webhook."""
        self._carrier.clear()
        self._webhooks.forget()
        await self._messages.clear()
        await self._phonebook.clear()
        await self._clock.set(None)
        change_faults(self._faults, {"clear": True})
        return await self.health(request)


@web.middleware
async def explain_unreadable(request: web.Request, handler: Any) -> web.StreamResponse:  # noqa: ANN401
    """Answer 422 with the reason where a request could not be understood."""
    try:
        answer: web.StreamResponse = await handler(request)
    except Unreadable as reason:
        return json_answer({"error": str(reason)}, _UNREADABLE)
    return answer


async def _json(request: web.Request) -> Json:
    try:
        given = json.loads(await request.read() or b"{}")
    except ValueError as error:
        raise Unreadable("the body must be JSON") from error
    if not isinstance(given, dict):
        raise Unreadable("the body must be a JSON object")
    return given


def _number(request: web.Request) -> str:
    number = request.match_info["number"]
    if not is_number(number):
        raise Unreadable("the phone must be an E.164 number")
    return number


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise Unreadable("after and limit must be whole numbers")
    return int(text)


def _shown(message: Message) -> Json:
    side: Literal["inbound", "outbound"] = "inbound" if message.direction == "inbound" else "outbound"
    created_at = instants.iso(message.created_at)
    return {
        "id": message.id,
        "sid": message.sid,
        "direction": side,
        "to": message.to_number,
        "from": message.from_number,
        "body": message.body,
        "encoding": message.encoding,
        "segments": message.segments,
        "status": message.status,
        "error_code": message.error_code,
        "created_at": created_at,
        "shown_at": message.shown_at or created_at,
    }


def _phone(phone: Phone) -> Json:
    return {
        "number": phone.number,
        "label": phone.label,
        "language": phone.language,
        "dir": phone.dir,
        "received": phone.received,
        "sent": phone.sent,
        "last_id": phone.last_id,
    }
