"""A call that raised: what may be believed of it, when a text must not be sent twice."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import ClientConnectorError, ConnectionTimeoutError
from twilio.base.exceptions import TwilioRestException, TwilioServiceException

from sms_service.domain.outcome import OutcomeClass
from sms_service.provider.classify import classify

if TYPE_CHECKING:
    from sms_service.provider.exchange import Exchange


def judge(error: BaseException, exchange: Exchange) -> tuple[OutcomeClass, int | None]:
    """Believe an answer, and a connection that never was; all else may have been sent."""
    if exchange.refused:
        return OutcomeClass.NOT_POSTED, None
    match error:
        case TwilioRestException() | TwilioServiceException():
            # Where the answer has no code, the SDK puts the HTTP status in its place.
            code = error.code if type(error.code) is int and error.code != error.status else None
            return classify(error.status, code), code
        case ClientConnectorError() | ConnectionTimeoutError():
            # Raised by aiohttp's connector alone: no name, no route, refused, no TLS. Nothing was written.
            return OutcomeClass.RETRY, None
        case _ if exchange.begun:
            return OutcomeClass.UNKNOWN, None
        case asyncio.CancelledError():
            return OutcomeClass.NOT_POSTED, None
        case _:  # our own fault, before the transport
            return OutcomeClass.OTHER, None
