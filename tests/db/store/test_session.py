"""Opening: first use, migration, and every kind of bad place."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from db.inspections import table as inspections
from db.inspections.table import NewInspection
from db.store import migration
from db.store.session import Database, existing, open_database
from engine.errors import DatabaseError, EnvironmentFailure, InputError, StorageError
from tests.db import make
from tests.peers.stopwatch import Stopwatch
from tests.unit.engine.odd_names import write


def test_first_use_makes_folder_and_file(place: Path) -> None:
    assert not place.parent.exists()
    with closing(open_database(place)) as db:
        assert place.exists()
        assert db.folder == place.parent
        assert inspections.count(db) == 0


def test_url_and_path_open_the_same_file(place: Path, db: Database) -> None:
    inspections.add(db, [NewInspection(make.inspection(1))])
    again = open_database(f"sqlite:///{place.as_posix()}")
    assert inspections.count(again) == 1
    assert again.url == db.url
    again.close()


def test_a_database_is_set_up_to_survive_a_power_cut(db: Database) -> None:
    with db.session() as session:
        found = [session.execute(text(f"PRAGMA {p}")).scalar_one() for p in ("journal_mode", "synchronous")]
        assert session.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
    assert found == ["wal", 2]


def test_newer_database_is_refused_and_left_alone(place: Path, db: Database) -> None:
    inspections.add(db, [NewInspection(make.inspection(1))])
    db.close()
    with closing(sqlite3.connect(place)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999_future'")
        raw.commit()
    before = place.read_bytes()
    with pytest.raises(DatabaseError, match=r"newer Lineside.*Update"):
        open_database(place)
    assert place.read_bytes() == before


def test_foreign_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE recipes (cake TEXT)")
        raw.commit()
    with pytest.raises(DatabaseError, match="another program"):
        open_database(path)


def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lineside.db"
    path.write_bytes(b"this is a letter, not a database" * 100)
    with pytest.raises(DatabaseError, match=r"damaged.*Restore"):
        open_database(path)
    assert path.read_bytes().startswith(b"this is a letter")


def test_damaged_pages_are_refused(place: Path, db: Database) -> None:
    inspections.add(db, [NewInspection(make.inspection(n)) for n in range(300)])
    db.close()
    data = bytearray(place.read_bytes())
    for page in range(8, len(data) // 4096, 3):
        data[page * 4096 : page * 4096 + 512] = b"\xa5" * 512
    place.write_bytes(bytes(data))
    with pytest.raises(DatabaseError, match="damaged"):
        open_database(place)


def test_truncated_file_is_refused(place: Path, db: Database) -> None:
    inspections.add(db, [NewInspection(make.inspection(n)) for n in range(300)])
    db.close()
    data = place.read_bytes()
    place.write_bytes(data[: len(data) // 2])
    with pytest.raises(DatabaseError, match="damaged"):
        open_database(place)


def test_place_below_a_file_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError):
        open_database(tmp_path / "file" / "lineside.db")


def test_folder_instead_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="folder"):
        open_database(tmp_path)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "://nothing", "nosuch://here"])
def test_url_that_names_no_file_is_refused(url: str) -> None:
    with pytest.raises(InputError):
        open_database(url)


def test_url_whose_driver_is_not_installed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    with pytest.raises(EnvironmentFailure, match="driver of this database is not installed"):
        open_database("postgresql+psycopg2://here/parts")


def test_locked_database_gives_storage_error_within_the_timeout(place: Path, db: Database) -> None:
    db.close()
    quick = open_database(place, timeout_s=0.3)
    with closing(sqlite3.connect(place, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with Stopwatch() as watch, pytest.raises(StorageError, match=r"locked.*Close"):
            inspections.add(quick, [NewInspection(make.inspection(1))])
        assert watch.seconds < 2.0
        assert inspections.count(quick) == 0, "reading goes on"
    inspections.add(quick, [NewInspection(make.inspection(1))])
    quick.close()


def test_locked_new_database_gives_storage_error(place: Path) -> None:
    place.parent.mkdir(parents=True)
    with closing(sqlite3.connect(place, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageError, match="locked"):
            open_database(place, timeout_s=0.2)


READ_ONLY = """
import os, sys
from db.inspections import table as inspections
from db.store.session import open_database
from engine.errors import StorageError
from tests.db import make
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    open_database(sys.argv[1])
except StorageError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no read-only mode there")
@pytest.mark.parametrize(("exists", "locked"), [(False, "folder"), (True, "folder"), (True, "file")])
def test_read_only_place_is_a_storage_error(exists: bool, locked: str) -> None:
    # Not in tmp_path: pytest closes that to other users, and root is stopped by no mode.
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "lineside.db"
        if exists:
            open_database(place).close()
            place.chmod(0o444 if locked == "file" else 0o666)
        Path(folder).chmod(0o555 if locked == "folder" else 0o777)
        command = [sys.executable, "-c", READ_ONLY, str(place)]
        child = subprocess.run(command, capture_output=True, text=True, timeout=300)
        Path(folder).chmod(0o755)
    assert "read-only" in child.stdout, child.stderr


