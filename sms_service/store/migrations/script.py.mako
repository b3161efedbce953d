"""${message}."""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Say what changes, and why."""
    ${upgrades if upgrades else "op.execute('')"}


def downgrade() -> None:
    """Say how to go back, or why one cannot."""
    ${downgrades if downgrades else "op.execute('')"}
