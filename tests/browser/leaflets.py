"""A clinic with patients' pages: a real database, and the web application behind a real socket."""

import base64
import shutil
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import uvicorn
from integration.service.conftest import INSTALLED, NEWEST, PASSWORDS, QUICK
from integration.service.test_leaflet import token_of
from integration.service.world import INDEX, MASTER, World

from sms_service.runtime import Supervisor, forget, free_port, start_postgres
from sms_service.settings import Settings
from sms_service.store.migrate import migrate
from sms_service.store.roles import APP, OWNER, ensure_database
from sms_service.web.app import create_app

__all__ = ["a_clinic", "token_of"]


@contextmanager
def a_clinic():
    """A world as the integration tests have it, with `url`: where its pages are."""
    private = Path(tempfile.mkdtemp(prefix="sms-pages-", dir="/var/tmp"))
    with Supervisor(private / "data") as supervisor:
        server = start_postgres(supervisor, installation=INSTALLED[NEWEST], settings=QUICK)
        ensure_database(server.url(), "sms", PASSWORDS)
        urls = {
            role: server.url_for(role, password, "sms", scheme="postgresql+psycopg")
            for role, password in ((OWNER, PASSWORDS.owner), (APP, PASSWORDS.app))
        }
        migrate(urls[OWNER])
        world = World(urls[APP], urls[OWNER], server.url("sms"))
        world.begin()
        with _served(world):
            yield world
        world.close()
    forget(private / "data")
    shutil.rmtree(private)


@contextmanager
def _served(world):
    port = free_port()
    world.url = f"http://127.0.0.1:{port}"
    world.service = replace(world.service, base_url=world.url)
    keys = {name: base64.b64encode(key).decode() for name, key in (("master", MASTER), ("index", INDEX))}
    settings = Settings(
        database_url=world.app_url,
        master_keys=keys["master"],
        index_keys=keys["index"],
        public_base_url=world.url,
    )
    app = create_app(world.service, settings)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.02)
    yield
    server.should_exit = True
    thread.join()
