from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.errors import EnvironmentFailure, InputError, UsageError
from engine.sources import catalogue
from engine.sources.catalogue import list_sources, open_here, open_source
from engine.sources.demo.line import DemoSource
from engine.sources.files.folder import FolderSource
from engine.sources.files.video import VideoSource
from engine.sources.process.source import ApartSource


@pytest.mark.parametrize("name", ["plain", "mit Leerzeichen", "100%", "%20", "übergröße", "a?b=c&d#e", "a:b"])
def test_folder_is_opened_by_uri_and_by_bare_path(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "p.png").write_bytes(cv2.imencode(".png", np.zeros((4, 4), np.uint8))[1].tobytes())
    for uri in (f"folder:{folder}", str(folder)):
        source = open_source(uri)
        assert isinstance(source, FolderSource)
        assert source.uri == f"folder:{folder}"
        source.open()
        assert source.total == 1
        source.close()
        assert open_source(source.uri).uri == source.uri


def test_video_is_made_by_uri_and_by_bare_path(tmp_path: Path) -> None:
    path = tmp_path / "run 1.MP4"
    path.touch()
    for uri in (f"video:{path}", f"VIDEO:{path}", str(path)):
        source = open_source(uri)
        assert isinstance(source, VideoSource)
        assert source.uri == f"video:{path}"


@pytest.mark.parametrize(
    ("uri", "again"),
    [
        ("demo:", "demo:"),
        ("demo:?", "demo:"),
        ("demo:?fps=30&seed=0", "demo:"),
        ("demo:?seed=7&fps=30&count=200&kinds=scratch,pit&defect_rate=0.2&start=0", None),
        ("demo:?fps=0&start=5", "demo:?fps=0&start=5"),
    ],
)
def test_demo_line_s_uri_opens_the_same_line_again(uri: str, again: str | None) -> None:
    source = open_source(uri)
    assert source.description.startswith("demo 1280×1024")
    if again is not None:
        assert source.uri == again
    assert open_source(source.uri).uri == source.uri


def test_demo_options_are_heeded() -> None:
    source = open_source("demo:?seed=7&fps=12.5&count=200&kinds=scratch,pit&defect_rate=0.2")
    assert source.total == 200
    assert source.free_running
    assert source.description == "demo 1280×1024 12.5 fps"
    assert source.uri == "demo:?seed=7&fps=12.5&count=200&defect_rate=0.2&kinds=scratch,pit"


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("speed=3", "speed"),
        ("seed=x", "seed"),
        ("seed=-1", "seed"),
        ("fps=-5", "fps"),
        ("fps=nan", "fps"),
        ("fps=1e9", "fps"),
        ("fps=", "fps"),
        ("count=0", "count"),
        ("kinds=rust", "kinds"),
        ("kinds=", "kinds"),
        ("defect_rate=2", "defect_rate"),
        ("defect_rate=nan", "defect_rate"),
        ("start=-3", "start"),
    ],
)
def test_bad_demo_option_names_key_and_remedy(query: str, key: str) -> None:
    with pytest.raises(UsageError, match=key) as caught:
        open_source(f"demo:?{query}")
    assert caught.value.remedy


@pytest.mark.parametrize("uri", ["uvc:0", "gige:GV01", "genicam:0", "basler:1", "rtsp://host/stream", "http://host/v"])
def test_cameras_and_streams_are_made_for_a_process_of_their_own(uri: str) -> None:
    source = open_source(uri)
    assert isinstance(source, ApartSource)
    assert source.uri == uri
    assert source.pid is None
    assert source.live


def test_a_missing_library_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "engine.sources.genicam.pylon", None)
    with pytest.raises(EnvironmentFailure, match="Basler camera") as caught:
        open_here("basler:1")
    assert "lineside[basler]" in caught.value.remedy


def test_kinds_whose_library_is_missing_are_listed_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "engine.sources.genicam.pylon", None)
    assert catalogue._cameras("basler") == []


@pytest.mark.parametrize("uri", ["", "  ", "folder:", "video: ", "ftp://host/x", "demo:seed=3"])
def test_what_names_no_source_is_wrong_use(uri: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_source(uri)
    assert caught.value.remedy


def test_bare_path_that_leads_nowhere_is_bad_input() -> None:
    for text in ("gone/away", "C:\\gone\\away"):
        with pytest.raises(InputError, match="no folder or video"):
            open_source(text)


def test_single_picture_and_foreign_file_are_refused_with_what_to_give(tmp_path: Path) -> None:
    for name in ("one.png", "notes.txt"):
        (tmp_path / name).touch()
        with pytest.raises(UsageError, match=name):
            open_source(str(tmp_path / name))


def test_listed_demo_line_can_be_opened() -> None:
    listed = list_sources()
    assert [info.uri for info in listed] == ["demo:", "folder:PATH", "watch:PATH", "video:PATH", "rtsp://HOST/PATH"]
    assert open_source(listed[0].uri).live


def test_a_demo_line_with_a_rate_has_a_process_of_its_own_as_a_camera_has() -> None:
    assert isinstance(open_source("demo:"), ApartSource)
    assert isinstance(open_source("demo:?fps=0"), DemoSource), "a scan's parts are made as they are read"
    assert isinstance(open_here("demo:"), DemoSource)


def test_every_kind_is_named_where_one_is_unknown() -> None:
    with pytest.raises(UsageError) as refused:
        open_source("nothing:at-all")
    named = {
        word.partition(":")[0] for word in refused.value.remedy.removeprefix("Use ").replace(" or ", ", ").split(", ")
    }
    assert named == {*catalogue._PLAIN, *catalogue._CAMERAS} - {"rtsps", "https"}
    assert {info.kind for info in list_sources()} == {*catalogue._PLAIN, "stream"}


@pytest.mark.parametrize("key", ["seed", "count", "start", "fps", "defect_rate"])
@pytest.mark.parametrize(
    "value", ["9223372036854775808", "9" * 5000, "1000000001", "1e308", "nan", "inf", "-1", "x", ""]
)
def test_a_demo_line_of_no_possible_number_is_told_with_what_is(key: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"The demo line's {key} cannot be") as caught:
        open_source(f"demo:?{key}={value}")
    assert "Use " in caught.value.remedy
    assert len(caught.value.message) < 100
