"""The foundation: tenants, events, visits, messages, attempts, roles and row security."""

from pathlib import Path

import psycopg
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything, in one transaction."""
    connection: psycopg.Connection = op.get_bind().connection.dbapi_connection  # type: ignore[assignment]
    here = Path(__file__).parent
    for name in ("0001_foundation.sql", "0001_router.sql"):
        # Straight through psycopg: these files are SQL, with no parameters to bind.
        connection.execute((here / name).read_text(encoding="utf-8"))


def downgrade() -> None:
    """The first revision has nothing to return to."""
    raise RuntimeError("restore a backup instead; this revision holds all the data")
