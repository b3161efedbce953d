"""Leaflets: the page behind the link, and questions that are asked there."""

from pathlib import Path

import psycopg
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, the function and two columns."""
    connection: psycopg.Connection = op.get_bind().connection.dbapi_connection  # type: ignore[assignment]
    # Straight through psycopg: the file is SQL, with no parameters to bind.
    connection.execute(Path(__file__).with_name("0006_leaflets.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Links that are on phones cannot be taken back."""
    raise RuntimeError("restore a backup instead")
