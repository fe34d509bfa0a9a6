"""The whole station on a real GigE Vision stream: killed and back, lossy, and judging the pictures it was sent."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine import events
from engine.backends.load import load_model
from engine.domain.inspection import Inspection, Outcome
from engine.images.listing import list_pictures
from engine.images.pictures import read_picture
from engine.packages.package import open_package
from engine.verdicts.verdict import decide
from tests.frames import part
from tests.peers.cycles import Cycles, Line, run_cycles, steady, until
from tests.peers.gige import FakeGigE, need_aravis

pytestmark = [pytest.mark.prove(shard="cameras"), pytest.mark.timeout(900)]
LATE_S = 2.0
"""What the camera sent before it was killed may take so long to arrive; missed it is only after three."""


@pytest.fixture(autouse=True)
def aravis() -> None:
    """All of these need it."""
    need_aravis()


def judged(rows: tuple[Inspection, ...] | list[Inspection]) -> list[Inspection]:
    return [row for row in rows if row.verdict.outcome is not Outcome.NO_VERDICT]


def test_a_killed_camera_comes_back_three_times_and_nothing_is_judged_on_an_old_frame(tmp_path: Path) -> None:
    done = run_cycles(3, tmp_path)
    for cycle in done.cycles:
        assert cycle.lost_s < 7 and cycle.back_s < 6, cycle
    check_rows(done)
    check_growth(done)
    # No answer of the station waits for the camera, whose loss takes half a second and whose opening takes more.
    assert done.slowest_s < 0.5


def check_rows(done: Cycles) -> None:
    """Every verdict is on a fresh, whole picture taken as the recipe says; each loss has a row of its own."""
    rows, sound = done.rows, judged(done.rows)
    inspected = [event for event in done.events if isinstance(event, events.Inspected)]
    assert [event.inspection.id for event in inspected] == [row.id for row in rows]
    assert {(row.frame.height, row.frame.width) for row in sound} == {(240, 320)}
    for row in sound:
        assert 0 <= (row.times.inspected_at - row.frame.captured_at).total_seconds() < 10
        for cycle in done.cycles:
            late = (row.frame.captured_at - cycle.killed_at).total_seconds()
            assert late < LATE_S or row.frame.captured_at >= cycle.back_at
    for before, after in pairwise(sound):
        assert after.frame.device_ns > before.frame.device_ns
        assert after.frame.captured_at > before.frame.captured_at
    for cycle in done.cycles:
        lost = [row for row in rows if cycle.killed_at < row.frame.captured_at < cycle.back_at and row not in sound]
        assert any("does not answer" in reason for row in lost for reason in row.verdict.reasons)


def check_growth(done: Cycles) -> None:
    """What one cycle holds, the last one holds."""
    first, last = done.cycles[0], done.cycles[-1]
    for what in ("threads", "files", "children", "segments"):
        assert getattr(last, what) <= getattr(first, what), what
    assert last.memory - first.memory < 30 << 20


def test_full_size_pictures_come_whole(tmp_path: Path) -> None:
    figures = steady(5.0, tmp_path)
    assert figures.losses == 0
    # A loaded machine loses packets, and sends fewer pictures: what it could not take is told, and is the smaller part.
    assert figures.incomplete <= (figures.inspected + figures.skipped) // 10
    assert figures.inspected + figures.skipped >= 30


def test_damaged_frames_get_no_verdict(tmp_path: Path) -> None:
    with FakeGigE(lose=4), Line(tmp_path, FakeGigE.uri, {"packet_size": 3000, "frame_rate": 40.0}) as line:
        until(lambda: line.station.source.incomplete >= 5, "damaged frames")
        line.more(5)
        rows = line.stop()
    damaged = [row for row in rows if row.verdict.outcome is Outcome.NO_VERDICT]
    assert len(damaged) >= 5
    assert all("picture" in row.verdict.reasons[0] and row.frame.height == 0 for row in damaged)
    assert not {row.frame.sequence for row in damaged} & {row.frame.sequence for row in judged(rows)}


@pytest.mark.smoke
def test_pictures_sent_on_a_software_trigger_are_judged_as_their_files_are(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    for index in range(12):
        spot = (0, 0, 140, 127, 255, 90)[index % 6]
        assert cv2.imwrite(str(folder / f"part{index}.png"), part(spot, seed=index))
    assert judged_alike(folder, tmp_path) == {Outcome.OK, Outcome.NG}


@pytest.mark.data
def test_real_castings_over_the_wire_are_judged_as_their_files_are(real_data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "castings"
    folder.mkdir()
    for kind in ("def_front", "ok_front"):
        for path in sorted((real_data / "casting" / "test" / kind).glob("*.jpeg")):
            (folder / f"{kind}-{path.name}").symlink_to(path)
    judged_alike(folder, tmp_path)


def judged_alike(folder: Path, home: Path) -> set[Outcome]:
    """Trigger once per picture; every row must equal what the file gives. Returns the outcomes there were."""
    files = list_pictures(folder)
    with FakeGigE(pictures=folder), Line(home, FakeGigE.uri, {"trigger": "software"}) as line:
        until(lambda: line.count(events.Started) == 1, "the camera")
        for number in range(len(files)):
            line.station.trigger()
            until(lambda wanted=number + 1: line.count(events.Inspected) >= wanted, "the verdict")
        rows = line.stop()
    model = load_model(open_package(home / "tiny"))
    try:
        expected = []
        for path in files:
            prediction = model.run(read_picture(path), line.recipe.view)
            expected.append((decide(prediction, line.recipe), prediction.scores))
    finally:
        model.close()
    assert [row.frame.sequence for row in rows] == list(range(1, len(files) + 1))
    for row, (verdict, scores) in zip(rows, expected, strict=True):
        assert row.verdict == verdict
        assert np.allclose(row.scores.values, scores.values, atol=0, rtol=0)
        assert row.frame.triggered_at is not None and row.frame.triggered_at <= row.times.inspected_at
    return {row.verdict.outcome for row in rows}
