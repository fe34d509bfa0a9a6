"""Every source of files gives a frame a name that can be kept, and opens again by the address it tells."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.errors import PictureError
from engine.images.pictures import read_picture
from engine.names import path_of
from engine.sources.base import FrameSource
from engine.sources.catalogue import open_source
from engine.sources.files import watch
from engine.sources.files.picked import PickedFolder, below, stamp_of
from tests.unit.engine.odd_names import NAMES, write

PICTURE = cv2.imencode(".png", np.full((20, 30), 7, np.uint8))[1].tobytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose own name is odd too."""
    paths = [write(tmp_path, b"Sch\xf6den\x1b/" + name, PICTURE) for name in NAMES]
    return paths[0].parent


def all_names(source: FrameSource, count: int = len(NAMES)) -> list[str]:
    source.open()
    frames = [source.read(5.0) for _ in range(count)]
    source.close()
    assert all(frame.source == source.uri for frame in frames)
    return [frame.name for frame in frames]


def kept(tmp_path: Path) -> set[str]:
    return {str(tmp_path / r"Sch\xf6den\x1b" / name) for name in NAMES.values()}


def test_a_folder(tmp_path: Path, folder: Path) -> None:
    names = all_names(open_source(str(folder)))
    assert set(names) == kept(tmp_path)
    assert all(path_of(name).read_bytes() == PICTURE for name in names)


def test_a_source_opens_again_by_its_address(tmp_path: Path, folder: Path) -> None:
    uri = open_source(f"folder:{folder}").uri
    assert uri == rf"folder:{tmp_path}/Sch\xf6den\x1b"
    assert set(all_names(open_source(uri))) == kept(tmp_path)


def test_a_scan_that_goes_on_knows_what_is_done(tmp_path: Path, folder: Path) -> None:
    done = {below(name, folder): stamp_of(path_of(name)) for name in sorted(kept(tmp_path))[:2]}
    assert set(done) < set(NAMES.values())
    source = PickedFolder(folder, leave_out=done)
    names = all_names(source, len(NAMES) - 2)
    assert {below(name, folder) for name in names} == set(NAMES.values()) - set(done)
    assert all(source.stamp(below(name, folder)) == stamp_of(path_of(name)) for name in names)


def test_a_watched_folder(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "QUIET_S", 0.0)
    source = open_source(f"watch:{folder}?move={tmp_path}/done&existing=yes")
    assert set(all_names(source)) == kept(tmp_path)
    assert r"Sch\xf6den\x1b" in source.uri
    assert len(list((tmp_path / "done").iterdir())) == len(NAMES) - 1, "the last one waits for its verdict"
    assert open_source(source.uri).uri == source.uri


def test_a_video_tells_its_address(tmp_path: Path) -> None:
    path = write(tmp_path, b"l\xf6uf.mp4", b"")
    source = open_source(f"video:{path}")
    assert (source.uri, source.description) == (rf"video:{tmp_path}/l\xf6uf.mp4", r"video l\xf6uf.mp4")


def test_a_bad_picture_is_named_so_too(tmp_path: Path) -> None:
    path = write(tmp_path, b"b\xe4d\x1b[2J.png", b"no picture")
    with pytest.raises(PictureError) as caught:
        read_picture(path)
    assert caught.value.name == str(tmp_path / r"b\xe4d\x1b[2J.png")
    assert caught.value.name in caught.value.message


def test_a_video_whose_name_is_not_utf8_is_read(tmp_path: Path) -> None:
    """OpenCV given the name itself ends the whole program."""
    plain = tmp_path / "plain.avi"
    writer = cv2.VideoWriter(str(plain), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (96, 64))
    for grey in (10, 200):
        writer.write(np.full((64, 96, 3), grey, np.uint8))
    writer.release()
    path = write(tmp_path, b"l\xf6uf\x1b.avi", plain.read_bytes())
    source = open_source(f"video:{path}")
    source.open()
    assert [source.read(1.0).pixels.mean() > 100 for _ in range(2)] == [False, True]
    source.close()
