"""Where sign-offs are kept: the database, if one can be reached."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from sms_service.cli.embedded import DEFAULT_DATA, environment_of
from sms_service.content.signed_gate import Ledger
from sms_service.settings import ConfigurationError, psycopg_url, read_setting
from sms_service.store.sign_offs import load_ledger


@contextmanager
def as_owner() -> Iterator[sa.Connection]:
    """A transaction as the schema's owner. ConfigurationError where no database is configured."""
    environment = environment_of(Path(os.environ.get("SMS_DATA", DEFAULT_DATA)), os.environ)
    url = read_setting(environment, "DATABASE_OWNER_URL")
    if not url:
        raise ConfigurationError(
            "sign-offs are kept in the database: set DATABASE_OWNER_URL, or run `sms-service up`"
        )
    engine = sa.create_engine(psycopg_url(url), hide_parameters=True)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def ledger_if_any() -> Ledger:
    """The ledger of the configured database; empty, so that all are drafts, where there is none."""
    try:
        with as_owner() as owner:
            return load_ledger(owner)
    except (ConfigurationError, sa.exc.OperationalError, sa.exc.ProgrammingError):
        return Ledger()
