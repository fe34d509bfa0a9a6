from __future__ import annotations

import errno
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.domain.inspection import Frame
from engine.domain.recipe import FilePages
from engine.errors import FrameTimeout, InputError, PictureError, SourceLost, SourceNotFound, UsageError
from engine.sources.base import FrameSource
from engine.sources.files import filing, watch
from engine.sources.files.watch import WatchSource, cameras, source
from tests.unit.engine.images.test_pages import stack

pytestmark = pytest.mark.slow

DEADLINE_S = 120.0


def _png(value: int) -> bytes:
    return cv2.imencode(".png", np.full((20, 30), value, np.uint8))[1].tobytes()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same in less time."""
    for name, seconds in {"POLL_S": 0.03, "QUIET_S": 0.1, "_RETRY_S": 0.1}.items():
        monkeypatch.setattr(watch, name, seconds)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "incoming"
    made.mkdir()
    return made


@pytest.fixture
def opened() -> Iterator[Callable[[str], WatchSource]]:
    sources: list[WatchSource] = []

    def make(rest: str) -> WatchSource:
        sources.append(source(rest))
        sources[-1].open()
        return sources[-1]

    yield make
    for one in sources:
        one.close()


def _next(watched: WatchSource) -> Frame:
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        with suppress(FrameTimeout):
            return watched.read(0.05)
    raise AssertionError("no picture")


def _none(watched: WatchSource, seconds: float = 0.4) -> None:
    """Nothing comes for longer than a whole file needs to be taken."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with pytest.raises(FrameTimeout):
            watched.read(0.05)


def test_new_pictures_come_once_in_order_of_arrival(folder: Path, opened: Callable[[str], WatchSource]) -> None:
    (folder / "old.png").write_bytes(_png(9))
    watched = opened(str(folder))
    checked: FrameSource = watched
    assert (checked.free_running, checked.live, checked.total, checked.skipped) == (False, False, None, 0)
    for n, name in enumerate(("p10.png", "p2.png", "p1.JPG")):
        data = _png(n) if name.endswith("png") else cv2.imencode(".jpg", np.full((20, 30), n, np.uint8))[1].tobytes()
        (folder / name).write_bytes(data)
        os.utime(folder / name, ns=(10**18 + n, 10**18 + n))
    (folder / "notes.txt").write_text("no picture")
    (folder / "below").mkdir()
    (folder / "below" / "deep.png").write_bytes(_png(5))
    frames = [_next(watched) for _ in range(3)]
    assert [Path(frame.name).name for frame in frames] == ["p10.png", "p2.png", "p1.JPG"]
    assert [frame.sequence for frame in frames] == [0, 1, 2]
    assert [int(frame.pixels[0, 0]) for frame in frames] == [0, 1, 2]
    assert frames[0].source == watched.uri == f"watch:{folder}"
    _none(watched)


def test_a_name_that_ends_in_a_blank_is_a_picture_as_in_a_scan(
    folder: Path, opened: Callable[[str], WatchSource]
) -> None:
    watched = opened(str(folder))
    (folder / "c.png ").write_bytes(_png(4))
    assert int(_next(watched).pixels[0, 0]) == 4


def test_a_changed_file_is_a_new_picture(folder: Path, opened: Callable[[str], WatchSource]) -> None:
    watched = opened(str(folder))
    (folder / "latest.png").write_bytes(_png(1))
    assert int(_next(watched).pixels[0, 0]) == 1
    (folder / "latest.png").write_bytes(_png(2))
    os.utime(folder / "latest.png", ns=(10**18, 10**18))
    assert int(_next(watched).pixels[0, 0]) == 2
    _none(watched)


