"""What one worker process holds: the service, and a provider on an event loop of the same life."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

from sms_service.settings import Settings, load_settings
from sms_service.use_cases.service import Service
from sms_service.wiring import check_start, make_provider, make_service
from workers.liveness import liveness

if TYPE_CHECKING:
    from sms_service.provider.twilio import Twilio

_T = TypeVar("_T")


class Process:
    """Made at the first task, kept until the process ends: connections and the HTTP pool stay warm."""

    def __init__(self) -> None:
        self.settings: Settings = load_settings(os.environ)
        self.service: Service = make_service(self.settings)
        check_start(self.service, self.settings)
        sa.event.listen(self.service.db.engine, "after_cursor_execute", liveness.sign)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="provider", daemon=True).start()

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine on the process's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    @cached_property
    def provider(self) -> Twilio:
        """The provider's adapter, made on the loop when first needed: the tick never needs it."""
        return self.run(self._make_provider())

    async def _make_provider(self) -> Twilio:
        return make_provider(self.settings)


@cache
def process() -> Process:
    """The parts of this process."""
    return Process()
