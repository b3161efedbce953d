"""A message as Twilio's API shows it."""

from decimal import Decimal
from typing import Final

from sms_service.sandbox.errors import carrier_error
from sms_service.sandbox.instants import rfc2822
from sms_service.sandbox.message import Message
from sms_service.sandbox.statuses import WITHOUT_SENDER

API_VERSION: Final = "2010-04-01"

# What Twilio charges for a segment to or from a number in the United States, without the carrier's fee.
_SEGMENT: Final = Decimal("0.0083")


def resource(message: Message, account_sid: str) -> dict[str, object]:
    """Return the JSON of the Message resource."""
    open_sender = message.status in WITHOUT_SENDER
    uri = f"/{API_VERSION}/Accounts/{account_sid}/Messages/{message.sid}"
    return {
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "body": message.kept_body,
        "date_created": rfc2822(message.created_at),
        "date_sent": rfc2822(message.sent_at),
        "date_updated": rfc2822(message.updated_at),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": carrier_error(message.error_code),
        "from": None if open_sender else message.from_number,
        "messaging_service_sid": message.service_sid,
        "num_media": "0",
        "num_segments": "0" if open_sender else str(message.segments),
        # Known only once it was sent; money that goes out is negative.
        "price": None if message.sent_at is None else f"{-_SEGMENT * message.segments:.5f}",
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.kept_to,
        "uri": f"{uri}.json",
    }
