"""People and what they are told and say: users, alarms, comments, random audits, and the gate before a new model.

Revision ID: 0004_operators
Revises: 0003_frames
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_operators"
down_revision = "0003_frames"
branch_labels = None
depends_on = None

KEPT = ("alarms", "alarm_acks", "comments", "random_audits", "gates")
"""Tables that only grow."""


def upgrade() -> None:
    """New tables, one more index; no row of before is touched."""
    _people()
    _alarms()
    _said()
    op.create_index("ix_inspections_recipe_name", "inspections", ["recipe_name", "inspected_at", "id"])
    if op.get_context().dialect.name == "sqlite":
        for table in KEPT:
            for act in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} are only added to'); END"
                )


def downgrade() -> None:
    """The older version knows none of them; the triggers go with their tables."""
    op.drop_index("ix_inspections_recipe_name", "inspections")
    for table in ("gates", "random_audits", "comments", "alarm_acks", "alarms", "users"):
        op.drop_table(table)


def _people() -> None:
    op.create_table(
        "users",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("pin_hash", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_users"),
    )


def _alarms() -> None:
    op.create_table(
        "alarms",
        sa.Column("serial", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("lot", sa.Text(), nullable=False),
        sa.Column("inspection_id", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("serial", name="pk_alarms"),
        sa.UniqueConstraint("id", name="uq_alarms_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "alarm_acks",
        sa.Column("alarm_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarms.id"], name="fk_alarm_acks_alarm_id"),
        sa.PrimaryKeyConstraint("alarm_id", name="pk_alarm_acks"),
    )


def _said() -> None:
    op.create_table(
        "comments",
        sa.Column("serial", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("inspection_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspections.id"], name="fk_comments_inspection_id"),
        sa.PrimaryKeyConstraint("serial", name="pk_comments"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_comments_inspection_id", "comments", ["inspection_id"])
    op.create_table(
        "random_audits",
        sa.Column("inspection_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("one_in", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspections.id"], name="fk_random_audits_inspection_id"),
        sa.PrimaryKeyConstraint("inspection_id", name="pk_random_audits"),
    )
    op.create_table(
        "gates",
        sa.Column("serial", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("candidate", sa.String(length=64), nullable=False),
        sa.Column("against", sa.String(length=64), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["candidate"], ["models.version"], name="fk_gates_candidate"),
        sa.PrimaryKeyConstraint("serial", name="pk_gates"),
        sqlite_autoincrement=True,
    )
