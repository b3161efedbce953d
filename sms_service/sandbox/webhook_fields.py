"""The form fields of the two webhooks: status callback and inbound message."""

from sms_service.sandbox.instants import dlr_minute
from sms_service.sandbox.message import Message
from sms_service.sandbox.resource import API_VERSION

# The states that a carrier's own report brings about.
_REPORTED_BY_THE_CARRIER = frozenset({"delivered", "undelivered"})


def status_callback(message: Message, account_sid: str) -> dict[str, str]:
    """Return what a status callback says; ErrorCode only comes with a failure."""
    fields = {
        "AccountSid": account_sid,
        "ApiVersion": API_VERSION,
        "From": message.from_number,
        "MessageSid": message.sid,
        "MessageStatus": message.status,
        "SmsSid": message.sid,
        "SmsStatus": message.status,
        "To": message.to_number,
    }
    if message.service_sid:
        fields["MessagingServiceSid"] = message.service_sid
    if message.status in _REPORTED_BY_THE_CARRIER:
        fields["RawDlrDoneDate"] = dlr_minute(message.updated_at)
    if message.error_code is not None:
        fields["ErrorCode"] = str(message.error_code)
    return fields


def inbound(message: Message, account_sid: str, opt_out_type: str | None) -> dict[str, str]:
    """Return what the webhook for a patient's reply says."""
    fields = {
        "AccountSid": account_sid,
        "ApiVersion": API_VERSION,
        "Body": message.body,
        "From": message.phone,
        "MessageSid": message.sid,
        "NumMedia": "0",
        "NumSegments": str(message.segments),
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsStatus": "received",
        "To": message.sender,
    }
    for side in ("From", "To"):
        # Twilio sends these even when it does not know them.
        fields.update({f"{side}{part}": "" for part in ("City", "Country", "State", "Zip")})
    if message.service_sid:
        fields["MessagingServiceSid"] = message.service_sid
    if opt_out_type:
        fields["OptOutType"] = opt_out_type
    return fields
