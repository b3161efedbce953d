"""Who calls: the account by its auth token, or one of its API keys."""

import base64
import binascii
import hmac
from typing import Literal

from sms_service.sandbox.settings import Settings

Caller = Literal["account", "key"]


class Credentials:
    """Everybody who may call, by HTTP Basic authentication (RFC 7617)."""

    def __init__(self, settings: Settings) -> None:
        self._account_sid = settings.account_sid
        self._secrets = {settings.account_sid: settings.auth_token, **settings.api_keys}
        # The usual client sends the same header with every call; it is told by one comparison.
        self._usual = _header(settings.account_sid, settings.auth_token)

    def caller(self, authorization: str) -> Caller | None:
        """Tell who sent this header; None for a stranger or a wrong secret."""
        given = authorization.encode("utf-8", "surrogateescape")
        if hmac.compare_digest(given, self._usual):
            return "account"
        scheme, _, encoded = given.partition(b" ")
        if scheme.lower() != b"basic":
            return None
        try:
            name, _, secret = base64.b64decode(encoded, validate=True).partition(b":")
        except binascii.Error:
            return None
        known = self._secrets.get(name.decode("utf-8", "replace"))
        if known is None or not hmac.compare_digest(secret, known.encode()):
            return None
        return "account" if name == self._account_sid.encode() else "key"


def _header(name: str, secret: str) -> bytes:
    return b"Basic " + base64.b64encode(f"{name}:{secret}".encode())
