"""The ledger: what the provider's list says of our attempts, and where the two do not agree."""

from pathlib import Path

import psycopg
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it, in one transaction."""
    connection: psycopg.Connection = op.get_bind().connection.dbapi_connection  # type: ignore[assignment]
    # Straight through psycopg: the file is SQL, with no parameters to bind.
    connection.execute((Path(__file__).parent / "0002_ledger.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """What was compared cannot be compared again once the provider forgets it."""
    raise RuntimeError("restore a backup instead; this revision holds what the provider billed")
