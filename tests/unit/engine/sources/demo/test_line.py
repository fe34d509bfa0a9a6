from __future__ import annotations

import threading
import time
from datetime import UTC
from itertools import repeat

import numpy as np
import pytest

from engine.domain.inspection import Frame
from engine.errors import FrameTimeout, SourceEnded, UsageError
from engine.sources.base import FrameSource
from engine.sources.demo import PartMaker
from engine.sources.demo.line import DemoSettings, DemoSource
from tests.peers.stopwatch import Stopwatch

pytestmark = pytest.mark.slow

SEED = 3


def _all(source: FrameSource, pause: float = 0.0) -> list[Frame]:
    frames: list[Frame] = []
    while True:
        try:
            frame = source.read(0.2)
        except SourceEnded:
            return frames
        except FrameTimeout:
            continue
        frames.append(frame)
        time.sleep(pause)


def _threads() -> int:
    return sum(thread.name == "demo-line" for thread in threading.enumerate())


def test_unpaced_line_delivers_every_part_as_the_maker_makes_it() -> None:
    source = DemoSource(DemoSettings(seed=SEED, fps=0, count=4, start=6, defect_rate=0.5))
    source.open()
    frames = _all(source)
    maker = PartMaker(SEED, defect_rate=0.5)
    assert [frame.sequence for frame in frames] == [6, 7, 8, 9]
    for frame in frames:
        part = maker.part(frame.sequence)
        np.testing.assert_array_equal(frame.pixels, part.pixels)
        assert frame.truth == part.truth
        assert frame.captured_at.tzinfo is UTC
    assert (source.skipped, source.total, source.free_running) == (0, 4, False)
    source.close()


def test_running_line_ends_after_its_count_and_accounts_for_every_part() -> None:
    source = DemoSource(DemoSettings(seed=SEED, fps=40, count=20))
    source.open()
    frames = _all(source)
    sequences = [frame.sequence for frame in frames]
    assert sequences == sorted(set(sequences))
    assert len(frames) + source.skipped == 20
    with pytest.raises(SourceEnded, match="20 parts"):
        source.read(0.0)
    source.close()
    assert _threads() == 0


def test_slow_reader_gets_the_newest_part_and_the_rest_is_counted() -> None:
    list(PartMaker(SEED).prepare())
    source = DemoSource(DemoSettings(seed=SEED, fps=25))
    source.open()
    until = time.monotonic() + 120
    while source.skipped < 8:
        assert time.monotonic() < until, "nobody reads, and nothing is skipped"
        time.sleep(0.01)
    asked = source.skipped
    frame = source.read(120.0)
    assert frame.sequence >= asked
    assert frame.sequence - source.skipped in (0, -1), "one more may have come by since"
    source.close()


def test_line_faster_than_its_maker_drops_whole_parts_and_counts_them() -> None:
    source = DemoSource(DemoSettings(seed=SEED, fps=1000, count=300))
    source.open()
    frames = _all(source)
    assert len(frames) < 300
    assert len(frames) + source.skipped == 300
    source.close()


def test_read_waits_no_longer_than_told() -> None:
    source = DemoSource(DemoSettings(seed=SEED, fps=0.5))
    source.open()
    assert source.read(0.5) is not None
    with Stopwatch() as watch, pytest.raises(FrameTimeout):
        source.read(0.1)
    assert watch.seconds < 0.3
    with Stopwatch() as watch:
        source.close()
    assert watch.seconds < 1.0
    assert _threads() == 0


def test_first_part_comes_before_what_the_others_are_laid_of_and_closing_does_not_wait_for_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(PartMaker, "prepare", lambda _maker: repeat(None))  # never ready
    source = DemoSource(DemoSettings(seed=SEED, fps=1000))
    source.open()
    assert source.read(0.0).sequence == 0
    with pytest.raises(FrameTimeout):
        source.read(0.0)
    source.close()
    assert _threads() == 0


def test_reopened_line_starts_from_its_first_part() -> None:
    source = DemoSource(DemoSettings(seed=SEED, fps=20))
    for _ in range(2):
        source.open()
        frame = source.read(0.5)
        assert frame is not None
        assert frame.sequence < 3
        source.close()
        source.close()
    with pytest.raises(UsageError, match="not open"):
        source.read(0.1)


@pytest.mark.parametrize("settings", [{"fps": -1.0}, {"fps": float("nan")}, {"count": 0}, {"start": -1}])
def test_settings_refuse_what_cannot_be(settings: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        DemoSettings(**settings)  # type: ignore[arg-type]
