"""Restore: the identity of the database, as functions that guard, claim and fence ask."""

from pathlib import Path

import psycopg
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both."""
    connection: psycopg.Connection = op.get_bind().connection.dbapi_connection  # type: ignore[assignment]
    # Straight through psycopg: the file is SQL, with no parameters to bind.
    connection.execute(Path(__file__).with_name("0004_restore.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """The code before asked in its own words; nothing needs the absence of these."""
    raise RuntimeError("restore a backup instead")
