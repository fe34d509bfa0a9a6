"""Zips from outside: written by any system they are taken as meant, hostile ones are refused and leave nothing."""

from __future__ import annotations

import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from engine.errors import LinesideError, PackageError, StorageError
from engine.packages import archives, package
from engine.packages.archives import members, opened_zip, unpack, without_wrapping
from engine.packages.package import MANIFEST, open_package
from engine.system.places import cache_folder
from tests.packages import write_tiny_package

Named = Callable[[str], str]

LEAVING = [
    *("../evil", "..\\evil", "a/../../evil", "a\\..\\..\\evil", "/evil", "\\evil", "\\\\host\\share\\evil", "C:evil"),
    *("C:\\evil", "c:/evil", "a/b:stream", "..", "__MACOSX/../../evil", "../"),
]
FLAWS = {
    "name is no UTF-8": (8, b"\x00\x08"),
    "checksum": (16, b"\1\2\3\4"),
    "packed length": (20, b"\1\0\0\0"),
    "length": (24, b"\1\0\0\0"),
    "length of 4 GB": (24, b"\xff" * 4),
    "place": (42, b"\7\0\0\0"),
    "version": (6, b"\xff\xff"),
    "length of the name": (28, b"\xff\xff"),
    "length of the extras": (30, b"\4\0"),
    "signature": (0, b"PK\x09\x09"),
}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINESIDE_HOME", str(tmp_path / "home"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny_package(tmp_path / "tiny").folder


def packed(folder: Path, path: Path, named: Named = str, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """The package as a zip, each file under the name that `named` makes of its own."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for file in sorted(folder.iterdir()):
            archive.writestr(as_is(named(file.name)), file.read_bytes(), method)
    return path


def as_is(name: str) -> zipfile.ZipInfo:
    """A name just as an old tool would write it."""
    entry = zipfile.ZipInfo("x")
    entry.filename = name
    return entry


def also(path: Path, name: str, data: bytes = b"x") -> Path:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(as_is(name), data)
    return path


def left_in_cache() -> list[Path]:
    return [path for path in cache_folder().rglob("*") if path.is_file() or path.name.startswith(".")]


def names_in(path: Path) -> list[str]:
    with opened_zip(path) as archive:
        return sorted(map(str, members(archive, 100)))


@pytest.mark.parametrize("wrap", ["", "tiny\\", "tiny/", "out\\models\\tiny\\", "out/models\\tiny/", ".\\", "./tiny/"])
def test_package_is_taken_however_its_folders_were_written(folder: Path, tmp_path: Path, wrap: str) -> None:
    path = packed(folder, tmp_path / "p.zip", lambda name: wrap + name)
    assert open_package(path).version == open_package(folder).version


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_method_that_python_knows_is_read(folder: Path, tmp_path: Path, method: int) -> None:
    assert open_package(packed(folder, tmp_path / "P.ZIP", method=method)).version == open_package(folder).version


def test_what_a_mac_and_windows_add_is_left_out(folder: Path, tmp_path: Path) -> None:
    path = packed(folder, tmp_path / "p.zip", lambda name: f"tiny/{name}")
    for name in (f"__MACOSX/tiny/._{MANIFEST}", "__MACOSX/._tiny", "tiny/.DS_Store", ".DS_Store", "tiny\\Thumbs.db"):
        also(path, name)
    also(path, "__MACOSX\\", b"")
    assert open_package(path).version == open_package(folder).version
    assert all(name.startswith("tiny/") for name in names_in(path))


def test_only_what_the_manifest_lists_is_unpacked(folder: Path, tmp_path: Path) -> None:
    path = packed(folder, tmp_path / "p.zip", lambda name: f"tiny/{name}")
    also(also(path, "tiny/more/notes.txt"), "README.txt")
    made = open_package(path)
    assert sorted(file.name for file in made.folder.iterdir()) == sorted(file.name for file in folder.iterdir())


def test_two_packages_in_one_zip_are_not_chosen_from(folder: Path, tmp_path: Path) -> None:
    path = packed(folder, tmp_path / "p.zip", lambda name: f"a/{name}")
    with pytest.raises(PackageError, match="holds 2 model packages"):
        open_package(also(path, f"b/{MANIFEST}"))


@pytest.mark.parametrize("name", LEAVING)
def test_name_that_leaves_its_folder_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    path = also(packed(folder, tmp_path / "p.zip"), name)
    with pytest.raises(PackageError, match="outside itself"):
        open_package(path)
    assert not list(tmp_path.rglob("evil*")) and not left_in_cache()


@pytest.mark.parametrize("name", ["a\x1b[2Jb", "a\nb", "nul", "dir/COM1.txt", "model.onnx ", "model.onnx."])
def test_name_that_another_system_cannot_write_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(PackageError, match="not every system can write") as found:
        open_package(also(packed(folder, tmp_path / "p.zip"), name))
    assert found.value.message.isprintable() and not left_in_cache()


@pytest.mark.parametrize(
    "names", [("Model.onnx", "model.ONNX"), ("ä.bin", "a\u0308.bin"), ("a/b", "A\\B"), ("a", "a/b"), ("a/b/c", "A/B")]
)
def test_names_that_windows_takes_for_one_are_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    path = tmp_path / "p.zip"
    for name in names:
        also(path, name)
    with pytest.raises(PackageError, match=r"takes for one|as file and as folder"):
        names_in(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_name_twice_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="takes for one"):
        open_package(also(packed(folder, tmp_path / "p.zip"), MANIFEST, b"{}"))


def flawed(path: Path, offset: int, value: bytes) -> Path:
    """`value` written over each entry of the zip's directory at `offset`."""
    data = bytearray(path.read_bytes())
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + offset : at + offset + len(value)] = value
        at = data.find(b"PK\x01\x02", at + 4)
    path.write_bytes(data)
    return path


