"""Products, what each part was judged for, and whether it was a part the model knows.

Revision ID: 0005_products
Revises: 0004_operators
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_products"
down_revision = "0004_operators"
branch_labels = None
depends_on = None

SAID = (
    ("overrides", "an override is never deleted; undo appends"),
    ("comments", "comments are only added to"),
    ("random_audits", "random_audits are only added to"),
)
"""What is kept of a part besides itself, and why it stays."""


def upgrade() -> None:
    """Columns with constant defaults touch no row; two more indexes over all of them, and a table of its own."""
    op.add_column("inspections", sa.Column("product", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("inspections", sa.Column("origin", sa.String(length=16), nullable=False, server_default="unknown"))
    op.add_column("inspections", sa.Column("unknown", sa.Boolean(), nullable=False, server_default="0"))
    op.create_index("ix_inspections_product", "inspections", ["product", "inspected_at", "id"])
    op.create_index("ix_inspections_origin", "inspections", ["origin", "inspected_at", "id"])
    op.add_column(
        "activations", sa.Column("product", sa.String(length=24), nullable=False, server_default=sa.text("''"))
    )
    op.create_table(
        "product_acts",
        sa.Column("serial", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("product", sa.String(length=24), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("serial", name="pk_product_acts"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_product_acts_product", "product_acts", ["product"])
    if op.get_context().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER product_acts_no_{act.lower()} BEFORE {act} ON product_acts "
                "BEGIN SELECT RAISE(ABORT, 'the acts on a product are only added to'); END"
            )
        _keep_all_but_simulated()


def _keep_all_but_simulated() -> None:
    """A simulated part may be removed with all that was said of it; no other row, and nothing said of another part."""
    for table, why in SAID:
        op.execute(f"DROP TRIGGER {table}_no_delete")
        op.execute(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} WHEN NOT EXISTS "
            "(SELECT 1 FROM inspections WHERE id = OLD.inspection_id AND origin = 'simulated') "
            f"BEGIN SELECT RAISE(ABORT, '{why}'); END"
        )
    op.execute(
        "CREATE TRIGGER inspections_no_delete BEFORE DELETE ON inspections WHEN OLD.origin <> 'simulated' "
        "BEGIN SELECT RAISE(ABORT, 'a stored inspection is never deleted, but a simulated one'); END"
    )


def downgrade() -> None:
    """The older version knows no products, and removes no part; the other triggers go with their table."""
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TRIGGER inspections_no_delete")
        for table, why in SAID:
            op.execute(f"DROP TRIGGER {table}_no_delete")
            op.execute(
                f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{why}'); END"
            )
    op.drop_table("product_acts")
    op.drop_column("activations", "product")
    for name in ("origin", "product"):
        op.drop_index(f"ix_inspections_{name}", "inspections")
    for name in ("unknown", "origin", "product"):
        op.drop_column("inspections", name)
