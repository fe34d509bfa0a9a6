"""Files that hold labels: bounds, text, numbers, order."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import DatasetError
from tests.labelled import hollow, write_text
from trainer.formats.samples.label_files import coordinate, files_below, read_bytes, read_json, read_text

MIB = 1024**2


def test_file_may_be_as_long_as_the_limit_and_no_byte_longer(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.txt", "12345")
    assert read_bytes(path, 5) == b"12345" and read_text(path, 5) == "12345"
    with pytest.raises(DatasetError, match=r"a.txt is larger than 0 MiB\."):
        read_bytes(path, 4)
    with pytest.raises(DatasetError, match="larger than"):
        read_text(path, 4)
    with pytest.raises(DatasetError, match="larger than"):
        read_json(write_text(path, '{"a": 1}'), 7)
    assert read_json(path, 8) == {"a": 1}


def test_limit_is_told_in_mib_and_is_512_by_itself(tmp_path: Path) -> None:
    path = hollow(tmp_path / "a.json", 512 * MIB + 1)
    for read in (read_bytes, read_text, read_json):
        with pytest.raises(DatasetError, match=r"a.json is larger than 512 MiB\."):
            read(path)
    with pytest.raises(DatasetError, match=r"larger than 3 MiB\."):
        read_bytes(path, 3 * MIB)


def test_file_that_is_not_there_is_named_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"a.json cannot be read \(No such file or directory\)"):
        read_json(tmp_path / "a.json")


def test_text_is_utf_8_with_or_without_its_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffgrün".encode())
    assert read_text(path) == "grün"
    path.write_bytes("grün".encode("latin-1"))
    with pytest.raises(DatasetError, match="not text in UTF-8"):
        read_text(path)


@pytest.mark.parametrize(
    ("text", "message"), [("[1]", "not a JSON object"), ("{", "not valid JSON"), ("[" * 100_000, "not valid JSON")]
)
def test_json_that_is_no_object_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        read_json(write_text(tmp_path / "a.json", text))


@pytest.mark.parametrize(
    ("value", "number"), [(3, 3.0), (-2.5, -2.5), (" 7.25 ", 7.25), (1e6, 1e6), (-1_000_000, -1e6), ("1e6", 1e6)]
)
def test_numbers_and_their_text_are_coordinates_up_to_a_million(value: object, number: float) -> None:
    assert coordinate(value, Path("a.xml")) == number


@pytest.mark.parametrize(
    "value", [1_000_001, -1e6 - 1, 10**400, "1e400", float("nan"), "nan", float("inf"), "", "x", True, None, [1], {}]
)
def test_what_can_be_no_place_is_refused(value: object) -> None:
    with pytest.raises(DatasetError, match=r"^a.xml has .* where a coordinate should be"):
        coordinate(value, Path("a.xml"))


def test_forty_letters_of_a_bad_coordinate_are_shown() -> None:
    with pytest.raises(DatasetError) as caught:
        coordinate("9" * 60, Path("a.xml"))
    assert f"{'9' * 40!r} where" in caught.value.message


def test_files_are_in_natural_order_without_hidden_ones(tmp_path: Path) -> None:
    names = ("b10.txt", "b9.TXT", "a/c.txt", "a10/c.txt", "a9/c.txt", ".hidden.txt", ".git/c.txt", "b1.csv")
    for name in names:
        write_text(tmp_path / name, "")
    found = [p.relative_to(tmp_path).as_posix() for p in files_below(tmp_path, ".txt")]
    assert found == ["a/c.txt", "a9/c.txt", "a10/c.txt", "b9.TXT", "b10.txt"]


def test_bounded_search_ends_with_the_first_files(tmp_path: Path) -> None:
    for name in ("c.txt", "b.txt", "a/d.txt", "a/e.txt", "f/g.txt"):
        write_text(tmp_path / name, "")

    def found(at_most: int) -> list[str]:
        return [p.relative_to(tmp_path).as_posix() for p in files_below(tmp_path, ".txt", at_most)]

    assert found(1) == ["b.txt"]
    assert found(2) == ["b.txt", "c.txt"]
    assert found(3) == ["b.txt", "c.txt", "a/d.txt"]
    assert len(found(5)) == len(found(6)) == 5
