"""Any name comes in, is kept as text that everything can hold, and leads back to its file."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError, LinesideError, PictureError
from engine.names import folder_name, name_of, one_line, path_of
from tests.unit.engine.odd_names import NAMES, write

BYTES = st.binary(min_size=1, max_size=40).filter(lambda name: b"\0" not in name and b"/" not in name)


@pytest.mark.parametrize(("name", "kept"), NAMES.items(), ids=NAMES.values())
def test_an_odd_name_is_escaped_and_leads_back(tmp_path: Path, name: bytes, kept: str) -> None:
    path = write(tmp_path, name, b"this one")
    assert name_of(path) == str(tmp_path / kept)
    assert path_of(name_of(path)) == path
    assert path_of(tmp_path / kept).read_bytes() == b"this one"


@pytest.mark.parametrize(
    "name", ["part 1.png", "Körner.png", "部品.png", "a\u200db.png", "C:\\pics\\x86\\u0041.png", r"a\x1b.png", ""]
)
def test_any_other_name_stays_as_it_is(name: str) -> None:
    assert name_of(name) == name
    assert path_of(name) == Path(name)


@given(BYTES)
def test_what_is_kept_is_text_that_stays_on_its_line(raw: bytes) -> None:
    kept = name_of(os.fsdecode(raw))
    assert kept.encode().decode() == kept
    assert json.loads(json.dumps(kept)) == kept
    assert len(kept.splitlines()) == 1
    assert not any(ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0 for letter in kept)
    assert name_of(kept) == kept


@given(BYTES, BYTES)
def test_two_names_are_kept_apart_unless_one_spells_the_others_escape(one: bytes, other: bytes) -> None:
    first, second = os.fsdecode(one), os.fsdecode(other)
    same = name_of(first) == name_of(second)
    assert not same or first == second or name_of(first) in (first, second)


def test_the_file_of_the_very_name_goes_first(tmp_path: Path) -> None:
    literal = write(tmp_path, rb"a\x1b.png", b"letters")
    write(tmp_path, b"a\x1b.png", b"escape")
    assert path_of(tmp_path / r"a\x1b.png") == literal


def test_what_is_not_there_yet_lies_in_the_folder_that_is(tmp_path: Path) -> None:
    folder = write(tmp_path, b"J\xfcrgen/a.png", b"").parent
    assert path_of(name_of(folder / "new.toml")) == folder / "new.toml"
    assert path_of(tmp_path / r"nowhere\xff" / "new.toml") == tmp_path / r"nowhere\xff" / "new.toml"


@pytest.mark.parametrize("name", [r"..\x2f..\x2fetc", r"a\x00b", r"a\u0041b", r"a\ud800"])
def test_no_escape_leads_elsewhere(tmp_path: Path, name: str) -> None:
    """What `name_of` would never have written is not undone: no slash, no letter comes out of it."""
    (tmp_path / "a").mkdir()
    assert path_of(tmp_path / "a" / name).parent == tmp_path / "a"


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("/in/ng/a.png", "ng"),
        ("C:\\in\\ng\\a.png", "ng"),
        (r"/in/ng/K\xf6rner.png", "ng"),
        (r"/in/Sch\xf6den/a.png", r"Sch\xf6den"),
        ("a.png", ""),
        ("", ""),
    ],
)
def test_a_folders_name_is_told_by_a_kept_name(name: str, folder: str) -> None:
    assert folder_name(name) == folder


def test_an_error_that_names_a_file_can_be_printed_and_kept() -> None:
    error = InputError("There is no \udcf6\x1b[2J.", "Look in\n  \u202etxt.")
    assert str(error) == r"There is no \xf6\x1b[2J. Look in \u202etxt."
    assert pickle.loads(pickle.dumps(error)).message == r"There is no \xf6\x1b[2J."
    assert PictureError("Bad.", name="a\udcf6").name == r"a\xf6"


def test_a_sentence_of_several_lines_is_one() -> None:
    assert LinesideError("It failed:\n\tat its\r\nthird line.\n").message == "It failed: at its third line. "
    assert len(InputError("x" * 10**6).message) < 4096
    assert one_line("Nothing odd, 3 µm ≥ 2 µm.") == "Nothing odd, 3 µm ≥ 2 µm."
