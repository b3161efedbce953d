"""Health: kept counts, canaries of the queues, and the watch over what is due and does not leave."""

from pathlib import Path

import psycopg
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything and count what is there, in one transaction."""
    connection: psycopg.Connection = op.get_bind().connection.dbapi_connection  # type: ignore[assignment]
    # Straight through psycopg: the file is SQL, with no parameters to bind.
    connection.execute(Path(__file__).with_name("0003_health.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Counts could be made again, but nothing of the code before asks for their absence."""
    raise RuntimeError("restore a backup instead")
