"""What the rehearsal's own API shows of messages and phones."""

from sms_service.sandbox import instants
from sms_service.sandbox.control_reading import Json
from sms_service.sandbox.message import Message
from sms_service.sandbox.phonebook import Phone


def message_view(message: Message) -> Json:
    """Show a message as the phone has it: neither redacting nor deleting it at the provider changes this."""
    created_at = instants.iso(message.created_at)
    return {
        "id": message.id,
        "sid": message.sid,
        "direction": "inbound" if message.direction == "inbound" else "outbound",
        "to": message.to_number,
        "from": message.from_number,
        "messaging_service_sid": message.service_sid,
        "body": message.body,
        "encoding": message.encoding,
        "segments": message.segments,
        "status": message.status,
        "error_code": message.error_code,
        "status_callback": message.callback_url,
        "created_at": created_at,
        "sent_at": None if message.sent_at is None else instants.iso(message.sent_at),
        "updated_at": instants.iso(message.updated_at),
        "shown_at": message.shown_at or created_at,
    }


def phone_view(phone: Phone) -> Json:
    """Show a phone."""
    return {
        "number": phone.number,
        "label": phone.label,
        "language": phone.language,
        "dir": phone.dir,
        "received": phone.received,
        "sent": phone.sent,
        "last_id": phone.last_id,
    }
