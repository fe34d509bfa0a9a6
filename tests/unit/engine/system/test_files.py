"""Whether a place takes what is to be written there at the end; asking leaves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import StorageError
from engine.system.files import check_file, check_folder, write_atomically
from engine.system.places import check_home


def test_a_place_that_takes_files_is_left_as_it_was(tmp_path: Path) -> None:
    check_folder(tmp_path / "a" / "b")
    check_file(tmp_path / "a" / "gate.json")
    check_home(tmp_path / "home")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_already_may_be_replaced(tmp_path: Path) -> None:
    write_atomically(tmp_path / "gate.json", b"before")
    check_file(tmp_path / "gate.json")
    assert (tmp_path / "gate.json").read_bytes() == b"before"


def test_below_a_file_there_is_no_room(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for check in (check_file, check_folder):
        with pytest.raises(StorageError, match="could not be written: Not a directory"):
            check(tmp_path / "file" / "below" / "out")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="is a folder"):
        check_file(tmp_path)
