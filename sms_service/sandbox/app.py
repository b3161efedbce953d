"""Put the sandbox together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from sms_service.sandbox.carrier import Carrier
from sms_service.sandbox.control_api import ControlApi, explain_unreadable
from sms_service.sandbox.database import Database
from sms_service.sandbox.faults import Faults
from sms_service.sandbox.headers import guard_the_browser
from sms_service.sandbox.label_clock import LabelClock
from sms_service.sandbox.messages import Messages
from sms_service.sandbox.page import Page
from sms_service.sandbox.phonebook import Phonebook
from sms_service.sandbox.receipts import Receipts
from sms_service.sandbox.settings import Settings
from sms_service.sandbox.texting import Texting
from sms_service.sandbox.twilio_api import TwilioApi
from sms_service.sandbox.webhooks import Webhooks


@asynccontextmanager
async def sandbox(settings: Settings, database: Database) -> AsyncIterator[web.Application]:
    """Run everything behind the HTTP server, and give out the application for it."""
    faults = Faults()
    messages = Messages(database)
    phonebook = Phonebook(database, messages)
    clock = LabelClock(database)
    webhooks = Webhooks(settings)
    receipts = Receipts(webhooks, settings.account_sid)
    carrier = Carrier(messages, receipts, settings.receipt_delay)
    texting = Texting(settings, messages, phonebook, carrier, webhooks, faults, clock)
    app = web.Application(middlewares=[guard_the_browser, explain_unreadable])
    app.add_routes(TwilioApi(settings, texting, messages, carrier, faults).routes())
    app.add_routes(ControlApi(texting, messages, phonebook, carrier, webhooks, faults, clock).routes())
    app.add_routes(Page(database, texting, messages, phonebook, clock).routes())
    # A task that fails takes the sandbox down with it: half a provider would only mislead.
    async with asyncio.TaskGroup() as tasks, webhooks.running(tasks):
        for message in messages.unfinished():
            carrier.add(message)
        moving = tasks.create_task(carrier.run())
        try:
            yield app
        finally:
            moving.cancel()
