"""Forged and replayed webhooks, posted to the open door."""

from __future__ import annotations

import secrets
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress

from sms_service.chaos.troubles.hand import Hand
from sms_service.sandbox.signature import sign


def forge(hand: Hand) -> None:
    """Somebody who does not know the token says STOP in a patient's name, and that texts failed."""
    texts = hand.world.doors.sandbox("messages?direction=outbound&limit=50")["messages"]
    if not texts:
        return
    text = hand.chance.choice(texts)
    stop = {
        "MessageSid": f"SM{secrets.token_hex(16)}",
        "From": text["to"],
        "To": text["from"],
        "Body": "STOP",
    }
    failed = {"MessageSid": text["sid"], "MessageStatus": "failed", "ErrorCode": "30005", "To": text["to"]}
    for path, fields in (("/v1/twilio/inbound", stop), ("/v1/twilio/status", failed)):
        with suppress(OSError):
            hand.forged.append(_post(hand, path, fields, token=secrets.token_hex(16)))


def replay(hand: Hand) -> None:
    """What the provider said before, said again with its true signature: late states and old replies."""
    token = hand.world.stack.environment["SMS_TWILIO_AUTH_TOKENS"].split(",")[0]
    heard = hand.world.doors.sandbox("messages?direction=all&limit=200")["messages"]
    for message in hand.chance.sample(heard, min(5, len(heard))):
        with suppress(OSError):
            if message["direction"] == "outbound":
                fields = {"MessageSid": message["sid"], "MessageStatus": "queued", "To": message["to"]}
                _post(hand, "/v1/twilio/status", fields, token=token)
            else:
                fields = {name: message[key] for name, key in _INBOUND}
                _post(hand, "/v1/twilio/inbound", fields, token=token)


_INBOUND = (("MessageSid", "sid"), ("From", "from"), ("To", "to"), ("Body", "body"))


def _post(hand: Hand, path: str, fields: dict[str, str], *, token: str) -> int:
    """Post a form; its signature is made over the public address, which is that of the first web process."""
    url = hand.world.stack.web_url + path
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": sign(token, url, fields),
    }
    request = urllib.request.Request(url, urllib.parse.urlencode(fields).encode(), headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - loopback
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
