"""A private Valkey or Redis for Celery: a unix socket, and nothing on disk: it holds nothing that matters."""

from dataclasses import dataclass
from pathlib import Path

import redis

from sms_service.runtime.child import Child
from sms_service.runtime.copies import reachable_program
from sms_service.runtime.home import Home
from sms_service.runtime.installations import valkey_program
from sms_service.runtime.supervisor import Supervisor

_NAME = "valkey"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValkeyServer:
    """A server that is ready to be started, or started."""

    child: Child
    socket: Path

    @property
    def url(self) -> str:
        """The address as Celery and kombu want it."""
        return f"redis+socket://{self.socket}"

    @property
    def client_url(self) -> str:
        """The address as redis-py wants it."""
        return f"unix://{self.socket}"


def prepare_valkey(home: Home, *, maxmemory: str = "256mb") -> ValkeyServer:
    """Find the program and decide how it runs; raise `CannotStart` when there is none."""
    program = reachable_program(valkey_program(), home.account)
    socket = home.sockets / f"{_NAME}.sock"
    settings = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "maxmemory": maxmemory,
        "maxmemory-policy": "noeviction",  # a full broker refuses; it never drops a batch in silence
        "dir": str(home.sockets),
        "daemonize": "no",
    }
    child = Child(
        name=_NAME,
        argv=[program, *(word for key, value in settings.items() for word in (f"--{key}", value))],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},  # none of our secrets
        cwd=home.sockets,
        ready=lambda: _answers(socket),
        account=home.account,
        shown={"url": f"redis+socket://{socket}", "program": str(program)},
    )
    return ValkeyServer(child=child, socket=socket)


def start_valkey(supervisor: Supervisor) -> ValkeyServer:
    """Start a server under the supervisor and return it when it answers."""
    server = prepare_valkey(supervisor.home)
    supervisor.start(server.child)
    return server


def _answers(socket: Path) -> bool:
    if not socket.exists():
        return False
    try:
        with redis.Redis(unix_socket_path=str(socket), socket_timeout=1) as client:
            return bool(client.ping())
    except redis.ConnectionError:  # not there yet, or a socket that a killed server left
        return False