def test_a_file_that_grows_is_taken_when_it_is_whole(folder: Path, opened: Callable[[str], WatchSource]) -> None:
    watched = opened(str(folder))
    data = cv2.imencode(".png", np.random.default_rng(1).integers(0, 255, (100, 100), np.uint8))[1].tobytes()
    third = len(data) // 3
    with (folder / "slow.png").open("wb", buffering=0) as file:
        for at in (0, third):
            file.write(data[at : at + third])
            # Longer than a file must be quiet: its missing end is what keeps it waiting.
            _none(watched)
            (folder / "quick.png").write_bytes(_png(3))
            os.utime(folder / "quick.png", ns=(10**18 + at, 10**18 + at))
            assert _next(watched).name.endswith("quick.png")
        file.write(data[2 * third :])
    assert _next(watched).size == (100, 100)
    _none(watched)


def test_a_file_that_stays_torn_is_a_bad_picture(
    folder: Path, opened: Callable[[str], WatchSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "PATIENCE_S", 0.6)
    watched = opened(str(folder))
    (folder / "torn.png").write_bytes(_png(1)[:-10])
    with pytest.raises(PictureError, match=r"torn\.png") as caught:
        _next(watched)
    assert caught.value.name == str(folder / "torn.png")
    _none(watched)
    (folder / "torn.png").write_bytes(_png(1))
    assert _next(watched).size == (20, 30)


@pytest.mark.parametrize("name", [".hidden.png", "a.png.tmp", "a.png.part", "~a.png"])
def test_an_unfinished_name_is_ignored_until_it_is_renamed(
    folder: Path, opened: Callable[[str], WatchSource], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Renamed is complete: no further waiting, which would outlast this test.
    monkeypatch.setattr(watch, "QUIET_S", 3600.0)
    watched = opened(str(folder))
    (folder / name).write_bytes(_png(7))
    _none(watched)
    (folder / name).rename(folder / "a.png")
    assert _next(watched).name == str(folder / "a.png")


def test_a_pattern_chooses_among_the_names(folder: Path, opened: Callable[[str], WatchSource]) -> None:
    watched = opened(f"{folder}?pattern=*_TOP.png")
    for name in ("a_side.png", "a_top.png"):
        (folder / name).write_bytes(_png(1))
    assert _next(watched).name.endswith("a_top.png")
    _none(watched)


def test_existing_pictures_are_taken_when_asked_for(folder: Path, opened: Callable[[str], WatchSource]) -> None:
    for name in ("p10.png", "p2.png"):
        (folder / name).write_bytes(_png(1))
        os.utime(folder / name, ns=(10**18, 10**18))
    watched = opened(f"{folder}?existing=yes")
    assert [Path(_next(watched).name).name for _ in range(2)] == ["p2.png", "p10.png"]
    _none(watched)


def test_a_finished_picture_is_moved_with_the_read_after(
    folder: Path, tmp_path: Path, opened: Callable[[str], WatchSource]
) -> None:
    done = tmp_path / "done" / "today"
    (folder / "left.png").write_bytes(_png(4))
    watched = opened(f"{folder}?move={done}")
    # What lies there was not judged, or it would have been moved.
    assert _next(watched).name.endswith("left.png")
    assert (folder / "left.png").exists()
    (done / "left.png").write_bytes(b"another")
    (folder / "next.png").write_bytes(_png(5))
    assert _next(watched).name.endswith("next.png")
    assert (done / "left.png").read_bytes() == b"another"
    assert (done / "left (2).png").read_bytes() == _png(4)
    assert (folder / "next.png").exists()
    _none(watched)
    assert sorted(path.name for path in done.iterdir()) == ["left (2).png", "left.png", "next.png"]
    assert list(folder.iterdir()) == []
    watched.close()
    again = opened(f"{folder}?move={done}")
    _none(again)
    (folder / "next.png").write_bytes(_png(5))
    assert _next(again).name.endswith("next.png")


def test_the_last_picture_is_not_moved_before_it_was_judged(folder: Path, tmp_path: Path) -> None:
    (folder / "a.png").write_bytes(_png(1))
    with closing(source(f"{folder}?move={tmp_path / 'done'}")) as watched:
        watched.open()
        _next(watched)
    assert (folder / "a.png").exists()


def test_a_move_that_fails_is_a_warning_and_the_picture_is_not_judged_again(
    folder: Path,
    tmp_path: Path,
    opened: Callable[[str], WatchSource],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(_source: object, _target: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(filing.os, "replace", full)
    (folder / "a.png").write_bytes(_png(1))
    done = tmp_path / "done"
    watched = opened(f"{folder}?move={done}")
    _next(watched)
    with caplog.at_level(logging.WARNING):
        _none(watched)
    assert "a.png could not be moved" in caplog.text
    assert (folder / "a.png").read_bytes() == _png(1)
    assert list(done.iterdir()) == []


def test_a_move_to_another_drive_copies_whole_files(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.replace

    def elsewhere(before: Path, after: Path) -> None:
        if before.parent != after.parent:
            raise OSError(errno.EXDEV, "another drive")
        real(before, after)

    monkeypatch.setattr(filing.os, "replace", elsewhere)
    (folder / "a.png").write_bytes(_png(1))
    done = tmp_path / "done"
    assert filing.file_away(folder / "a.png", done) == done / "a.png"
    assert [path.name for path in done.iterdir()] == ["a.png"]
    assert (done / "a.png").read_bytes() == _png(1)
    assert list(folder.iterdir()) == []


def test_a_folder_that_vanishes_is_lost_and_comes_back_without_judging_twice(
    folder: Path, tmp_path: Path, opened: Callable[[str], WatchSource]
) -> None:
    watched = opened(str(folder))
    (folder / "a.png").write_bytes(_png(1))
    assert _next(watched).name.endswith("a.png")
    folder.rename(tmp_path / "away")
    with pytest.raises(SourceLost, match="is not there"):
        _next(watched)
    with pytest.raises(SourceLost):
        watched.check()
    with pytest.raises(SourceNotFound):
        watched.open()
    # An empty mount point, then the drive again, with a picture that came meanwhile.
    folder.mkdir()
    watched.open()
    _none(watched)
    (tmp_path / "away" / "b.png").write_bytes(_png(2))
    folder.rmdir()
    (tmp_path / "away").rename(folder)
    with pytest.raises(SourceLost):
        _next(watched)
    watched.open()
    assert _next(watched).name.endswith("b.png")
    _none(watched)


def test_what_is_forgotten_is_what_lies_there_no_more(
    folder: Path, opened: Callable[[str], WatchSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_REMEMBERED", 4)
    monkeypatch.setattr(watch, "QUIET_S", 0.0)
    (folder / "stays.png").write_bytes(_png(1))
    watched = opened(str(folder))
    for n in range(8):
        (folder / f"p{n}.png").write_bytes(_png(n))
        _next(watched)
        (folder / f"p{n}.png").unlink()
    _none(watched)
    assert len(watched._known) <= 6
    assert "stays.png" in watched._known


def test_a_look_asks_only_some_of_the_known_files(
    folder: Path, opened: Callable[[str], WatchSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_RECHECKED", 3)
    for n in range(10):
        (folder / f"p{n}.png").write_bytes(_png(n))
    watched = opened(str(folder))
    (folder / "p7.png").write_bytes(_png(77))
    os.utime(folder / "p7.png", ns=(10**18, 10**18))
    assert int(_next(watched).pixels[0, 0]) == 77
    _none(watched)


@pytest.mark.parametrize(
    "rest", ["", " ", "?move=/tmp/x", "/in?existing=perhaps", "/in?move=", "/in?pattern= ", "/in?move=/in"]
)
def test_an_option_that_cannot_be_is_refused(rest: str) -> None:
    with pytest.raises(UsageError):
        source(rest)


def test_the_uri_opens_the_same_again_whatever_the_paths_hold(tmp_path: Path) -> None:
    rest = f"{tmp_path}/what? & why%20?move={tmp_path}/done & over?&pattern=*_a.png&existing=no"
    watched = source(rest)
    assert watched.uri == f"watch:{rest}"
    assert source(watched.uri.removeprefix("watch:"))._settings == watched._settings
    assert watched._settings.folder == tmp_path / "what? & why%20"
    assert cameras() == []
    with pytest.raises(UsageError, match="not open"):
        watched.read(0.1)


def test_a_folder_for_finished_pictures_that_cannot_be_made_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(InputError, match="cannot be made"):
        source(f"{folder}?move={tmp_path / 'file' / 'done'}").open()
    shutil.rmtree(folder)
    with pytest.raises(SourceNotFound):
        source(str(folder)).open()


def test_each_page_of_a_file_is_a_picture_and_the_file_is_moved_after_its_last(
    folder: Path, tmp_path: Path, opened: Callable[[str], WatchSource]
) -> None:
    watched = opened(f"{folder}?move={tmp_path / 'done'}")
    watched.pages = FilePages.EACH
    stack(folder / "a.tif")
    frames = [_next(watched) for _ in range(3)]
    assert [Path(frame.name).name for frame in frames] == ["a.tif", "a.tif#2", "a.tif#3"]
    assert [int(frame.pixels[0, 0]) for frame in frames] == [20, 90, 250]
    assert (folder / "a.tif").exists()
    _none(watched, 0.1)
    assert [path.name for path in (tmp_path / "done").iterdir()] == ["a.tif"]


def test_pages_of_a_file_that_is_written_over_are_not_mixed(folder: Path, opened: Callable[[str], WatchSource]) -> None:
    watched = opened(str(folder))
    watched.pages = FilePages.EACH
    stack(folder / "a.tif")
    assert int(_next(watched).pixels[0, 0]) == 20
    stack(folder / "a.tif", (7, 8))
    os.utime(folder / "a.tif", ns=(10**18, 10**18))
    with pytest.raises(PictureError, match="written over while") as caught:
        _next(watched)
    assert caught.value.name == f"{folder / 'a.tif'}#2"
    assert [int(_next(watched).pixels[0, 0]) for _ in range(2)] == [7, 8]
    _none(watched)


def test_what_lies_there_and_is_never_judged_is_told_once(
    folder: Path, tmp_path: Path, opened: Callable[[str], WatchSource]
) -> None:
    for name in ("notes.txt", ".hidden.heic", "a.png.part", "old.png", "x.heic"):
        (folder / name).touch()
    for name in ("done", "2026-11-30"):
        (folder / name).mkdir()
    os.mkfifo(folder / "pipe.png")
    watched = opened(f"{folder}?existing=no&move={folder / 'done'}")
    assert [remark.message for remark in watched.remarks()] == [
        f"Not judged in {folder}: pipes, devices or broken links (1).",
        f"Not judged in {folder}: files of a kind that is not read (1: .heic).",
        f"Not judged in {folder}: sub-folders (1).",
    ]
    (folder / "y.heic").touch()
    (folder / "folder.png").mkdir()
    (folder / "label_label.png").write_bytes(_png(3))
    assert int(_next(watched).pixels[0, 0]) == 3
    _none(watched)
    assert watched.remarks() == ()


def test_pictures_that_are_written_over_before_they_are_judged_are_counted(
    folder: Path, opened: Callable[[str], WatchSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "QUIET_S", 3600.0)
    monkeypatch.setattr(watch, "POLL_S", 0.0)
    watched = opened(str(folder))
    for value in (1, 2, 3):
        (folder / "latest.png").write_bytes(
            cv2.imencode(".png", np.full((20, 30 * value), value, np.uint8))[1].tobytes()
        )
        _none(watched, 0.1)
        assert watched.remarks() == ()
    (folder / "latest.png").unlink()
    _none(watched, 0.1)
    assert [remark.message for remark in watched.remarks()] == ["2 pictures were written over before they were judged."]
