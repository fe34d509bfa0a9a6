"""Where a picture lies on its widget, at any zoom and place; without a window."""

from __future__ import annotations

import pytest

from engine.domain.inspection import Region
from gui.widgets.pictures.viewport import MAX_ZOOM, Viewport, smallest_at


@pytest.fixture
def lies() -> Viewport:
    """A picture of 1280×1024 on a widget of 640×600: half its size, 44 pixels below the top."""
    made = Viewport()
    made.room = (640, 600)
    made.show((1280, 1024))
    return made


def test_a_whole_picture_is_letterboxed(lies: Viewport) -> None:
    assert lies.fits and lies.zoom == 0.5
    assert lies.origin == (0.0, 44.0) and lies.middle == (320.0, 300.0)
    assert lies.widget_at(0, 0) == (0.0, 44.0) and lies.widget_at(1280, 1024) == (640.0, 556.0)
    assert lies.frame_at((320.0, 300.0)) == (640.0, 512.0)
    lies.room = (640, 256)
    assert lies.zoom == 0.25 and lies.origin == (160.0, 0.0)


def test_what_lies_under_the_cursor_stays_there(lies: Viewport) -> None:
    before = lies.frame_at((200.0, 150.0))
    assert lies.zoom_to(2.0, (200.0, 150.0))
    assert lies.zoom == 2.0 and not lies.fits
    assert lies.frame_at((200.0, 150.0)) == pytest.approx(before)
    assert lies.widget_at(*before) == pytest.approx((200.0, 150.0))
    assert lies.frame_at((202.0, 154.0)) == pytest.approx((before[0] + 1, before[1] + 2))


def test_zoom_ends_at_single_pixels_and_at_the_whole_picture(lies: Viewport) -> None:
    lies.zoom_to(1000.0, lies.middle)
    assert lies.zoom == MAX_ZOOM
    lies.zoom_to(0.1, lies.middle)
    assert lies.fits and lies.zoom == 0.5
    lies.zoom_to(0.5, lies.middle)
    assert lies.fits


def test_a_small_picture_shrinks_no_further_than_its_own_size(lies: Viewport) -> None:
    lies.show((64, 60))
    assert lies.zoom == 10.0
    lies.zoom_to(5.0, lies.middle)
    assert lies.fits and lies.zoom == 10.0
    lies.zoom_to(12.0, lies.middle)
    assert lies.zoom == 12.0


def test_the_next_picture_of_the_same_size_keeps_the_place_another_does_not(lies: Viewport) -> None:
    lies.zoom_to(2.0, (0.0, 0.0))
    there = lies.origin
    lies.show((1280, 1024))
    assert lies.origin == there and not lies.fits
    lies.show((1024, 1280))
    assert lies.fits
    lies.zoom_to(2.0, (0.0, 0.0))
    lies.show(None)
    assert not lies.fits
    lies.show((1024, 1280))
    assert lies.fits


def test_without_a_picture_there_is_nothing_to_come_closer_to() -> None:
    lies = Viewport()
    lies.room = (640, 600)
    assert lies.zoom == 1.0 and lies.origin == (0.0, 0.0)
    assert not lies.zoom_to(2.0, (0.0, 0.0)) and not lies.toggle((0.0, 0.0))
    assert lies.frame_at((3.0, 4.0)) == (3.0, 4.0)


def test_a_double_click_goes_between_the_whole_and_single_pixels(lies: Viewport) -> None:
    assert lies.toggle((100.0, 100.0)) and lies.zoom == 1.0
    assert lies.toggle((100.0, 100.0)) and lies.fits
    lies.show((320, 300))
    lies.toggle((100.0, 100.0))
    assert lies.zoom == 4.0
    lies.show((640, 600))
    lies.toggle((100.0, 100.0))
    assert lies.zoom == 4.0


def test_only_a_picture_that_is_larger_than_its_place_is_pushed(lies: Viewport) -> None:
    assert not lies.pan(10, 10)
    lies.zoom_to(2.0, lies.middle)
    before = lies.frame_at((320.0, 300.0))
    assert lies.pan(40, -10)
    assert lies.frame_at((320.0, 300.0)) == pytest.approx((before[0] - 20, before[1] + 5))


def test_a_view_looks_like_another(lies: Viewport) -> None:
    lies.zoom_to(3.0, (10.0, 20.0))
    other = Viewport()
    other.room = lies.room
    other.show((1280, 1024))
    other.look_like(lies)
    assert (other.zoom, other.origin) == (lies.zoom, lies.origin)
    lies.fit()
    assert lies.fits and not other.fits


def test_all_of_a_whole_picture_is_drawn(lies: Viewport) -> None:
    cut = lies.cut(1024, 1280, (0.0, 0.0, 1280.0, 1024.0))
    assert cut == (0, 0, 1280, 1024, (0.0, 44.0), (640.0, 556.0))


def test_of_a_closer_picture_only_what_is_seen_is_drawn(lies: Viewport) -> None:
    lies.zoom_to(2.0, (0.0, 44.0))
    cut = lies.cut(1024, 1280, (0.0, 0.0, 1280.0, 1024.0))
    assert cut is not None
    assert cut[:4] == (0, 0, 321, 279)
    assert cut.top_left == pytest.approx((0.0, 44.0)) and cut.bottom_right == pytest.approx((642.0, 602.0))
    lies.pan(-100, -100)
    moved = lies.cut(1024, 1280, (0.0, 0.0, 1280.0, 1024.0))
    assert moved is not None and moved[:4] == (50, 28, 371, 329)
    assert moved.top_left == pytest.approx((0.0, 0.0))


def test_a_map_of_few_cells_over_a_part_is_cut_in_its_own_cells(lies: Viewport) -> None:
    lies.zoom_to(2.0, (0.0, 44.0))
    cut = lies.cut(8, 8, (160.0, 0.0, 320.0, 512.0))
    assert cut is not None
    assert cut[:4] == (0, 0, 5, 6)
    assert cut.top_left == pytest.approx((320.0, 44.0)) and cut.bottom_right == pytest.approx((720.0, 812.0))
    assert lies.cut(8, 8, (700.0, 0.0, 320.0, 512.0)) is None
    assert lies.cut(8, 8, (0.0, 700.0, 320.0, 300.0)) is None
    lies.pan(-600, -300)
    inside = lies.cut(8, 8, (160.0, 0.0, 320.0, 512.0))
    assert inside is not None and inside[:4] == (3, 2, 8, 8)


def test_the_smallest_region_under_a_click_is_meant() -> None:
    large, small = Region("a", 0.9, (0, 0, 400, 300), 1.0), Region("b", 0.9, (100, 120, 50, 40), 1.0)
    assert smallest_at((large, small), 120, 130) == 1
    assert smallest_at((small, large), 120, 130) == 0
    assert smallest_at((large, small), 99, 130) == smallest_at((large, small), 120, 161) == 0
    assert smallest_at((large, small), 150, 160) == 1 and smallest_at((large, small), 100, 120) == 1
    assert smallest_at((large,), 0, 300) == 0 and smallest_at((large,), 400, 0) == 0
    assert smallest_at((large,), 401, 0) is None and smallest_at((large,), 0, 301) is None
    assert smallest_at((), 0, 0) is None
