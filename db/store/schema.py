"""The tables. Rows stay inside db/; everyone else sees the types of engine.domain.inspection.

Inspections, overrides, activations, exports, audit, alarms, comments, random audits and gates only grow: triggers
(SQLite) refuse to change
a stored inspection and to change or delete an override or an audit entry. `standing` is the one derived table: which
override counts for an inspection now. It is kept in the transaction that appends the override, and `verify` checks it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

REVISION = "0005_products"
"""The newest migration: a database that says so has these tables."""

KEPT, PENDING, LOST = "kept", "pending", "lost"
"""States of a picture."""

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcTime(TypeDecorator[datetime]):
    """Timezone-aware in Python, UTC without an offset in the database; sorts as text too."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """To UTC. Raises ValueError for a time without a zone: nobody could tell which one was meant."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Back to aware."""
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """All tables of Lineside."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar = {datetime: UtcTime(), dict[str, Any]: JSON(), list[Any]: JSON(), str: Text()}


class InspectionRow(Base):
    """One inspection, exactly as the station judged it."""

    __tablename__ = "inspections"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    inspected_at: Mapped[datetime]
    source: Mapped[str]
    sequence: Mapped[int] = mapped_column(BigInteger)
    captured_at: Mapped[datetime]
    name: Mapped[str]
    height: Mapped[int]
    width: Mapped[int]
    truth: Mapped[str | None]
    pixels_sha256: Mapped[str | None]
    """archive.pixels_digest of the frame, so that a picture left in its folder can be trusted later."""
    outcome: Mapped[str]
    label: Mapped[str]
    score: Mapped[float] = mapped_column(Float)
    margin: Mapped[float] = mapped_column(Float)
    """|score − threshold in force|: how close the call was."""
    reasons: Mapped[list[Any]]
    scores: Mapped[dict[str, Any]]
    regions: Mapped[list[Any]]
    model_name: Mapped[str]
    model_version: Mapped[str]
    recipe_name: Mapped[str]
    recipe_version: Mapped[int]
    recipe_digest: Mapped[str]
    lot: Mapped[str]
    part: Mapped[str]
    operator: Mapped[str]
    station: Mapped[str]
    prepare_ms: Mapped[float] = mapped_column(Float)
    infer_ms: Mapped[float] = mapped_column(Float)
    total_ms: Mapped[float] = mapped_column(Float)
    bits: Mapped[int] = mapped_column(Integer, server_default="0")
    """What the camera stated of the frame: 0 and empty where it stated nothing."""
    bayer: Mapped[str] = mapped_column(server_default=text("''"))
    device_ns: Mapped[int] = mapped_column(BigInteger, server_default="0")
    triggered_at: Mapped[datetime | None]
    exposed_at: Mapped[datetime | None]
    product: Mapped[str] = mapped_column(server_default=text("''"))
    """The product's name when it was judged; empty on rows from before there were products."""
    origin: Mapped[str] = mapped_column(String(16), server_default="unknown")
    """engine.domain.inspection.Origin: what it was judged for."""
    unknown: Mapped[bool] = mapped_column(Boolean, server_default="0")

    # Every index ends in the key of the pages (inspected_at, id), so that a filtered page needs no sorting.
    __table_args__ = (
        Index("ix_inspections_newest", "inspected_at", "id"),
        Index("ix_inspections_outcome", "outcome", "inspected_at", "id"),
        Index("ix_inspections_label", "label", "inspected_at", "id"),
        Index("ix_inspections_lot", "lot", "inspected_at", "id"),
        Index("ix_inspections_model_version", "model_version", "inspected_at", "id"),
        Index("ix_inspections_source", "source", "inspected_at", "id"),
        Index("ix_inspections_recipe_name", "recipe_name", "inspected_at", "id"),
        Index("ix_inspections_product", "product", "inspected_at", "id"),
        Index("ix_inspections_origin", "origin", "inspected_at", "id"),
        Index("ix_inspections_score", "score", "id"),
        Index("ix_inspections_margin", "margin", "id"),
    )


class PictureRow(Base):
    """The archived picture of an inspection. Paths are relative to the archive; digests are of the files.

    `pending`: the verdict is stored and the files are being written; `kept`: they are there, with their digests;
    `lost`: they will never be, and `why` says what happened (a sentence for the operator).
    """

    __tablename__ = "pictures"

    inspection_id: Mapped[str] = mapped_column(ForeignKey("inspections.id"), primary_key=True)
    image: Mapped[str | None]
    image_sha256: Mapped[str | None]
    image_bytes: Mapped[int] = mapped_column(BigInteger)
    heat: Mapped[str | None]
    heat_sha256: Mapped[str | None]
    archived_at: Mapped[datetime]
    """When the state was last set."""
    state: Mapped[str] = mapped_column(String(16), server_default=KEPT, index=True)
    why: Mapped[str | None]


class OverrideRow(Base):
    """One override or undo. `serial` is the order of appending, whatever the clocks say."""

    __tablename__ = "overrides"

    serial: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    inspection_id: Mapped[str] = mapped_column(ForeignKey("inspections.id"), index=True)
    at: Mapped[datetime]
    operator: Mapped[str]
    outcome: Mapped[str]
    label: Mapped[str]
    why: Mapped[str]
    accepted_regions: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    mask: Mapped[str | None]
    """Path of the painted mask, relative to the archive."""
    mask_sha256: Mapped[str | None]
    undoes: Mapped[str | None] = mapped_column(ForeignKey("overrides.id"), unique=True)

    __table_args__ = (Index("ix_overrides_operator", "operator", "serial"), {"sqlite_autoincrement": True})


