"""Pictures are written after their verdicts: each row says whether its files are there yet.

Revision ID: 0002_pictures
Revises: 0001_first
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_pictures"
down_revision = "0001_first"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every picture stored so far was written before its row: it is kept."""
    op.add_column("pictures", sa.Column("state", sa.String(length=16), nullable=False, server_default="kept"))
    op.add_column("pictures", sa.Column("why", sa.Text(), nullable=True))
    op.create_index("ix_pictures_state", "pictures", ["state"], unique=False)


def downgrade() -> None:
    """The older version knows no picture without its file: rows without one go."""
    op.execute("DELETE FROM pictures WHERE state != 'kept'")
    op.drop_index("ix_pictures_state", "pictures")
    op.drop_column("pictures", "why")
    op.drop_column("pictures", "state")
