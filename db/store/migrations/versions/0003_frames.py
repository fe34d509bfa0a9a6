"""What a camera tells of its frame: depth, mosaic, its own time stamp, and when it was triggered and exposed.

Revision ID: 0003_frames
Revises: 0002_pictures
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_frames"
down_revision = "0002_pictures"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Columns with constant defaults, which SQLite adds without touching a row: a million rows take no time."""
    op.add_column("inspections", sa.Column("bits", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("inspections", sa.Column("bayer", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("inspections", sa.Column("device_ns", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("inspections", sa.Column("triggered_at", sa.DateTime(), nullable=True))
    op.add_column("inspections", sa.Column("exposed_at", sa.DateTime(), nullable=True))


def downgrade() -> None:
    """The older version knows nothing of cameras' times."""
    for name in ("exposed_at", "triggered_at", "device_ns", "bayer", "bits"):
        op.drop_column("inspections", name)
