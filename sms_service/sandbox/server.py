"""Run the sandbox until it is told to stop."""

import asyncio
import signal
import socket
import sys
from contextlib import closing

from aiohttp import web

from sms_service.sandbox.app import sandbox
from sms_service.sandbox.database import Database
from sms_service.sandbox.settings import Settings


class AddressError(Exception):
    """The address cannot be listened on."""


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; raise DataFileError or AddressError if that cannot begin."""
    with closing(_listen(settings)) as door, closing(Database(settings.data)) as database:
        async with sandbox(settings, database) as app:
            # Calls that hang on purpose must not hold up the end.
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
            await runner.setup()
            try:
                await web.SockSite(runner, door).start()
                host, port = door.getsockname()[:2]
                host = f"[{host}]" if door.family == socket.AF_INET6 else host
                sys.stdout.write(f"sandbox ready on http://{host}:{port}\n")
                sys.stdout.flush()
                await _told_to_stop()
            finally:
                await runner.cleanup()


def _listen(settings: Settings) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        reason = error.strerror or str(error)
        raise AddressError(f"cannot listen on {settings.host}:{settings.port}: {reason}") from error


async def _told_to_stop() -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await told.wait()
