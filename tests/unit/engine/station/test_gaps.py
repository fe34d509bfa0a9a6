"""Places and pauses: which number what was refused gets, what counts as missing, and what comes in a pause."""

from __future__ import annotations

import pytest

from engine.domain.inspection import Frame
from engine.errors import FrameIncomplete, FrameTimeout, LinesideError, PictureError, SourceEnded, SourceLost
from engine.station.intake import Refused
from tests.unit.engine.station.bench import Bench


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_number_0_counts_as_any_other() -> None:
    assert Bench("hardware").sequences(0, 2) == [0, 1, 2]
    bench = Bench("hardware")
    broken = [FrameIncomplete("broken", sequence=0), FrameIncomplete("broken")]
    assert [bench.breaks(error)[0].ref.sequence for error in broken] == [0, 1]
    bench = Bench("hardware")
    assert bench.sequences(0) == [0]
    assert bench.breaks(FrameIncomplete("broken"))[0].ref.sequence == 1
    assert bench.sequences(2, 4) == [2, 3, 4]


def test_before_the_first_frame_a_damaged_one_has_the_first_place_and_is_no_gap() -> None:
    bench = Bench("hardware")
    assert bench.breaks(FrameIncomplete("broken"))[0].ref.sequence == 0
    assert bench.sequences(7) == [7]


def test_a_damaged_frame_with_an_old_number_keeps_it_and_makes_no_gap() -> None:
    bench = Bench("hardware")
    assert bench.sequences(3) == [3]
    assert bench.breaks(FrameIncomplete("broken", sequence=0))[0].ref.sequence == 0
    assert bench.sequences(4, 6) == [4, 5, 6]


def test_unreadable_pictures_take_one_place_each_and_the_source_s_name_without_their_own() -> None:
    bench = Bench("hardware")
    first, second = (bench.breaks(PictureError("no picture", "", name))[0].ref for name in ("", "b.png"))
    assert [(ref.sequence, ref.name) for ref in (first, second)] == [(0, bench.camera.uri), (1, "b.png")]


def test_a_camera_that_was_away_counts_anew() -> None:
    bench = Bench("hardware")
    assert bench.sequences(4, 5) == [4, 5]
    (gone,) = bench.breaks(SourceLost("The cable is out."))
    assert (gone.ref.sequence, gone.alarm) == (0, "")
    assert bench.next() == []
    assert bench.sequences(3, 4) == [3, 4]


@pytest.mark.parametrize(
    ("missing", "rows", "alarm"),
    [
        (1, 1, "A triggered picture never arrived."),
        (2, 2, "2 triggered pictures never arrived."),
        (100, 100, "100 triggered pictures never arrived."),
        (140, 100, "140 triggered pictures never arrived."),
    ],
)
def test_missing_pictures_are_counted_and_get_a_hundred_rows_at_most(missing: int, rows: int, alarm: str) -> None:
    bench = Bench("hardware")
    bench.sequences(7)
    bench.arrives(sequence=8 + missing)
    *refused, frame = bench.next()
    assert isinstance(frame, Frame)
    assert [item.ref.sequence for item in refused] == list(range(8, 8 + rows))
    assert {item.alarm for item in refused if isinstance(item, Refused)} == {alarm}


def test_no_gap_is_told_where_frames_may_be_left_out() -> None:
    files = Bench("hardware")
    files.camera.live = False
    assert files.sequences(3, 9) == [3, 9]
    freed = Bench("hardware")
    assert freed.sequences(3) == [3]
    freed.source.set("trigger", "off")
    assert freed.sequences(9) == [9]
    fired = Bench("software")
    for number in (3, 9):
        fired.intake.trigger()
        assert fired.sequences(number) == [number]


# ── a pause ──────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("came", "goes_on"),
    [
        (FrameTimeout("Nothing came."), True),
        (FrameIncomplete("broken"), True),
        (PictureError("no picture"), True),
        (SourceLost("The cable is out."), True),
        (SourceEnded("That was all."), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_in_a_pause_only_the_end_of_the_source_ends_the_reading(came: LinesideError, goes_on: bool) -> None:
    bench = Bench("hardware")
    bench.camera.coming.append(came)
    assert bench.intake.drain(0.0) is goes_on
    bench.arrives()
    if goes_on and not isinstance(came, SourceLost):
        assert bench.intake.drain(0.0) is True


def test_a_picture_that_comes_in_a_pause_answers_its_trigger() -> None:
    bench = Bench("software", takt_s=0.5)
    bench.intake.trigger()
    bench.arrives()
    bench.intake.drain(0.0)
    bench.clock.tick(0.6)
    assert bench.next() == []


def test_a_camera_lost_in_a_pause_counts_anew_and_nothing_is_waited_for() -> None:
    bench = Bench("software", takt_s=0.5)
    assert bench.sequences(5) == [5]
    bench.intake.trigger()
    bench.camera.coming.append(SourceLost("The cable is out."))
    bench.intake.drain(0.0)
    bench.clock.tick(0.6)
    assert bench.next() == []
    bench.intake.trigger()
    bench.arrives(sequence=1)
    (frame,) = bench.next()
    assert isinstance(frame, Frame)


def test_what_came_in_a_pause_is_no_gap_and_neither_is_what_a_free_camera_left_out() -> None:
    bench = Bench("hardware")
    assert bench.sequences(1) == [1]
    bench.arrives(sequence=5)
    bench.intake.drain(0.0)
    assert bench.sequences(6, 8) == [6, 7, 8]
    bench.source.set("trigger", "off")
    bench.arrives(sequence=20)
    bench.intake.drain(0.0)
    bench.source.set("trigger", "hardware")
    assert bench.sequences(30, 32) == [30, 31, 32]
