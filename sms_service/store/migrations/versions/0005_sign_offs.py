"""Sign-off: released pairs and who vouched for them."""

from pathlib import Path

import psycopg
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables."""
    connection: psycopg.Connection = op.get_bind().connection.dbapi_connection  # type: ignore[assignment]
    # Straight through psycopg: the file is SQL, with no parameters to bind.
    connection.execute(Path(__file__).with_name("0005_sign_offs.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Sign-offs cannot be taken back."""
    raise RuntimeError("restore a backup instead")
