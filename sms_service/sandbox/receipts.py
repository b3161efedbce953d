"""Turn a message's new state into status callbacks, faithful or faulty."""

from sms_service.sandbox.faults import Rule
from sms_service.sandbox.message import Message
from sms_service.sandbox.webhook_fields import status_callback
from sms_service.sandbox.webhooks import Post, Webhooks


class Receipts:
    """The way from a new state to the message's callback URL."""

    def __init__(self, webhooks: Webhooks, account_sid: str) -> None:
        self._webhooks = webhooks
        self._account_sid = account_sid

    def report(self, message: Message, fault: Rule | None) -> list[Post]:
        """Queue what the state calls for; a message without callback URL calls for nothing."""
        kind = fault.kind if fault else None
        if message.callback_url is None or kind == "drop":
            return []
        fields = status_callback(message, self._account_sid)
        posts = [
            Post(url=message.callback_url, fields=fields, order_key=message.id)
            for _ in range(2 if kind == "duplicate" else 1)
        ]
        for post in posts:
            self._webhooks.enqueue(post, delay=fault.seconds if fault and kind == "delay" else 0.0)
        return posts
