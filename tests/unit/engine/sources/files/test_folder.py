from __future__ import annotations

from datetime import UTC
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.domain.recipe import FilePages
from engine.errors import InputError, PictureError, SourceEnded, UsageError
from engine.sources.base import FrameSource
from engine.sources.files.folder import FolderSource
from tests.unit.engine.images.test_pages import stack


def _folder(tmp_path: Path, count: int = 3) -> Path:
    for n in range(count):
        assert cv2.imwrite(str(tmp_path / f"p{n}.png"), np.full((20, 30), n, np.uint8))
    return tmp_path


def test_every_picture_comes_once_in_order_then_the_end(tmp_path: Path) -> None:
    source: FrameSource = FolderSource(_folder(tmp_path, 12))
    source.open()
    assert source.total == 12
    assert not source.free_running
    for n in range(12):
        frame = source.read(0.2)
        assert frame is not None
        assert (frame.sequence, int(frame.pixels[0, 0]), frame.size) == (n, n, (20, 30))
        assert frame.name == str(tmp_path / f"p{n}.png")
        assert frame.captured_at.tzinfo is UTC
        assert frame.source == f"folder:{tmp_path}"
    for _ in range(2):
        with pytest.raises(SourceEnded):
            source.read(0.2)
    assert source.skipped == 0
    source.close()


def test_one_bad_picture_costs_one_error_and_the_rest_follows(tmp_path: Path) -> None:
    _folder(tmp_path)
    (tmp_path / "p1.png").write_bytes((tmp_path / "p1.png").read_bytes()[:-20])
    source = FolderSource(tmp_path)
    source.open()
    assert source.read(0.2) is not None
    with pytest.raises(PictureError, match=r"p1\.png") as caught:
        source.read(0.2)
    assert caught.value.name == str(tmp_path / "p1.png")
    last = source.read(0.2)
    assert last is not None
    assert last.sequence == 2


def test_picture_deleted_after_opening_is_a_bad_picture(tmp_path: Path) -> None:
    source = FolderSource(_folder(tmp_path))
    source.open()
    (tmp_path / "p0.png").unlink()
    with pytest.raises(PictureError, match=r"p0\.png"):
        source.read(0.2)
    assert source.read(0.2) is not None


def test_empty_folder_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no pictures") as caught:
        FolderSource(tmp_path).open()
    assert caught.value.remedy


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder"):
        FolderSource(tmp_path / "gone").open()


def test_reopened_folder_starts_again_and_sees_new_pictures(tmp_path: Path) -> None:
    source = FolderSource(_folder(tmp_path, 1))
    assert (source.total, source.description) == (None, f"folder {tmp_path.name}")
    source.open()
    source.read(0.2)
    source.close()
    source.close()
    with pytest.raises(UsageError, match="not open"):
        source.read(0.2)
    _folder(tmp_path, 2)
    source.open()
    frame = source.read(0.2)
    assert frame is not None
    assert (frame.sequence, source.total) == (0, 2)
    assert source.description == f"folder {tmp_path.name}, 2 pictures"


def test_each_page_of_a_file_is_a_picture_where_the_recipe_says_so(tmp_path: Path) -> None:
    stack(_folder(tmp_path, 1) / "a.tif")
    source = FolderSource(tmp_path)
    source.pages = FilePages.EACH
    source.open()
    assert source.total == 4
    frames = [source.read(0.2) for _ in range(4)]
    assert [frame.name.rpartition("/")[2] for frame in frames] == ["a.tif", "a.tif#2", "a.tif#3", "p0.png"]
    assert [int(frame.pixels[0, 0]) for frame in frames] == [20, 90, 250, 0]
    assert [frame.sequence for frame in frames] == [0, 1, 2, 3]


def test_a_file_of_several_is_a_bad_picture_or_its_first(tmp_path: Path) -> None:
    stack(_folder(tmp_path, 1) / "a.tif")
    source = FolderSource(tmp_path)
    source.open()
    with pytest.raises(PictureError, match="holds 3 pictures"):
        source.read(0.2)
    assert source.read(0.2).name.endswith("p0.png")
    source.pages = FilePages.FIRST
    source.open()
    assert (source.total, int(source.read(0.2).pixels[0, 0])) == (2, 20)


def test_what_is_not_judged_is_told_once_an_opening(tmp_path: Path) -> None:
    for name in ("p_label.png", "x.heic", "notes.txt", ".hidden"):
        (_folder(tmp_path, 1) / name).touch()
    source = FolderSource(tmp_path)
    source.open()
    assert [remark.message for remark in source.remarks()] == [
        f"Not judged in {tmp_path}: masks by their name (1).",
        f"Not judged in {tmp_path}: files of a kind that is not read (1: .heic).",
    ]
    assert source.remarks() == ()


def test_a_folder_of_nothing_that_is_read_says_what_to_do_about_it(tmp_path: Path) -> None:
    (tmp_path / "x.heic").touch()
    with pytest.raises(InputError, match="holds no pictures") as caught:
        FolderSource(tmp_path).open()
    assert caught.value.remedy.startswith("Save pictures of other kinds as PNG")
