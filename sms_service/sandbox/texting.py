"""The three ways a text comes into being: a create call, a patient's reply, an answer to a reply."""

from sms_service.sandbox import instants
from sms_service.sandbox.carrier import Carrier
from sms_service.sandbox.create_request import CreateRequest
from sms_service.sandbox.encoding import measure
from sms_service.sandbox.errors import Refusal, refusal
from sms_service.sandbox.faults import Faults
from sms_service.sandbox.identifiers import message_sid
from sms_service.sandbox.label_clock import LabelClock
from sms_service.sandbox.message import Direction, Message
from sms_service.sandbox.messages import Messages
from sms_service.sandbox.opt_out import Keyword, keyword
from sms_service.sandbox.phonebook import Phonebook
from sms_service.sandbox.settings import Settings
from sms_service.sandbox.statuses import INITIAL_WITH_NUMBER, INITIAL_WITH_SERVICE, SCHEDULED, goal_for
from sms_service.sandbox.twiml import replies
from sms_service.sandbox.webhook_fields import inbound
from sms_service.sandbox.webhooks import Post, Webhooks


class Texting:
    """Creates messages, stores them and sets them on their road."""

    def __init__(
        self,
        settings: Settings,
        messages: Messages,
        phonebook: Phonebook,
        carrier: Carrier,
        webhooks: Webhooks,
        faults: Faults,
        clock: LabelClock,
    ) -> None:
        self.opt_out_reply = settings.opt_out_reply
        self.inbound_url = settings.inbound_url
        self._settings = settings
        self._messages = messages
        self._phonebook = phonebook
        self._carrier = carrier
        self._webhooks = webhooks
        self._faults = faults
        self._clock = clock

    async def accept(self, request: CreateRequest) -> Message | Refusal:
        """Store a message that the service asked for; what is returned survives a kill."""
        sender = request.sender or self._settings.sender
        if self._phonebook.is_blocked(sender, request.to):
            return refusal(21610)
        status = INITIAL_WITH_NUMBER if request.service_sid is None else INITIAL_WITH_SERVICE
        message = self._outbound(
            phone=request.to,
            sender=sender,
            body=request.body,
            status=SCHEDULED if request.send_at is not None else status,
            service_sid=request.service_sid,
            callback_url=request.callback_url,
            send_at=request.send_at,
            redacted=request.redacted,
        )
        await self._store(message)
        fault = self._faults.receipt(message.phone)
        if fault is not None and fault.kind == "early":
            await self._carrier.hurry(message, fault)
        else:
            self._carrier.add(message, fault)
        return message

    async def reply(self, phone: str, body: str, sender: str | None) -> Message | None:
        """Store what a patient texts and tell the service; None if nobody is there to be answered."""
        last = self._messages.last_to(phone)
        number = sender or (last.sender if last else None)
        if number is None:
            return None
        message = self._inbound(phone, number, body, last.service_sid if last else None)
        await self._store(message)
        word = keyword(body) if self.opt_out_reply == "provider" else None
        if word is not None:
            await self._heed(message, word)
        if self.inbound_url:
            self._tell(message, self.inbound_url, word)
        return message

    async def answer(self, question: Message, body: str) -> None:
        """Text an answer to the phone that wrote `question`."""
        message = self._outbound(
            phone=question.phone,
            sender=question.sender,
            body=body,
            status=INITIAL_WITH_NUMBER,
            direction="outbound-reply",
            service_sid=question.service_sid,
        )
        await self._store(message)
        self._carrier.add(message)

    async def _heed(self, message: Message, word: Keyword) -> None:
        if word.type == "STOP":
            await self._phonebook.block(message.sender, message.phone)
        elif word.type == "START":
            await self._phonebook.unblock(message.sender, message.phone)
        await self.answer(message, word.confirmation)

    def _tell(self, message: Message, url: str, word: Keyword | None) -> None:
        async def read(twiml: str) -> None:
            for body in replies(twiml):
                if not self._phonebook.is_blocked(message.sender, message.phone):
                    await self.answer(message, body)

        fields = inbound(message, self._settings.account_sid, word.type if word else None)
        self._webhooks.enqueue(Post(url=url, fields=fields, order_key=message.id, read_answer=read))

    async def _store(self, message: Message) -> None:
        await self._messages.add(message)
        self._phonebook.count(message)

    def _outbound(
        self,
        *,
        phone: str,
        sender: str,
        body: str,
        status: str,
        direction: Direction = "outbound-api",
        service_sid: str | None = None,
        callback_url: str | None = None,
        send_at: float | None = None,
        redacted: bool = False,
    ) -> Message:
        outcome = self._faults.outcomes.get(phone)
        size, now = measure(body), instants.now()
        return Message(
            id=self._messages.next_id(),
            sid=message_sid(),
            direction=direction,
            phone=phone,
            sender=sender,
            service_sid=service_sid,
            body=body,
            encoding=size.encoding,
            segments=size.segments,
            status=status,
            error_code=None,
            goal=outcome.status if outcome else goal_for(None),
            goal_error=outcome.error_code if outcome else None,
            callback_url=callback_url,
            send_at=send_at,
            created_at=now,
            sent_at=None,
            updated_at=now,
            shown_at=self._clock.shown_at,
            redacted=redacted,
            deleted=False,
        )

    def _inbound(self, phone: str, sender: str, body: str, service_sid: str | None) -> Message:
        size, now = measure(body), instants.now()
        return Message(
            id=self._messages.next_id(),
            sid=message_sid(),
            direction="inbound",
            phone=phone,
            sender=sender,
            service_sid=service_sid,
            body=body,
            encoding=size.encoding,
            segments=size.segments,
            status="received",
            error_code=None,
            goal="received",
            goal_error=None,
            callback_url=None,
            send_at=None,
            created_at=now,
            sent_at=now,
            updated_at=now,
            shown_at=self._clock.shown_at,
            redacted=False,
            deleted=False,
        )
