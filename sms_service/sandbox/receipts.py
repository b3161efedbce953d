"""Turn a message's new state into status callbacks, faithful or faulty."""

from dataclasses import replace

from sms_service.sandbox.message import Message
from sms_service.sandbox.outbox import Outbox, Post
from sms_service.sandbox.statuses import FINAL, passed
from sms_service.sandbox.webhook_fields import status_callback


class Receipts:
    """The way from a new state to the message's callback URL."""

    def __init__(self, outbox: Outbox, account_sid: str) -> None:
        self._outbox = outbox
        self._account_sid = account_sid

    def posts(self, message: Message) -> list[Post]:
        """Return what the state calls for; a message without callback URL calls for nothing."""
        if message.callback_url is None or message.receipt_fault == "drop":
            return []
        if message.receipt_fault != "reverse":
            return self._post(message, message.callback_url)
        if message.status not in FINAL and message.status != message.goal:
            return []
        states = passed(message.status, message.goal, with_service=message.service_sid is not None)
        return [
            post
            for status in reversed(states)
            for post in self._post(_as_it_was(message, status), message.callback_url)
        ]

    def _post(self, message: Message, url: str) -> list[Post]:
        fault = message.receipt_fault
        return self._outbox.posts(
            message_id=message.id,
            kind="receipt",
            url=url,
            fields=status_callback(message, self._account_sid),
            due_at=message.updated_at + (message.receipt_seconds if fault == "delay" else 0.0),
            forged=fault == "forge",
            times=2 if fault == "duplicate" else 1,
        )


def _as_it_was(message: Message, status: str) -> Message:
    return message if status == message.status else replace(message, status=status, error_code=None)
