"""The counts of Live: large enough to be read from two metres, and never wider than their place."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from db.inspections.table import Counts
from engine.domain.inspection import Outcome, Verdict
from gui.theme.theme import Theme, set_scale
from gui.widgets.counters import FIGURE, FIGURE_TALL, Counters
from gui.widgets.verdict_banner import VerdictBanner

WIDE = 344
"""Of the right column at 1280 x 720."""


def ink(image: QImage, left: int, right: int) -> list[int]:
    """The lines of the picture that have something in these columns."""
    ground = image.pixel(image.width() - 1, image.height() - 1)
    return [y for y in range(image.height()) if any(image.pixel(x, y) != ground for x in range(left, right))]


def shown(qtbot: QtBot, counts: Counts, *, tall: bool) -> Counters:
    made = Counters(Theme())
    qtbot.addWidget(made)
    made.set_tall(tall)
    made.set_counts(counts)
    made.resize(WIDE, made.sizeHint().height())
    return made


@pytest.mark.parametrize(("tall", "figure"), [(False, FIGURE), (True, FIGURE_TALL)])
def test_figures_are_as_high_as_their_type_whatever_the_scale_of_the_words(
    qtbot: QtBot, tall: bool, figure: int
) -> None:
    made = shown(qtbot, Counts(ok=888, ng=888, review=888, no_verdict=888), tall=tall)
    lines = ink(made.grab().toImage(), 2, WIDE // 2 - 40)
    runs = [y for y in lines if y - 1 not in lines]
    heights = [next(end for end in range(start, 10_000) if end not in lines) - start for start in runs]
    assert max(heights) >= 0.7 * figure, "the cap height of the type"


@pytest.mark.parametrize("scale", [1.0, 1.25, 2.0])
@pytest.mark.parametrize("tall", [False, True])
def test_a_count_of_millions_stays_in_its_place(qtbot: QtBot, tall: bool, scale: float) -> None:
    set_scale(scale)
    try:
        made = shown(qtbot, Counts(ok=12_345_678, ng=0, review=0, no_verdict=0), tall=tall)
        image = made.grab().toImage()
        # Nothing of the first column reaches the second one's.
        gap = WIDE // 2 - 2
        rows = made._name + made._value + 4, made.height() - made._foot
        ground = image.pixel(WIDE - 1, image.height() - 1)
        assert all(image.pixel(gap, y) == ground for y in range(*rows))
    finally:
        set_scale(1.0)


@pytest.mark.parametrize("scale", [1.0, 1.25, 2.0])
def test_from_its_height_on_the_banner_has_a_line_for_class_and_score(qtbot: QtBot, scale: float) -> None:
    set_scale(scale)
    try:
        banner = VerdictBanner(Theme())
        qtbot.addWidget(banner)
        banner.setMaximumHeight(2000)
        texts = {}
        # Twice: the first glyphs of a size are drawn by another way than those that are known.
        for label in ("scratch", "dent") * 2:
            banner.set_verdict(Verdict(Outcome.NG, label, 0.9, ("0.90 ≥ 0.50",)))
            for height in (banner.whole - 1, banner.whole):
                banner.resize(WIDE, height)
                lines = banner.grab().toImage().copy(0, height // 2, WIDE, height)
                texts[label, height - banner.whole] = lines
        assert texts["scratch", 0] != texts["dent", 0]
        assert texts["scratch", -1] == texts["dent", -1], "too low: the reasons name the class"
    finally:
        set_scale(1.0)
