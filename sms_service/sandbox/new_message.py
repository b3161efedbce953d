"""Make new messages: number them, measure them, and fix at once how they will end."""

from sms_service.sandbox import instants
from sms_service.sandbox.create_request import CreateRequest
from sms_service.sandbox.encoding import measure
from sms_service.sandbox.faults import Faults
from sms_service.sandbox.identifiers import message_sid
from sms_service.sandbox.label_clock import LabelClock
from sms_service.sandbox.message import Direction, Message
from sms_service.sandbox.messages import Messages
from sms_service.sandbox.statuses import INITIAL_WITH_NUMBER, INITIAL_WITH_SERVICE, SCHEDULED, goal_for


class NewMessages:
    """Makes messages; storing them is the caller's."""

    def __init__(self, messages: Messages, faults: Faults, clock: LabelClock) -> None:
        self._messages = messages
        self._faults = faults
        self._clock = clock

    def requested(self, request: CreateRequest, sender: str) -> Message:
        """Make what a create call asks for."""
        status = INITIAL_WITH_NUMBER if request.service_sid is None else INITIAL_WITH_SERVICE
        fault = self._faults.receipt(request.to)
        return self._message(
            direction="outbound-api",
            phone=request.to,
            sender=sender,
            body=request.body,
            status=status if request.send_at is None else SCHEDULED,
            service_sid=request.service_sid,
            callback_url=request.callback_url,
            send_at=request.send_at,
            valid_for=request.validity_s,
            discard_body=request.discard_body,
            obfuscate=request.obfuscate,
            receipt_fault=fault.kind if fault else None,
            receipt_seconds=fault.seconds if fault else 0.0,
        )

    def answer(self, question: Message, body: str) -> Message:
        """Make an answer to what a phone wrote."""
        return self._message(
            direction="outbound-reply",
            phone=question.phone,
            sender=question.sender,
            body=body,
            status=INITIAL_WITH_NUMBER,
            service_sid=question.service_sid,
        )

    def inbound(self, phone: str, sender: str, body: str, service_sid: str | None) -> Message:
        """Make what a phone wrote."""
        return self._message(
            direction="inbound",
            phone=phone,
            sender=sender,
            body=body,
            status="received",
            service_sid=service_sid,
        )

    def _message(
        self,
        *,
        direction: Direction,
        phone: str,
        sender: str,
        body: str,
        status: str,
        service_sid: str | None,
        callback_url: str | None = None,
        send_at: float | None = None,
        valid_for: float | None = None,
        discard_body: bool = False,
        obfuscate: bool = False,
        receipt_fault: str | None = None,
        receipt_seconds: float = 0.0,
    ) -> Message:
        size, now = measure(body), instants.now()
        inbound = direction == "inbound"
        outcome = None if inbound else self._faults.outcomes.get(phone)
        return Message(
            id=self._messages.next_id(),
            sid=message_sid(),
            direction=direction,
            phone=phone,
            sender=sender,
            service_sid=service_sid,
            body=body,
            encoding=size.encoding,
            segments=size.segments,
            status=status,
            error_code=None,
            goal=status if inbound else outcome.status if outcome else goal_for(None),
            goal_error=outcome.error_code if outcome else None,
            callback_url=callback_url,
            send_at=send_at,
            created_at=now,
            sent_at=now if inbound else None,
            updated_at=now,
            shown_at=self._clock.shown_at,
            redacted=False,
            deleted=False,
            expires_at=None if valid_for is None else (send_at or now) + valid_for,
            discard_body=discard_body,
            obfuscate=obfuscate,
            receipt_fault=receipt_fault,
            receipt_seconds=receipt_seconds,
        )