def test_locked_zip_is_told_from_a_damaged_one(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="locked with a password"):
        open_package(flawed(packed(folder, tmp_path / "p.zip"), 8, b"\x01\x00"))


@pytest.mark.parametrize("method", [9, 12 + 81, 95, 98, 99, 1, 6])
def test_method_that_nobody_here_knows_is_told(folder: Path, tmp_path: Path, method: int) -> None:
    with pytest.raises(PackageError, match="packed in a way this station cannot read"):
        open_package(flawed(packed(folder, tmp_path / "p.zip"), 10, struct.pack("<H", method)))


@pytest.mark.parametrize(("offset", "value"), FLAWS.values(), ids=FLAWS)
def test_damaged_directory_is_one_sentence_and_leaves_nothing(
    folder: Path, tmp_path: Path, offset: int, value: bytes
) -> None:
    path = flawed(packed(folder, tmp_path / "p.zip", lambda name: f"Prüf/{name}"), offset, value)
    if offset == 8:
        path.write_bytes(path.read_bytes().replace("ü".encode(), b"\xff\xff"))
    with pytest.raises(PackageError):
        open_package(path)
    assert not left_in_cache()


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damaged_data_is_one_sentence_and_leaves_nothing(folder: Path, tmp_path: Path, method: int) -> None:
    whole = packed(folder, tmp_path / "p.zip", method=method).read_bytes()
    end = whole.find(b"PK\x01\x02")
    path = tmp_path / "bad.zip"
    for at in range(30, end, end // 60):
        path.write_bytes(whole[:at] + bytes(b ^ 0x5A for b in whole[at : at + 24]) + whole[at + 24 :])
        with pytest.raises(LinesideError):
            open_package(path)
    assert not left_in_cache()


def test_cut_off_zip_is_one_sentence(folder: Path, tmp_path: Path) -> None:
    whole = packed(folder, tmp_path / "p.zip").read_bytes()
    for length in range(0, len(whole), len(whole) // 50):
        (tmp_path / "cut.zip").write_bytes(whole[:length])
        with pytest.raises(PackageError):
            open_package(tmp_path / "cut.zip")
    assert not left_in_cache()


@pytest.mark.parametrize("text", [b"[" * 200_000, b'{"a":' * 100_000, b"1" * 5000, b"\xff\xfe", b"\x80", b""])
def test_manifest_that_cannot_be_read_leaves_nothing(folder: Path, tmp_path: Path, text: bytes) -> None:
    (folder / MANIFEST).write_bytes(text)
    for path in (folder, packed(folder, tmp_path / "p.zip")):
        with pytest.raises(PackageError):
            open_package(path)
    assert not left_in_cache()


def test_what_is_refused_after_it_was_unpacked_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    (folder / "model.onnx").write_bytes(b"\0" * 30_000_000)
    path = packed(folder, tmp_path / "p.zip")
    with pytest.raises(PackageError, match="damaged"):
        open_package(path)
    assert path.stat().st_size < 100_000 and not left_in_cache()


def test_too_much_is_refused_before_it_is_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packed(folder, tmp_path / "p.zip")
    monkeypatch.setattr(package, "MAX_FILE_BYTES", 1000)
    with pytest.raises(PackageError, match="holds more than"):
        open_package(path)
    assert not left_in_cache()


def test_too_many_files_are_refused(folder: Path, tmp_path: Path) -> None:
    path = packed(folder, tmp_path / "p.zip")
    for number in range(package.MAX_FILES):
        also(path, f"n{number}")
    with pytest.raises(PackageError, match="holds more than 64 files"):
        open_package(path)


def test_what_does_not_fit_on_the_disk_is_told_before_it_is_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packed(folder, tmp_path / "p.zip")
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda _folder: usage._replace(free=1000))
    with pytest.raises(StorageError, match="than is free"):
        open_package(path)
    assert not left_in_cache()


def test_zip_that_changes_while_it_is_read_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packed(folder, tmp_path / "p.zip")

    def then_changed(*args: object) -> None:
        unpack(*args)  # type: ignore[arg-type]
        path.write_bytes(path.read_bytes() + b"x")

    monkeypatch.setattr(package, "unpack", then_changed)
    with pytest.raises(PackageError, match="changed while it was read"):
        open_package(path)
    assert not left_in_cache()


def test_copy_in_the_cache_that_was_damaged_is_unpacked_anew(folder: Path, tmp_path: Path) -> None:
    path = packed(folder, tmp_path / "p.zip")
    kept = open_package(path)
    (kept.folder / "model.onnx").write_bytes(b"x")
    assert open_package(path) == kept
    assert (kept.folder / "model.onnx").read_bytes() == (folder / "model.onnx").read_bytes()


def test_what_another_program_unpacked_meanwhile_is_used(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packed(folder, tmp_path / "p.zip")

    def after_another(*args: object) -> None:
        unpack(*args)  # type: ignore[arg-type]
        monkeypatch.setattr(package, "unpack", unpack)
        open_package(path)

    monkeypatch.setattr(package, "unpack", after_another)
    assert open_package(path).version == open_package(folder).version
    assert not [entry for entry in (cache_folder() / "packages").iterdir() if entry.name.startswith(".")]


def test_only_the_folders_that_hold_everything_are_taken_off() -> None:
    entry = zipfile.ZipInfo("x")
    found = {PurePosixPath(name): entry for name in ("a/b/c/x", "a/b/y")}
    assert sorted(map(str, without_wrapping(found))) == ["c/x", "y"]
    assert without_wrapping({}) == {}
