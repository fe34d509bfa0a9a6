"""Regions and painted masks in Review: what is marked is what is saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from db.datasets.export import export
from db.inspections.overrides import in_force, read_mask
from engine.domain.inspection import Mask, Outcome, Override
from gui.pages.review.page import ReviewPage
from gui.widgets.pictures.mask_tools import MaskCanvas
from tests.gui.stored import SIZE, Bench, press

NG, OK = Outcome.NG, Outcome.OK


@pytest.fixture
def page(bench: Bench) -> ReviewPage:
    bench.parts(NG)
    made = ReviewPage(bench.context)
    bench.show(made)
    bench.qtbot.waitUntil(lambda: made.part.opened is not None, timeout=5000)
    bench.idle()
    return made


def saved(bench: Bench, page: ReviewPage) -> Override:
    """Save and read back."""
    press(page, "Return")
    bench.idle()
    assert page.part.opened is not None
    found = in_force(bench.db, page.part.opened.stored.inspection.id)
    assert found is not None
    return found


def drag(page: ReviewPage, start: tuple[int, int], end: tuple[int, int]) -> None:
    """A stroke with the left button between two frame pixels."""
    view = page.part.view
    a, b = (_point(view.widget_at(x + 0.5, y + 0.5)) for x, y in (start, end))
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=a)
    QTest.mouseMove(view, b)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=b)


def _point(at: QPointF) -> QPoint:
    return at.toPoint()


def painted(bench: Bench, override: Override) -> Mask:
    mask = read_mask(bench.db, override)
    assert mask is not None
    return mask


def test_painted_mask_is_saved_at_frame_size(bench: Bench, page: ReviewPage) -> None:
    press(page, "B")
    drag(page, (10, 10), (30, 10))
    mask = painted(bench, saved(bench, page))
    assert mask.shape == SIZE
    assert mask[10, 10] == 255
    assert mask[40, 60] == 0


def test_eraser_takes_paint_off_again(bench: Bench, page: ReviewPage) -> None:
    press(page, "B")
    drag(page, (10, 10), (30, 10))
    press(page, "E")
    drag(page, (10, 10), (10, 10))
    mask = painted(bench, saved(bench, page))
    assert mask[10, 10] == 0
    assert mask[10, 30] == 255


def test_polygon_is_filled_on_enter(bench: Bench, page: ReviewPage) -> None:
    press(page, "P")
    for corner in ((10, 10), (40, 10), (40, 30)):
        drag(page, corner, corner)
    press(page, "Return")
    bench.idle()
    assert in_force(bench.db, page.session.opened.stored.inspection.id) is None  # type: ignore[union-attr]
    assert painted(bench, saved(bench, page))[15, 35] == 255


def test_undo_takes_one_stroke_back(bench: Bench, page: ReviewPage) -> None:
    press(page, "B")
    drag(page, (5, 5), (5, 5))
    drag(page, (50, 40), (50, 40))
    press(page, "Ctrl+Z")
    mask = painted(bench, saved(bench, page))
    assert mask[5, 5] == 255
    assert mask[40, 50] == 0


def test_paint_and_ok_contradict_each_other(bench: Bench, page: ReviewPage) -> None:
    press(page, "B")
    drag(page, (10, 10), (30, 10))
    press(page, "O", "Return")
    bench.idle()
    assert "painted" in bench.said()
    assert in_force(bench.db, page.session.opened.stored.inspection.id) is None  # type: ignore[union-attr]


def test_another_class_later_keeps_the_painted_mask(bench: Bench, page: ReviewPage) -> None:
    press(page, "B")
    drag(page, (10, 10), (30, 10))
    first = painted(bench, saved(bench, page))
    page.presenter.say(NG, "dent")
    again = saved(bench, page)
    assert again.label == "dent"
    assert np.array_equal(painted(bench, again), first)


def test_brush_grows_and_shrinks(page: ReviewPage) -> None:
    before = page.part.brush_px
    press(page, ".")
    assert page.part.brush_px > before
    press(page, ",", ",")
    assert page.part.brush_px < before


def test_rejected_region_is_saved_as_the_others_accepted(bench: Bench, page: ReviewPage) -> None:
    press(page, "G", "X")
    assert saved(bench, page).accepted_regions == (1,)


def test_click_selects_a_region_and_accept_takes_it_back_in(bench: Bench, page: ReviewPage) -> None:
    drag(page, (44, 24), (44, 24))
    assert page.session.region == 1
    press(page, "X", "A")
    assert saved(bench, page).accepted_regions == (0, 1)


def test_nothing_said_of_regions_is_saved_as_nothing(bench: Bench, page: ReviewPage) -> None:
    assert saved(bench, page).accepted_regions is None


def test_painted_part_reaches_the_export_with_its_mask(bench: Bench, page: ReviewPage, tmp_path: Path) -> None:
    press(page, "B")
    drag(page, (10, 10), (30, 10))
    saved(bench, page)
    press(page, "Ctrl+E")
    report = export(bench.db, tmp_path / "out")
    assert report.items == 1
    assert list((tmp_path / "out" / "masks").iterdir())


def test_overlay_follows_its_keys(page: ReviewPage) -> None:
    view = page.part.view
    assert view.overlay_style == "heat"
    before = view.opacity
    press(page, "H", "]")
    assert view.overlay_style == "mask"
    assert view.opacity > before


def test_view_filters_change_the_view_and_not_the_picture(bench: Bench, page: ReviewPage) -> None:
    assert page.part.opened is not None
    original = page.part.opened.pixels
    press(page, "D")
    bench.idle()
    assert page.part.filter.kind == "edges"
    assert page.part.opened.pixels is original
    press(page, "K")
    bench.idle()
    assert page.part.filter.kind == "contrast"
    assert page.part.filter.kind != "edges"


def test_empty_canvas_is_no_mask(qtbot: QtBot) -> None:
    canvas = MaskCanvas()
    canvas.load(SIZE, None)
    canvas.begin()
    canvas.line((5, 5), (5, 5), 2)
    assert canvas.mask is not None
    canvas.line((5, 5), (5, 5), 4, erase=True)
    assert canvas.mask is None
