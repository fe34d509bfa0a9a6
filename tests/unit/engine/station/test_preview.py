"""A preview: the newest frame and how the source stands, until it is stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from engine.errors import FrameIncomplete, PictureError
from engine.sources.files.folder import FolderSource
from engine.sources.supervisor import SourceState
from engine.station.preview import Preview, Standing
from tests.frames import ListSource, part
from tests.gui.fake_camera import SILENT, SILENT_REMEDY, FakeCamera

PATIENCE_S = 120.0


def wait_for(so: Callable[[], bool]) -> None:
    """Until it is so."""
    until = time.monotonic() + PATIENCE_S
    while not so():
        assert time.monotonic() < until, "it never came about"
        time.sleep(0.005)


class Stands:
    """Collects what a preview says of its source."""

    def __init__(self, preview: Preview) -> None:
        self._preview = preview
        self.all: list[Standing] = []

    def until(self, wanted: Callable[[Standing], bool]) -> Standing:
        """The first one that is as wanted."""

        def come() -> bool:
            standing = self._preview.standing.take()
            if standing is not None:
                self.all.append(standing)
            return standing is not None and wanted(standing)

        wait_for(come)
        return self.all[-1]


def frames_from(preview: Preview) -> list[int]:
    """The sequence of the newest frame, if there is a new one."""
    frame = preview.frames.take()
    return [] if frame is None else [frame.sequence]


def test_it_shows_the_newest_frame_and_no_thread_outlives_it() -> None:
    before = set(threading.enumerate())
    camera = FakeCamera()
    with Preview(camera) as preview:
        wait_for(lambda: any(sequence > 2 for sequence in frames_from(preview)))
        assert camera.opened_now == 1
    assert not preview.running and camera.opened_now == 0
    assert set(threading.enumerate()) == before


def test_starting_and_stopping_twice_is_once_and_it_can_begin_anew() -> None:
    camera = FakeCamera()
    preview = Preview(camera)
    assert preview.stop()
    preview.start()
    preview.start()
    wait_for(lambda: bool(frames_from(preview)))
    assert preview.stop() and preview.stop()
    preview.start()
    wait_for(lambda: camera.opened_ever == 2 and bool(frames_from(preview)))
    assert preview.stop() and camera.opened_most == 1


def test_a_lost_source_is_told_with_its_remedy_and_comes_back_with_its_settings() -> None:
    camera = FakeCamera()
    with Preview(camera, {"gain_db": 6.0}) as preview:
        stands = Stands(preview)
        stands.until(lambda s: s.state is SourceState.STREAMING)
        camera.lose()
        lost = stands.until(lambda s: s.state is SourceState.BACKOFF)
        assert SILENT in lost.words and SILENT_REMEDY in lost.words and not lost.over
        assert 0 < lost.retry_in <= lost.retry_s
        camera.come_back()
        stands.until(lambda s: s.state is SourceState.STREAMING)
        preview.frames.take()
        wait_for(lambda: bool(frames_from(preview)))
    assert camera.sets == [("gain_db", 6.0), ("gain_db", 6.0)]


def test_a_damaged_frame_is_counted_and_never_shown() -> None:
    damaged = FrameIncomplete("Packets are missing.", sequence=2)
    with Preview(ListSource([part(), damaged, PictureError("No picture."), part()])) as preview:
        over = Stands(preview).until(lambda s: s.over)
        assert not over.failed and preview.source.incomplete == 1
        newest = preview.frames.take()
    assert newest is not None and preview.frames.replaced == 1


def test_what_cannot_be_opened_is_said_in_one_sentence_and_it_ends(tmp_path: Path) -> None:
    with Preview(FolderSource(tmp_path / "nothing")) as preview:
        over = Stands(preview).until(lambda s: s.over)
        assert over.failed and "nothing" in over.words
        wait_for(lambda: not preview.running)
