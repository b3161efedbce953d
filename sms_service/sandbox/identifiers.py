"""Random identifiers in Twilio's shapes."""

import secrets


def message_sid() -> str:
    """`SM` and 32 hexadecimal digits."""
    return "SM" + secrets.token_hex(16)


def request_id() -> str:
    """`RQ` and 32 hexadecimal digits, as in the header Twilio-Request-Id."""
    return "RQ" + secrets.token_hex(16)
