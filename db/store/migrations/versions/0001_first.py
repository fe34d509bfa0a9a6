"""The first schema.

Revision ID: 0001_first
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001_first"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "audit",
    "exports",
    "inspections",
    "meta",
    "models",
    "activations",
    "overrides",
    "pictures",
    "export_items",
    "standing",
)
INSPECTION_INDEXES = (
    ("ix_inspections_label", "label", "inspected_at", "id"),
    ("ix_inspections_lot", "lot", "inspected_at", "id"),
    ("ix_inspections_margin", "margin", "id"),
    ("ix_inspections_model_version", "model_version", "inspected_at", "id"),
    ("ix_inspections_newest", "inspected_at", "id"),
    ("ix_inspections_outcome", "outcome", "inspected_at", "id"),
    ("ix_inspections_score", "score", "id"),
    ("ix_inspections_source", "source", "inspected_at", "id"),
)
REFUSED = (
    ("inspections", "UPDATE", "a stored inspection never changes"),
    ("overrides", "UPDATE", "an override never changes; undo appends"),
    ("overrides", "DELETE", "an override is never deleted; undo appends"),
    ("activations", "UPDATE", "the history of models never changes"),
    ("activations", "DELETE", "the history of models never changes"),
    ("audit", "UPDATE", "the audit trail never changes"),
    ("audit", "DELETE", "the audit trail never changes"),
)


def upgrade() -> None:
    """Everything, in an order in which each table finds what it refers to."""
    _audit()
    _exports()
    _inspections()
    _meta()
    _models()
    _activations()
    _overrides()
    _pictures()
    _export_items()
    _standing()
    if op.get_context().dialect.name == "sqlite":
        for table, act, why in REFUSED:
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{why}'); END"
            )


def downgrade() -> None:
    """Nothing is left; the triggers and indexes go with their tables."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("serial", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("serial", name="pk_audit"),
        sqlite_autoincrement=True,
    )


def _exports() -> None:
    op.create_table(
        "exports",
        sa.Column("serial", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("fmt", sa.Text(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("serial", name="pk_exports"),
        sqlite_autoincrement=True,
    )


def _inspections() -> None:
    op.create_table(
        "inspections",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("inspected_at", sa.DateTime(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("captured_at", sa.DateTime(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("truth", sa.Text(), nullable=True),
        sa.Column("pixels_sha256", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("margin", sa.Float(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("regions", sa.JSON(), nullable=False),
        sa.Column("model_name", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("recipe_name", sa.Text(), nullable=False),
        sa.Column("recipe_version", sa.Integer(), nullable=False),
        sa.Column("recipe_digest", sa.Text(), nullable=False),
        sa.Column("lot", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("prepare_ms", sa.Float(), nullable=False),
        sa.Column("infer_ms", sa.Float(), nullable=False),
        sa.Column("total_ms", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inspections"),
    )
    for name, *columns in INSPECTION_INDEXES:
        op.create_index(name, "inspections", columns, unique=False)


def _meta() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )


def _models() -> None:
    op.create_table(
        "models",
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("registered_at", sa.DateTime(), nullable=False),
        sa.Column("registered_by", sa.Text(), nullable=False),
        sa.Column("classes", sa.JSON(), nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=False),
        sa.Column("lineage_note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_models"),
    )


def _activations() -> None:
    op.create_table(
        "activations",
        sa.Column("serial", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("rollback", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["version"], ["models.version"], name="fk_activations_version"),
        sa.PrimaryKeyConstraint("serial", name="pk_activations"),
        sqlite_autoincrement=True,
    )


def _overrides() -> None:
    op.create_table(
        "overrides",
        sa.Column("serial", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("inspection_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("accepted_regions", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("mask", sa.Text(), nullable=True),
        sa.Column("mask_sha256", sa.Text(), nullable=True),
        sa.Column("undoes", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspections.id"], name="fk_overrides_inspection_id"),
        sa.ForeignKeyConstraint(["undoes"], ["overrides.id"], name="fk_overrides_undoes"),
        sa.PrimaryKeyConstraint("serial", name="pk_overrides"),
        sa.UniqueConstraint("id", name="uq_overrides_id"),
        sa.UniqueConstraint("undoes", name="uq_overrides_undoes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_overrides_inspection_id", "overrides", ["inspection_id"], unique=False)
    op.create_index("ix_overrides_operator", "overrides", ["operator", "serial"], unique=False)


def _pictures() -> None:
    op.create_table(
        "pictures",
        sa.Column("inspection_id", sa.String(length=64), nullable=False),
        sa.Column("image", sa.Text(), nullable=True),
        sa.Column("image_sha256", sa.Text(), nullable=True),
        sa.Column("image_bytes", sa.BigInteger(), nullable=False),
        sa.Column("heat", sa.Text(), nullable=True),
        sa.Column("heat_sha256", sa.Text(), nullable=True),
        sa.Column("archived_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspections.id"], name="fk_pictures_inspection_id"),
        sa.PrimaryKeyConstraint("inspection_id", name="pk_pictures"),
    )


def _export_items() -> None:
    op.create_table(
        "export_items",
        sa.Column("export_serial", sa.Integer(), nullable=False),
        sa.Column("override_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["export_serial"], ["exports.serial"], name="fk_export_items_export_serial"),
        sa.ForeignKeyConstraint(["override_id"], ["overrides.id"], name="fk_export_items_override_id"),
        sa.PrimaryKeyConstraint("export_serial", "override_id", name="pk_export_items"),
    )
    op.create_index("ix_export_items_override_id", "export_items", ["override_id"], unique=False)


def _standing() -> None:
    op.create_table(
        "standing",
        sa.Column("inspection_id", sa.String(length=64), nullable=False),
        sa.Column("override_id", sa.String(length=64), nullable=False),
        sa.Column("disagrees", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspections.id"], name="fk_standing_inspection_id"),
        sa.ForeignKeyConstraint(["override_id"], ["overrides.id"], name="fk_standing_override_id"),
        sa.PrimaryKeyConstraint("inspection_id", name="pk_standing"),
    )
    op.create_index("ix_standing_disagrees", "standing", ["disagrees"], unique=False)
