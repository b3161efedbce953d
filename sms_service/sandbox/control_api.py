"""The rehearsal's own API under /sandbox: phones, replies, label clock, faults, settings."""

from typing import cast, get_args

from aiohttp import web

from sms_service.sandbox.carrier import Carrier
from sms_service.sandbox.control_reading import Unreadable, json_of, number_of, whole
from sms_service.sandbox.control_views import message_view, phone_view
from sms_service.sandbox.dial_settings import change_dials
from sms_service.sandbox.fault_memory import FaultMemory
from sms_service.sandbox.faults import Faults
from sms_service.sandbox.json_answers import json_answer
from sms_service.sandbox.label_clock import LabelClock, label
from sms_service.sandbox.messages import Messages
from sms_service.sandbox.phonebook import Dir, Phonebook
from sms_service.sandbox.sender_queues import SenderQueues
from sms_service.sandbox.settings import Dials
from sms_service.sandbox.texting import Texting
from sms_service.sandbox.webhooks import Webhooks

_MOST_MESSAGES = 1000
_CREATED, _CONFLICT = 201, 409


class ControlApi:
    """The handlers that a rehearsal, a test or the page uses."""

    def __init__(
        self,
        dials: Dials,
        texting: Texting,
        messages: Messages,
        phonebook: Phonebook,
        queues: SenderQueues,
        carrier: Carrier,
        webhooks: Webhooks,
        faults: Faults,
        memory: FaultMemory,
        clock: LabelClock,
    ) -> None:
        self._dials = dials
        self._texting = texting
        self._messages = messages
        self._phonebook = phonebook
        self._queues = queues
        self._carrier = carrier
        self._webhooks = webhooks
        self._faults = faults
        self._memory = memory
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/sandbox/health", self.health),
            web.get("/sandbox/messages", self.messages),
            web.get("/sandbox/phones", self.phones),
            web.post("/sandbox/phones/{number}/label", self.label),
            web.post("/sandbox/phones/{number}/reply", self.reply),
            web.get("/sandbox/opt_outs", self.opt_outs),
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
                "queued_segments": self._queues.waiting(),
                "queue_depth": self._dials.depth,
                "segments_per_second": self._dials.segments_per_second,
                "webhooks_pending": self._webhooks.pending,
                "webhooks_delivered": self._webhooks.delivered,
                "webhooks_refused": self._webhooks.refused,
                "webhooks_given_up": self._webhooks.given_up,
                "inbound_url": self._dials.inbound_url,
                "opt_out_reply": self._dials.opt_out_reply,
            }
        )

    async def messages(self, request: web.Request) -> web.Response:
        """List what phones received (`direction=inbound`: wrote; `all`: both), oldest first."""
        query = request.query
        after, limit = whole(query.get("after", "0")), whole(query.get("limit", "100"))
        limit = min(max(limit, 1), _MOST_MESSAGES)
        phone, direction = query.get("phone") or None, query.get("direction", "outbound")
        found = self._messages.after(after, limit, phone, direction)
        shown = [message_view(message) for message in found]
        return json_answer({"messages": shown, "last_id": found[-1].id if found else after})

    async def phones(self, request: web.Request) -> web.Response:
        """List the phones, the latest text first."""
        del request
        return json_answer({"phones": [phone_view(phone) for phone in self._phonebook.recent()]})

    async def label(self, request: web.Request) -> web.Response:
        """Name a phone for the page."""
        number, given = number_of(request), await json_of(request)
        direction = given.get("dir") or "auto"
        if direction not in get_args(Dir):
            raise Unreadable("dir must be ltr, rtl or auto")
        language = given.get("language")
        text = str(given.get("label") or "")
        await self._phonebook.label(number, text, str(language) if language else None, cast("Dir", direction))
        return json_answer(phone_view(self._phonebook[number]))

    async def reply(self, request: web.Request) -> web.Response:
        """Text something from a phone."""
        number, given = number_of(request), await json_of(request)
        body, sender = given.get("body"), given.get("to")
        if not isinstance(body, str) or not body:
            raise Unreadable("body must be a text")
        message = await self._texting.reply(number, body, sender)
        if message is None:
            return json_answer(
                {"error": "nobody has texted this phone yet: say whom to answer in `to`"}, _CONFLICT
            )
        return json_answer(message_view(message), _CREATED)

    async def opt_outs(self, request: web.Request) -> web.Response:
        """List whom the provider would refuse with 21610."""
        del request
        pairs = [{"sender": sender, "phone": phone} for sender, phone in self._phonebook.opt_outs()]
        return json_answer({"opt_outs": pairs})

    async def clock(self, request: web.Request) -> web.Response:
        """Show the label clock."""
        del request
        return json_answer({"shown_at": self._clock.shown_at})

    async def set_clock(self, request: web.Request) -> web.Response:
        """Set the label for texts from now on; null returns to real time."""
        given = await json_of(request)
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
        given = await json_of(request)
        try:
            await self._memory.change(given)
        except (ValueError, TypeError, AttributeError) as error:
            raise Unreadable(str(error)) from error
        return json_answer(self._faults.shown())

    async def clear_faults(self, request: web.Request) -> web.Response:
        """Behave again."""
        del request
        await self._memory.change({"clear": True})
        return json_answer(self._faults.shown())

    async def settings(self, request: web.Request) -> web.Response:
        """Change inbound URL, opt-out, rate or queue depth until the next start."""
        given = await json_of(request)
        try:
            change_dials(self._dials, given)
        except ValueError as error:
            raise Unreadable(str(error)) from error
        if "segments_per_second" in given:
            self._carrier.new_rate()
        return await self.health(request)

    async def reset(self, request: web.Request) -> web.Response:
        """Forget every message, phone, block, label, fault and waiting webhook."""
        self._carrier.clear()
        await self._webhooks.clear()
        await self._messages.clear()
        await self._phonebook.clear()
        await self._clock.set(None)
        await self._memory.change({"clear": True})
        return await self.health(request)
