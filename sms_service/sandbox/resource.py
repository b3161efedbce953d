"""A message as Twilio's API shows it."""

from sms_service.sandbox.errors import carrier_error
from sms_service.sandbox.instants import rfc2822
from sms_service.sandbox.message import Message
from sms_service.sandbox.statuses import WITHOUT_SENDER

API_VERSION = "2010-04-01"


def resource(message: Message, account_sid: str) -> dict[str, object]:
    """Return the JSON of the Message resource."""
    open_sender = message.status in WITHOUT_SENDER
    uri = f"/{API_VERSION}/Accounts/{account_sid}/Messages/{message.sid}"
    return {
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "body": "" if message.redacted else message.body,
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
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.to_number,
        "uri": f"{uri}.json",
    }
