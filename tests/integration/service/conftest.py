"""One server of each PostgreSQL there is, one migrated database on it, emptied before every test."""

import shutil
import tempfile
from pathlib import Path

import pytest
from integration.service.world import World

from sms_service.runtime import Supervisor, forget, postgres_installations, start_postgres
from sms_service.store.migrate import migrate
from sms_service.store.roles import APP, OWNER, Passwords, ensure_database

PASSWORDS = Passwords(owner="owner-secret", app="app-secret")
#: Nothing here loses its power: that is tested with every process real.
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "deadlock_timeout": "50ms"}


def _one_of_each_major():
    found = {}
    for installation in postgres_installations():
        found.setdefault(installation.major, installation)
    return found


INSTALLED = _one_of_each_major()
NEWEST = max(INSTALLED)


def pytest_generate_tests(metafunc):
    """Modules that ask for it run on every server; the others on the newest."""
    if "server" in metafunc.fixturenames:
        majors = sorted(INSTALLED) if getattr(metafunc.module, "EVERY_SERVER", False) else [NEWEST]
        names = [f"postgres {major}" for major in majors]
        metafunc.parametrize("server", majors, ids=names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def server(request):
    """A running server."""
    private = Path(tempfile.mkdtemp(prefix="sms-test-", dir="/var/tmp"))
    reachable = Path(tempfile.mkdtemp(prefix="sms-test-", dir="/var/tmp"))
    reachable.chmod(0o711)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMS_RUNTIME_DIR", str(reachable))
        with Supervisor(private / "data") as supervisor:
            yield start_postgres(supervisor, installation=INSTALLED[request.param], settings=QUICK)
        forget(private / "data")
    shutil.rmtree(private)
    shutil.rmtree(reachable)


@pytest.fixture(scope="session")
def migrated(server):
    """The roles and the schema, as an operator makes them."""
    ensure_database(server.url(), "sms", PASSWORDS)
    urls = {
        role: server.url_for(role, password, "sms", scheme="postgresql+psycopg")
        for role, password in ((OWNER, PASSWORDS.owner), (APP, PASSWORDS.app))
    }
    migrate(urls[OWNER])
    world = World(urls[APP], urls[OWNER], server.url("sms"))
    yield world
    world.close()


@pytest.fixture
def world(migrated):
    """An empty database with one clinic."""
    migrated.begin()
    return migrated
