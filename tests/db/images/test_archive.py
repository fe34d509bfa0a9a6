"""The picture archive keeps exactly what it was given, inside its folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from db.images.archive import Archive
from engine.domain.inspection import Pixels
from engine.errors import InputError, PictureError, StorageError
from tests.db import make


@pytest.mark.parametrize(
    "pixels",
    [
        make.pixels(),
        np.dstack([make.pixels(1), make.pixels(2), make.pixels(3)]),
        make.pixels(4).astype(np.uint16) * 257,
        np.dstack([make.pixels(n).astype(np.uint16) * 200 for n in range(3)]),
        make.pixels(5)[::2, ::3],
    ],
    ids=["grey", "colour", "grey16", "colour16", "strided"],
)
def test_pixels_come_back_exactly(tmp_path: Path, pixels: Pixels) -> None:
    archive = Archive(tmp_path / "archive")
    image, heat = archive.save("a1", make.START, pixels, None)
    assert (image, heat) == ("2026-03-01/a1.png", None)
    read = archive.load(image)
    assert read.dtype == pixels.dtype
    assert np.array_equal(read, pixels)


def test_heat_map_comes_back_to_a_255th(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    heat = np.linspace(-0.1, 1.1, 48, dtype=np.float32).reshape(6, 8)
    _, path = archive.save("a1", make.START, make.pixels(), heat)
    assert path is not None
    assert np.abs(archive.load_heat(path) - heat.clip(0, 1)).max() <= 0.5 / 255 + 1e-6


def test_nothing_but_complete_files_is_left(tmp_path: Path) -> None:
    Archive(tmp_path).save("a1", make.START, make.pixels(), np.zeros((2, 2), np.float32))
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == ["a1.heat.png", "a1.png"]


@pytest.mark.parametrize(
    "path", ["../secret.png", "/etc/passwd", "a/../../x.png", "", "C:/x.png", "a\\..\\x.png", "x\0.png"]
)
def test_path_that_leads_out_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    archive = Archive(tmp_path / "archive")
    for read in (archive.load, archive.load_heat, archive.load_mask, archive.fingerprint):
        with pytest.raises(InputError, match="leads out"):
            read(path)


def test_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    image, _ = archive.save("a1", make.START, make.pixels())
    (tmp_path / "archive" / "link").symlink_to(tmp_path)
    with pytest.raises(InputError, match="leads out"):
        archive.load("link/archive/../../x.png")
    (tmp_path / "outside.png").write_bytes(archive.path(image).read_bytes())
    with pytest.raises(InputError, match="leads out"):
        archive.load("link/outside.png")


@pytest.mark.parametrize("name", ["../a", "a/b", "", ".hidden", "a" * 65])
def test_id_that_is_no_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        Archive(tmp_path / "archive").save(name, make.START, make.pixels())
    assert not (tmp_path / "a.png").exists()


def test_missing_and_damaged_pictures_are_named(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    with pytest.raises(PictureError, match=r"gone\.png"):
        archive.load("2026-03-01/gone.png")
    image, _ = archive.save("a1", make.START, make.pixels())
    whole = archive.path(image).read_bytes()
    archive.path(image).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PictureError, match=r"a1\.png"):
        archive.load(image)


def test_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError):
        Archive(tmp_path / "file" / "archive").save("a1", make.START, make.pixels())


def test_free_space_is_told_before_the_folder_exists(tmp_path: Path) -> None:
    assert Archive(tmp_path / "not" / "yet").free_bytes() > 0