FULL = """
import resource, sys
from db.inspections import table as inspections
from db.inspections.table import NewInspection
from db.store.session import open_database
from engine.errors import StorageError
from tests.db import make
db = open_database(sys.argv[1])
# No file may grow beyond this: what a full disk does to a writer.
resource.setrlimit(resource.RLIMIT_FSIZE, (800_000, 800_000))
kept = 0
try:
    while kept < 100_000:
        inspections.add(db, [NewInspection(make.inspection(kept))])
        kept += 1
except StorageError as error:
    print(kept, error.remedy)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no RLIMIT_FSIZE")
def test_full_disk_gives_storage_error_and_loses_nothing_committed(place: Path) -> None:
    child = subprocess.run([sys.executable, "-c", FULL, str(place)], capture_output=True, text=True, timeout=600)
    assert "Free some space" in child.stdout, child.stderr
    kept = int(child.stdout.split()[0])
    assert kept > 10
    db = open_database(place)
    assert inspections.count(db) == kept
    inspections.add(db, [NewInspection(make.inspection(kept))])
    db.close()


ADDER = """
import sys
from db.inspections import table as inspections
from db.inspections.table import NewInspection
from db.store.session import open_database
from tests.db import make
db = open_database(sys.argv[1])
for number in range(1_000_000):
    inspections.add(db, [NewInspection(make.inspection(number))])
    print(number, flush=True)
"""


@pytest.mark.prove(shard="kills")
@pytest.mark.smoke
def test_killed_program_loses_no_row_it_reported(place: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", ADDER, str(place)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    reported = [int(child.stdout.readline()) for _ in range(60)]
    child.kill()
    rest, _ = child.communicate(timeout=300)
    reported += [int(line) for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    db = open_database(place)
    assert inspections.count(db) in (len(reported), len(reported) + 1)
    assert all(inspections.get(db, f"{number:024x}") is not None for number in reported)
    db.close()


def test_threads_write_and_read_at_the_same_time(db: Database) -> None:
    failures: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            for number in range(20):
                inspections.add(db, [NewInspection(make.inspection(worker * 100 + number))])
                inspections.page(db, limit=5)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert inspections.count(db) == 80


@pytest.mark.slow
def test_two_programs_may_make_the_same_new_database(place: Path) -> None:
    code = "import sys; from db.store.session import open_database; open_database(sys.argv[1]).close()"
    children = [subprocess.Popen([sys.executable, "-c", code, str(place)], stderr=subprocess.PIPE) for _ in range(3)]
    for child in children:
        _, errors = child.communicate(timeout=300)
        assert child.returncode == 0, errors.decode()


def test_scripts_are_found_in_a_frozen_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    monkeypatch.setattr(migration, "__file__", str(tmp_path / "base.zip" / "db" / "store" / "migration.py"))
    assert migration.scripts_folder() == tmp_path / "db" / "store" / "migrations"


def test_path_with_percent_sign_and_spaces_opens(tmp_path: Path) -> None:
    db = open_database(tmp_path / "50 % off ü" / "line side.db")
    assert inspections.count(db) == 0
    db.close()
    assert (tmp_path / "50 % off ü" / "line side.db").exists()


def test_a_database_may_lie_in_a_folder_of_any_name(tmp_path: Path) -> None:
    place = write(tmp_path, b"Sch\xf6den\x1b/a", b"").parent / "\udce4\n.db"
    for given in (place, f"sqlite:///{place}"):
        with closing(open_database(given)) as first:
            inspections.add(first, [NewInspection(make.inspection(int(isinstance(given, str)) + 1))])
            assert first.url.encode()
            assert first.folder == place.parent
    with closing(open_database(first.url)) as again:
        assert inspections.count(again) == 2
    assert existing(f"sqlite:///{place}")
    with pytest.raises(DatabaseError, match=r"There is no database at .*Sch\\xf6den\\x1b/none.db"):
        existing(f"sqlite:///{place.parent}/none.db")
