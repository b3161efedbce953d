"""Bring the schema to the newest revision, as its owner."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from sms_service.store.deployment import record_first

_FOLDER = Path(__file__).parent / "migrations"
#: One migration at a time, however many processes start at once.
_LOCK = 7_366_001


def migrate(owner_url: str) -> str:
    """Run what is missing and return the revision. Safe to call at every start."""
    engine = sa.create_engine(owner_url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        connection.commit()
        config = _config()
        config.attributes["connection"] = connection
        # the router has to be able to own functions here; only the schema's owner may say so
        connection.execute(sa.text("GRANT CREATE, USAGE ON SCHEMA public TO sms_router"))
        connection.execute(sa.text("GRANT USAGE ON SCHEMA public TO sms_app"))
        connection.commit()
        command.upgrade(config, "head")
        # a snapshot taken before the first tick must know whose it is, or its restore would not be noticed
        record_first(connection)
        connection.execute(sa.text("GRANT SELECT ON alembic_version TO sms_app"))
        connection.execute(sa.text("REVOKE CREATE ON SCHEMA public FROM sms_router"))
        connection.commit()
    return newest()


def newest() -> str:
    """The revision this code needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise LookupError("the package has lost its migrations; install it again")
    return head


def applied(connection: sa.Connection) -> str | None:
    """The revision a database has; None before the first."""
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config
