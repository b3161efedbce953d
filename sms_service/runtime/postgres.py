"""A private PostgreSQL: a database folder that survives anything, a unix socket and no TCP port."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from signal import SIGINT, SIGQUIT
from urllib.parse import quote

import psycopg

from sms_service.runtime.child import Child
from sms_service.runtime.cluster import SUPERUSER, make_cluster, make_startable, superuser_password
from sms_service.runtime.copies import reachable_postgres
from sms_service.runtime.errors import CannotStart
from sms_service.runtime.home import Home
from sms_service.runtime.installations import Installation, choose_postgres, postgres_installations
from sms_service.runtime.supervisor import Supervisor

_NAME = "postgres"
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # patients' data stay out of logs: no statements, no parameters, no "Key (…)=(…)" details
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A server that is ready to be started, or started."""

    child: Child
    version: str
    sockets: Path
    password: str = field(repr=False)

    @property
    def conninfo(self) -> str:
        """The superuser's connection string for libpq and psycopg."""
        return self.url()

    def url(self, database: str = "postgres", *, scheme: str = "postgresql") -> str:
        """Return the superuser's URL; `scheme="postgresql+psycopg"` is what SQLAlchemy wants."""
        return self.url_for(SUPERUSER, self.password, database, scheme=scheme)

    def url_for(self, user: str, password: str, database: str, *, scheme: str = "postgresql") -> str:
        """Return the URL of another role on this server."""
        login = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return f"{scheme}://{login}@/{quote(database)}?host={self.sockets}"


def prepare_postgres(
    home: Home,
    *,
    installation: Installation | None = None,
    settings: Mapping[str, str] | None = None,
) -> PostgresServer:
    """Make the database if there is none, and decide how its server runs.

    Raises `CannotStart` when there is no PostgreSQL, or only one that cannot read this database.
    """
    folder = home.servers / _NAME
    chosen = choose_postgres(folder, [installation] if installation else postgres_installations())
    programs = reachable_postgres(chosen, home.account)
    password = superuser_password(home, folder)
    if not folder.exists():
        make_cluster(programs, chosen.major, folder, password, home.account)
    merged = _SETTINGS | {"unix_socket_directories": str(home.sockets)} | dict(settings or {})
    child = Child(
        name=_NAME,
        argv=[programs / "postgres", "-D", folder, *(f"--{key}={value}" for key, value in merged.items())],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},  # none of our secrets
        cwd=home.servers,
        before=partial(make_startable, folder, home.sockets),
        ready=partial(_answers, password, home.sockets),
        stop_signal=SIGINT,  # "fast": ends sessions and writes a checkpoint
        death_signal=SIGQUIT,  # "immediate": ends every backend too; the next start recovers
        grace=20.0,
        account=home.account,
        shown={
            "url": f"postgresql://{SUPERUSER}@/postgres?host={home.sockets}",
            "version": chosen.version,
            "data": str(folder),
        },
    )
    return PostgresServer(child=child, version=chosen.version, sockets=home.sockets, password=password)


def start_postgres(
    supervisor: Supervisor,
    *,
    installation: Installation | None = None,
    settings: Mapping[str, str] | None = None,
) -> PostgresServer:
    """Start a server under the supervisor and return it when it answers."""
    server = prepare_postgres(supervisor.home, installation=installation, settings=settings)
    supervisor.start(server.child)
    return server


def _answers(password: str, sockets: Path) -> bool:
    try:
        psycopg.connect(
            host=str(sockets), user=SUPERUSER, password=password, dbname="postgres", connect_timeout=2
        ).close()
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise CannotStart("the superuser's password is not the one in the data folder") from None
        return False
    return True
