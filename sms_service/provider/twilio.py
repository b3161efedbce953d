"""Twilio: hand it texts, ask what it remembers, and never mistake its silence for a no."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from twilio.rest import Client

from sms_service.domain.outcome import Outcome, OutcomeClass
from sms_service.provider.answer import WrongAnswerError
from sms_service.provider.boottime import boottime
from sms_service.provider.errors import ProviderUnavailable
from sms_service.provider.exchange import EXCHANGE, Exchange
from sms_service.provider.fault import judge
from sms_service.provider.traces import fetch_trace, list_page, list_traces, unavailable
from sms_service.provider.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from twilio.rest.api.v2010.account.message import MessageInstance

    from sms_service.domain.request import Listed, Request, Trace
    from sms_service.provider.account import Account

#: Seconds after the fence's commit at which a request must no longer leave: the process was paused.
MAX_PAUSE_S = 5.0
_DENIED = {401, 403, 404}

_log = logging.getLogger(__name__)

__all__ = ["MAX_PAUSE_S", "ProviderUnavailable", "Twilio"]


class Twilio:
    """One account at Twilio, through its SDK. Keep one for a process; close it before its loop ends."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._transport = Transport(
            base_url=account.base_url, timeout_s=account.timeout_s, concurrency=account.concurrency
        )
        self._client = Client(
            account.sid,
            account.auth_token,
            http_client=self._transport,
            environment={"TWILIO_REGION": ""},  # an empty one would mean os.environ; base_url alone decides
        )
        self._messages = self._client.messages

    @property
    def concurrent_requests(self) -> int | None:
        """The provider's last count of the account's calls in flight, if it ever told."""
        return self._transport.concurrent_requests

    async def send(self, requests: Sequence[Request]) -> list[Outcome]:
        """Post every request once, and say in the same order what became of each.

        No fault of the provider raises. When the caller is cancelled, the calls in flight are ended
        and the outcomes returned all the same, so that what was answered can still be stored;
        `asyncio.current_task().cancelling()` still tells it to stop afterwards.
        """
        calls = [asyncio.create_task(self._call(request)) for request in requests]
        if calls:
            try:
                await asyncio.wait(calls)
            except asyncio.CancelledError:
                for call in calls:
                    call.cancel()
                await asyncio.wait(calls)
        return [
            # Cancelled before its first step: it cannot have posted.
            Outcome(attempt_id=request.attempt_id, outcome=OutcomeClass.NOT_POSTED)
            if call.cancelled()
            else call.result()
            for request, call in zip(requests, calls, strict=True)
        ]

    async def traces(self, to: str, since: datetime) -> list[Trace]:
        """Return what the provider lists for `to`, created at or after `since` (aware), newest first.

        Raises ProviderUnavailable when the list cannot be read in full.
        """
        if since.tzinfo is None:
            raise ValueError("since must be aware")
        try:
            return await list_traces(self._messages, to, since)
        except Exception as error:  # noqa: BLE001  a listing may fail in any shape; all mean the same
            failure = unavailable(error)
        raise failure

    async def page(self, place: str | None = None) -> Listed:
        """Return a page of everything the provider lists, newest first; the first, or the one at `place`.

        Raises ProviderUnavailable when it cannot be read.
        """
        try:
            return await list_page(self._messages, place)
        except Exception as error:  # noqa: BLE001  as above
            failure = unavailable(error)
        raise failure

    async def message(self, sid: str) -> Trace | None:
        """Return one message; None when the provider has none of that name, else ProviderUnavailable."""
        try:
            return await fetch_trace(self._messages, sid)
        except Exception as error:  # noqa: BLE001  as above
            failure = unavailable(error)
        raise failure

    async def account_ok(self) -> bool:
        """Tell whether the account exists, is active and takes our token; else ProviderUnavailable."""
        try:
            account = await self._client.api.v2010.accounts(self._account.sid).fetch_async()
        except Exception as error:  # noqa: BLE001  as above
            failure = unavailable(error)
        else:
            return bool(account.status == "active")
        if failure.http_status in _DENIED:
            return False
        raise failure

    async def close(self) -> None:
        """Close the connections of the running event loop."""
        await self._transport.close()

    async def _call(self, request: Request) -> Outcome:
        exchange = Exchange(lambda: boottime() - request.committed_at <= MAX_PAUSE_S)
        EXCHANGE.set(exchange)
        sid = status = None
        try:
            answer = await self._post(request)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  one call never loses the others
            outcome, code = judge(error, exchange)
            _log.warning(  # by its type: the text of an error may hold the number
                "attempt %s: %s after %s (HTTP status %s, code %s, provider's request %s)",
                request.attempt_id,
                outcome,
                type(error).__name__,
                exchange.http_status,
                code,
                exchange.request_id,
            )
        else:
            outcome, sid = OutcomeClass.ACCEPTED, answer.sid
            status = answer.status if isinstance(answer.status, str) else None
            code = answer.error_code if isinstance(answer.error_code, int) else None
        return Outcome(
            attempt_id=request.attempt_id,
            outcome=outcome,
            sid=sid,
            status=status,
            http_status=exchange.http_status,
            code=code,
            retry_after=exchange.retry_after,
        )

    async def _post(self, request: Request) -> MessageInstance:
        service = request.sender.startswith("MG")
        mark = f"&m={request.mark}" if request.mark else ""
        answer = await self._messages.create_async(
            to=request.to,
            body=request.body,
            status_callback=f"{self._account.status_callback}?a={request.attempt_id}{mark}",
            smart_encoded=False,
            validity_period=request.validity_s,
            **{"messaging_service_sid" if service else "from_": request.sender},
        )
        if not isinstance(answer.sid, str) or not answer.sid.startswith(("SM", "MM")):
            raise WrongAnswerError("no message's sid")
        return answer
