"""The real adapter on a real sandbox process, for tests that set the rest of the world by hand."""

from __future__ import annotations

from contextlib import asynccontextmanager

from integration.sandbox.conftest import ACCOUNT, TOKEN, SandboxProcess

from sms_service.provider.account import Account
from sms_service.provider.twilio import Twilio

__all__ = ["RealProvider", "SandboxProcess", "forget"]

#: Receipts never arrive unless a test hands them over itself.
SILENT = [{"kind": "drop"}]


def forget(sandbox: SandboxProcess) -> None:
    """Begin with an empty sandbox whose receipts are lost."""
    sandbox.post("reset")
    sandbox.post("faults", {"receipts": SILENT})


class RealProvider:
    """An adapter for each call: every call of a test has an event loop of its own."""

    def __init__(self, sandbox: SandboxProcess, **change) -> None:
        values = {
            "sid": ACCOUNT,
            "auth_token": TOKEN,
            "base_url": sandbox.url,
            "status_callback": "http://127.0.0.1:9/v1/twilio/status",
        }
        self.account = Account(**values | change)
        self.sent = []

    async def send(self, requests):
        self.sent += requests
        async with self._adapter() as one:
            return await one.send(requests)

    async def traces(self, to, since):
        async with self._adapter() as one:
            return await one.traces(to, since)

    async def page(self, place=None):
        async with self._adapter() as one:
            return await one.page(place)

    async def message(self, sid):
        async with self._adapter() as one:
            return await one.message(sid)

    @asynccontextmanager
    async def _adapter(self):
        one = Twilio(self.account)
        try:
            yield one
        finally:
            await one.close()
