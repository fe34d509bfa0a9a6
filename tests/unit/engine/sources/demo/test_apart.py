"""The demo line in a process of its own: the same parts, the same truth, the same end."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from engine.domain.inspection import Frame
from engine.errors import FrameTimeout, SourceEnded, SourceLost
from engine.sources.base import FrameSource
from engine.sources.catalogue import open_here, open_source
from engine.sources.demo import PartMaker
from engine.sources.process.source import ApartSource

pytestmark = pytest.mark.slow

PATIENT_S = 120.0


@pytest.fixture
def line() -> Iterator[FrameSource]:
    made = open_source("demo:?seed=9&fps=60&count=40&defect_rate=0.5")
    yield made
    made.close()


def frames(source: FrameSource) -> list[Frame]:
    source.open()
    found = []
    try:
        while True:
            found.append(source.read(PATIENT_S))
    except SourceEnded as end:
        assert "40 parts" in end.message
    return found


def test_its_parts_are_those_of_the_seed_with_their_truth(line: FrameSource) -> None:
    maker, found = PartMaker(9, defect_rate=0.5), frames(line)
    numbers = [frame.sequence for frame in found]
    assert numbers[0] == 0
    assert numbers == sorted(set(numbers)) and numbers[-1] < 40
    for frame in found:
        part = maker.part(frame.sequence)
        assert np.array_equal(frame.pixels, part.pixels)
        assert frame.truth == part.truth
        assert frame.ref.truth == part.truth.label
        assert frame.source == line.uri
    assert maker.part(0).truth.label != "ok"


def test_it_says_the_same_of_itself_before_it_is_open(line: FrameSource) -> None:
    here = open_here(line.uri)
    said = [(s.uri, s.description, s.free_running, s.live, s.total) for s in (line, here)]
    assert said[0] == said[1]
    line.open()
    assert (line.uri, line.description, line.free_running, line.live, line.total) == said[1]


def test_any_rate_and_share_survive_the_way_there() -> None:
    assert open_source("demo:?fps=29.97002997&defect_rate=0.123456789").uri == (
        "demo:?fps=29.97002997&defect_rate=0.123456789"
    )


def test_a_slow_line_is_waited_for() -> None:
    line = open_source("demo:?seed=11&fps=0.001")
    line.open()
    try:
        assert line.read(PATIENT_S).sequence == 0
        with pytest.raises(FrameTimeout):
            line.read(0.0)
    finally:
        line.close()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_line_whose_process_was_killed_is_lost_and_can_be_opened_again(line: FrameSource) -> None:
    assert isinstance(line, ApartSource)
    line.open()
    line.read(PATIENT_S)
    assert line.pid is not None
    os.kill(line.pid, signal.SIGKILL)
    with pytest.raises(SourceLost):
        while True:
            line.read(PATIENT_S)
    line.open()
    assert line.read(PATIENT_S).sequence == 0
