"""Put the sandbox together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from sms_service.sandbox.account_api import AccountApi
from sms_service.sandbox.carrier import Carrier
from sms_service.sandbox.control_api import ControlApi
from sms_service.sandbox.control_reading import explain_unreadable
from sms_service.sandbox.database import Database
from sms_service.sandbox.fault_memory import FaultMemory
from sms_service.sandbox.faults import Faults
from sms_service.sandbox.headers import guard_the_browser
from sms_service.sandbox.label_clock import LabelClock
from sms_service.sandbox.messages import Messages
from sms_service.sandbox.new_message import NewMessages
from sms_service.sandbox.outbox import Outbox
from sms_service.sandbox.page import Page
from sms_service.sandbox.phonebook import Phonebook
from sms_service.sandbox.receipts import Receipts
from sms_service.sandbox.sender_queues import SenderQueues
from sms_service.sandbox.settings import Settings, dials_of
from sms_service.sandbox.texting import Texting
from sms_service.sandbox.twilio_api import TwilioApi
from sms_service.sandbox.twilio_call import TwilioCall
from sms_service.sandbox.webhooks import Webhooks


@asynccontextmanager
async def sandbox(settings: Settings, database: Database) -> AsyncIterator[web.Application]:
    """Run everything behind the HTTP server, and give out the application for it."""
    dials = dials_of(settings)
    faults = Faults()
    memory = FaultMemory(database, faults)
    messages = Messages(database)
    phonebook = Phonebook(database, messages)
    clock = LabelClock(database)
    new = NewMessages(messages, faults, clock)
    outbox = Outbox(database)
    webhooks = Webhooks(settings, outbox)
    queues = SenderQueues(dials)
    receipts = Receipts(outbox, settings.account_sid)
    carrier = Carrier(database, queues, receipts, webhooks, settings.receipt_delay)
    texting = Texting(
        settings, dials, database, messages, new, phonebook, queues, carrier, outbox, webhooks, faults
    )
    control = ControlApi(
        dials, texting, messages, phonebook, queues, carrier, webhooks, faults, memory, clock
    )
    call = TwilioCall(settings, faults)
    app = web.Application(middlewares=[guard_the_browser, explain_unreadable])
    app.add_routes(AccountApi(settings, dials).routes(call))
    app.add_routes(TwilioApi(settings, texting, messages, carrier, faults).routes(call))
    app.add_routes(control.routes())
    app.add_routes(Page(database, texting, messages, phonebook, clock).routes())
    # A task that fails takes the sandbox down with it: half a provider would only mislead.
    async with asyncio.TaskGroup() as tasks, webhooks.running(tasks, texting.read_answer):
        for message in messages.unfinished():
            carrier.resume(message)
        moving = tasks.create_task(carrier.run())
        try:
            yield app
        finally:
            moving.cancel()
