"""The three ways a text comes into being: a create call, a patient's reply, an answer to a reply."""

import sqlite3

from sms_service.sandbox.carrier import Carrier
from sms_service.sandbox.create_request import CreateRequest
from sms_service.sandbox.database import Database, Write
from sms_service.sandbox.errors import Refusal, refusal
from sms_service.sandbox.faults import Faults
from sms_service.sandbox.message import Message
from sms_service.sandbox.messages import Messages, added
from sms_service.sandbox.new_message import NewMessages
from sms_service.sandbox.opt_out import Keyword, keyword
from sms_service.sandbox.outbox import Outbox, Post, forgotten, kept
from sms_service.sandbox.phonebook import Phonebook
from sms_service.sandbox.sender_queues import SenderQueues
from sms_service.sandbox.settings import Dials, Settings
from sms_service.sandbox.twiml import replies
from sms_service.sandbox.webhook_fields import inbound
from sms_service.sandbox.webhooks import Webhooks

_OPTED_OUT, _QUEUE_FULL = 21610, 21611


class Texting:
    """Creates messages, stores each with everything that follows from it, and sets them on their road."""

    def __init__(
        self,
        settings: Settings,
        dials: Dials,
        database: Database,
        messages: Messages,
        new: NewMessages,
        phonebook: Phonebook,
        queues: SenderQueues,
        carrier: Carrier,
        outbox: Outbox,
        webhooks: Webhooks,
        faults: Faults,
    ) -> None:
        self._settings = settings
        self._dials = dials
        self._database = database
        self._messages = messages
        self._new = new
        self._phonebook = phonebook
        self._queues = queues
        self._carrier = carrier
        self._outbox = outbox
        self._webhooks = webhooks
        self._faults = faults

    async def accept(self, request: CreateRequest) -> Message | Refusal:
        """Store a message that the service asked for; what is returned survives a kill."""
        sender = request.sender or self._settings.sender
        if self._phonebook.is_blocked(sender, request.to):
            return refusal(_OPTED_OUT)
        message = self._new.requested(request, sender)
        # A messaging service accepts first and comes to the sender's queue later.
        queued = message.service_sid is None
        if queued and not self._queues.admit(message):
            return refusal(_QUEUE_FULL)
        try:
            await self._database.write_all([added(message)])
        except sqlite3.Error:
            if queued:
                self._queues.leave(message)
            raise
        self._phonebook.count(message)
        if message.receipt_fault == "early":
            await self._carrier.hurry(message)
        else:
            self._carrier.add(message)
        return message

    async def reply(self, phone: str, body: str, sender: str | None) -> Message | None:
        """Store what a patient texts and tell the service; None if nobody is there to be answered."""
        last = self._messages.last_to(phone)
        number = sender or (last.sender if last else None)
        if number is None:
            return None
        message = self._new.inbound(phone, number, body, last.service_sid if last else None)
        word = keyword(body) if self._dials.opt_out_reply == "provider" else None
        answers, changes = self._heed(message, word) if word else ([], [])
        posts = self._posts(message, word)
        texts = [message, *answers]
        await self._database.write_all([*map(added, texts), *changes, *map(kept, posts)])
        self._set_out(message, answers)
        self._webhooks.start(posts)
        return message

    async def read_answer(self, post: Post, twiml: str) -> None:
        """Text what the service answered to a reply, and forget the webhook in the same commit."""
        question = self._messages.by_id(post.message_id)
        bodies = replies(twiml)
        if question is None or self._phonebook.is_blocked(question.sender, question.phone):
            bodies = []
        answers = [self._new.answer(question, body) for body in bodies] if question else []
        await self._database.write_all([*map(added, answers), forgotten(post)])
        self._set_out(None, answers)

    def _heed(self, message: Message, word: Keyword) -> tuple[list[Message], list[Write]]:
        # Whoever has opted out hears nothing more, not even a second confirmation, until they opt in again.
        silent = self._phonebook.is_blocked(message.sender, message.phone) and word.type != "START"
        answers = [] if silent else [self._new.answer(message, word.confirmation)]
        if word.type == "STOP":
            return answers, [self._phonebook.block(message.sender, message.phone)]
        if word.type == "START":
            return answers, [self._phonebook.unblock(message.sender, message.phone)]
        return answers, []

    def _posts(self, message: Message, word: Keyword | None) -> list[Post]:
        fault = self._faults.inbound_webhook(message.phone)
        kind = fault.kind if fault else None
        if not self._dials.inbound_url or kind == "drop":
            return []
        return self._outbox.posts(
            message_id=message.id,
            kind="inbound",
            url=self._dials.inbound_url,
            fields=inbound(message, self._settings.account_sid, word.type if word else None),
            due_at=message.created_at + (fault.seconds if fault and kind == "delay" else 0.0),
            forged=kind == "forge",
            times=2 if kind == "duplicate" else 1,
        )

    def _set_out(self, question: Message | None, answers: list[Message]) -> None:
        if question is not None:
            self._phonebook.count(question)
        for answer in answers:
            self._phonebook.count(answer)
            self._carrier.resume(answer)
