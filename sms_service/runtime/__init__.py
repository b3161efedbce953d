"""Real servers and every process of the service, without Docker: found, started, watched and stopped.

    with Supervisor(Path(".data")) as supervisor:
        postgres = start_postgres(supervisor)
        valkey = start_valkey(supervisor)
        supervisor.start(web, worker, tick, beat)  # one call is one wave; waves stop in reverse
        supervisor.run_until_signal()

Knows nothing of the rest of the service.
"""

from sms_service.runtime.child import Child
from sms_service.runtime.errors import CannotStart
from sms_service.runtime.forget import forget
from sms_service.runtime.installations import Installation, postgres_installations
from sms_service.runtime.ports import free_port, require_free
from sms_service.runtime.postgres import PostgresServer, start_postgres
from sms_service.runtime.snapshot import put_back, take_snapshot
from sms_service.runtime.supervisor import Supervisor
from sms_service.runtime.valkey import ValkeyServer, start_valkey

__all__ = [
    "CannotStart",
    "Child",
    "Installation",
    "PostgresServer",
    "Supervisor",
    "ValkeyServer",
    "forget",
    "free_port",
    "postgres_installations",
    "put_back",
    "require_free",
    "start_postgres",
    "start_valkey",
    "take_snapshot",
]
