"""The migrations give the models' schema, and carry data up and down."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect

from db.inspections import overrides
from db.inspections import table as inspections
from db.inspections.table import NewInspection
from db.store import migration
from db.store.schema import REVISION, Base
from db.store.session import Database, open_database
from engine.domain.inspection import Origin
from engine.errors import DatabaseError
from tests.db import make
from tests.db.older import older

NEXT = '''
"""A later version: one more column on inspections and one more table."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "9000_next"
down_revision = "0005_products"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inspections", sa.Column("shift", sa.Text(), nullable=False, server_default="early"))
    with op.batch_alter_table("models") as table:
        table.alter_column("parent", new_column_name="ancestor")
    {fail}


def downgrade() -> None:
    with op.batch_alter_table("models") as table:
        table.alter_column("ancestor", new_column_name="parent")
    op.drop_column("inspections", "shift")
'''


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """The scripts of a later version."""
    return _later(tmp_path, "pass")


def _later(tmp_path: Path, fail: str) -> Path:
    scripts = tmp_path / "later"
    shutil.copytree(migration.scripts_folder(), scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "9000_next.py").write_text(NEXT.format(fail=fail).lstrip())
    return scripts


def _columns(place: Path, table: str) -> set[str]:
    with closing(sqlite3.connect(place)) as raw:
        return {row[1] for row in raw.execute(f"PRAGMA table_info({table})")}


def test_newest_revision_is_told_without_reading_the_scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert migration.head() == REVISION
    open_database(tmp_path / "lineside.db").close()
    monkeypatch.setattr(migration, "check_known", lambda *_: pytest.fail("Alembic was asked"))
    open_database(tmp_path / "lineside.db").close()


def test_migrations_equal_the_models(db: Database) -> None:
    with db.session() as session:
        connection: Connection = session.connection()
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_make_the_same_tables_as_the_models(tmp_path: Path, place: Path, db: Database) -> None:
    direct = create_engine(f"sqlite:///{tmp_path / 'direct.db'}")
    Base.metadata.create_all(direct)
    wanted = inspect(direct)
    with db.session() as session:
        found = inspect(session.connection())
        for table in Base.metadata.tables:
            for aspect in ("get_pk_constraint", "get_foreign_keys", "get_indexes", "get_unique_constraints"):
                assert getattr(found, aspect)(table) == getattr(wanted, aspect)(table), (table, aspect)
    direct.dispose()


def test_older_database_is_copied_and_migrated_with_its_data(place: Path, db: Database, later: Path) -> None:
    made = make.inspection(1)
    inspections.add(db, [NewInspection(made)])
    overrides.add_override(db, make.override(made))
    db.close()
    newer = open_database(place, scripts=later)
    assert inspections.count(newer) == 1
    assert overrides.in_force(newer, made.id) is not None
    newer.close()
    assert "shift" in _columns(place, "inspections")
    assert "ancestor" in _columns(place, "models")
    copy = place.with_name("lineside.db.before-0005_products")
    assert "shift" not in _columns(copy, "inspections")
    with closing(sqlite3.connect(copy)) as raw:
        assert raw.execute("SELECT count(*) FROM overrides").fetchone() == (1,)


def test_data_survives_up_and_down(place: Path, db: Database, later: Path) -> None:
    made = [make.inspection(n) for n in range(5)]
    inspections.add(db, [NewInspection(m) for m in made])
    overrides.add_override(db, make.override(made[2]))
    before = inspections.page(db).rows
    db.close()
    open_database(place, scripts=later).close()
    with pytest.raises(DatabaseError, match="newer"):
        open_database(place)
    older(place, "0005_products", later)
    again = open_database(place)
    assert inspections.page(again).rows == before
    again.close()


def test_database_of_before_cameras_gets_their_columns(place: Path, db: Database) -> None:
    made = make.inspection(1, origin=Origin.UNKNOWN)
    inspections.add(db, [NewInspection(made)])
    overrides.add_override(db, make.override(made))
    db.close()
    older(place, "0002_pictures")
    assert "bits" not in _columns(place, "inspections")
    again = open_database(place)
    (row,) = inspections.page(again).rows
    assert row.inspection == made
    assert (row.inspection.frame.bits, row.inspection.frame.bayer, row.inspection.frame.exposed_at) == (0, "", None)
    again.close()


def test_a_stored_inspection_still_never_changes(place: Path, db: Database) -> None:
    inspections.add(db, [NewInspection(make.inspection(1))])
    db.close()
    with closing(sqlite3.connect(place)) as raw, pytest.raises(sqlite3.IntegrityError, match="never changes"):
        raw.execute("UPDATE inspections SET bits = 12")


def test_going_down_to_nothing_and_up_again_works(place: Path, db: Database) -> None:
    inspections.add(db, [NewInspection(make.inspection(1))])
    db.close()
    older(place, "base")
    assert _columns(place, "inspections") == set()
    again = open_database(place)
    assert inspections.count(again) == 0
    again.close()


def test_failed_migration_leaves_the_database_as_it_was(tmp_path: Path, place: Path, db: Database) -> None:
    inspections.add(db, [NewInspection(make.inspection(1))])
    db.close()
    broken = _later(tmp_path, "raise RuntimeError('power cut')")
    with pytest.raises(RuntimeError, match="power cut"):
        open_database(place, scripts=broken)
    assert "shift" not in _columns(place, "inspections")
    again = open_database(place)
    assert inspections.count(again) == 1
    again.close()