class StandingRow(Base):
    """Derived: the override in force of an inspection, and whether it disagrees with the verdict."""

    __tablename__ = "standing"

    inspection_id: Mapped[str] = mapped_column(ForeignKey("inspections.id"), primary_key=True)
    override_id: Mapped[str] = mapped_column(ForeignKey("overrides.id"))
    disagrees: Mapped[bool] = mapped_column(Boolean, index=True)


class ModelRow(Base):
    """One registered model version. Its state follows from the activations."""

    __tablename__ = "models"

    version: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    folder: Mapped[str]
    """Relative to the database's folder."""
    registered_at: Mapped[datetime]
    registered_by: Mapped[str]
    classes: Mapped[list[Any]]
    """[{name, role}] as in the manifest."""
    metrics: Mapped[dict[str, Any]]
    parent: Mapped[str]
    lineage_note: Mapped[str]


class ActivationRow(Base):
    """One change of the active model; append-only."""

    __tablename__ = "activations"

    serial: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    version: Mapped[str] = mapped_column(ForeignKey("models.version"))
    """The model that is active from here on."""
    rollback: Mapped[bool] = mapped_column(Boolean)
    at: Mapped[datetime]
    who: Mapped[str]
    why: Mapped[str]
    product: Mapped[str] = mapped_column(String(24), server_default=text("''"))
    """For which product, by its id (ProductActRow); empty: from before there were products, the first one's."""

    __table_args__ = ({"sqlite_autoincrement": True},)


class ProductActRow(Base):
    """One act on a product: what it is called, whether it is in use, what belongs to it; append-only.

    What a product is now follows from its acts, as the active model follows from the activations.
    """

    __tablename__ = "product_acts"

    serial: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    product: Mapped[str] = mapped_column(String(24), index=True)
    """Its id, which never changes; its name may."""
    what: Mapped[str] = mapped_column(String(16))
    value: Mapped[str]
    at: Mapped[datetime]
    who: Mapped[str]
    why: Mapped[str]

    __table_args__ = ({"sqlite_autoincrement": True},)


class ExportRow(Base):
    """One finished export."""

    __tablename__ = "exports"

    serial: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    folder: Mapped[str]
    fmt: Mapped[str]
    items: Mapped[int]

    __table_args__ = ({"sqlite_autoincrement": True},)


class ExportItemRow(Base):
    """Which override went into which export."""

    __tablename__ = "export_items"

    export_serial: Mapped[int] = mapped_column(ForeignKey("exports.serial"), primary_key=True)
    override_id: Mapped[str] = mapped_column(ForeignKey("overrides.id"), primary_key=True, index=True)


class AuditRow(Base):
    """Who did what, when; append-only."""

    __tablename__ = "audit"

    serial: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    who: Mapped[str]
    what: Mapped[str]
    detail: Mapped[str]

    __table_args__ = ({"sqlite_autoincrement": True},)


class UserRow(Base):
    """Who may work here. A name is never taken away, only made inactive: what was said under it stays its own."""

    __tablename__ = "users"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    role: Mapped[str] = mapped_column(String(16))
    """operator, reviewer or engineer."""
    pin_hash: Mapped[str]
    """Argon2id, with its salt and parameters; empty = no PIN."""
    active: Mapped[bool] = mapped_column(Boolean)
    made_at: Mapped[datetime]


class AlarmRow(Base):
    """One alarm of the line's results; append-only."""

    __tablename__ = "alarms"

    serial: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(32))
    message: Mapped[str]
    lot: Mapped[str]
    inspection_id: Mapped[str | None] = mapped_column(String(64))
    """The part that set it off; it may not be stored yet when the alarm is."""

    __table_args__ = ({"sqlite_autoincrement": True},)


class AlarmAckRow(Base):
    """Who acknowledged an alarm, when; append-only."""

    __tablename__ = "alarm_acks"

    alarm_id: Mapped[str] = mapped_column(ForeignKey("alarms.id"), primary_key=True)
    at: Mapped[datetime]
    who: Mapped[str]


class CommentRow(Base):
    """A note on an inspection; append-only."""

    __tablename__ = "comments"

    serial: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    inspection_id: Mapped[str] = mapped_column(ForeignKey("inspections.id"), index=True)
    at: Mapped[datetime]
    who: Mapped[str]
    text: Mapped[str]

    __table_args__ = ({"sqlite_autoincrement": True},)


class RandomAuditRow(Base):
    """An OK part the program drew for a person who does not see the verdict; append-only. The answer is an override."""

    __tablename__ = "random_audits"

    inspection_id: Mapped[str] = mapped_column(ForeignKey("inspections.id"), primary_key=True)
    at: Mapped[datetime]
    one_in: Mapped[int] = mapped_column(Integer)
    """It was drawn with a chance of 1 in so many."""


class GateRow(Base):
    """How the gate before a new model ended; append-only."""

    __tablename__ = "gates"

    serial: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    candidate: Mapped[str] = mapped_column(ForeignKey("models.version"))
    against: Mapped[str] = mapped_column(String(64))
    """The version that was active; empty = none."""
    decision: Mapped[str] = mapped_column(String(16))
    """activated or rejected."""
    who: Mapped[str]
    why: Mapped[str]
    figures: Mapped[dict[str, Any]]

    __table_args__ = ({"sqlite_autoincrement": True},)


class MetaRow(Base):
    """Facts about the database itself."""

    __tablename__ = "meta"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str]
