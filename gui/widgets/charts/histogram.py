"""Plots of the Camera page: the histogram of the picture, and the sharpness over the last half minute with its peak."""

from __future__ import annotations

import time
from collections import deque

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from gui.i18n.language import translate
from gui.theme.theme import SMALL, Theme, font, scaled

TREND_S = 30.0
POINTS = 1000
DECADES = 8


class _Plot(QWidget):
    """A calm plot: two labelled axes, nothing to drag."""

    def __init__(self, theme: Theme, words: dict[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._words = theme, words
        self.plot = pg.PlotWidget(self)
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for side in words:
            axis = self.plot.getAxis(side)
            axis.enableAutoSIPrefix(False)
            # Else pyqtgraph drops the labels at both ends.
            axis.setStyle(tickFont=font(SMALL), tickLength=-4, hideOverlappingLabels=False)
        # Room for half a label at the ends of both axes.
        self.plot.getPlotItem().layout.setContentsMargins(0, 8, 16, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.plot)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(scaled(88))
        theme.changed.connect(self.dress)

    def dress(self) -> None:
        """The theme's colours on axes and ground."""
        colours = self._theme.colours
        self.plot.setBackground(colours.surface)
        for side, word in self._words.items():
            axis = self.plot.getAxis(side)
            axis.setPen(pg.mkPen(colours.line))
            axis.setTextPen(QColor(colours.muted))
            axis.setLabel(word, **{"color": colours.muted, "font-size": f"{scaled(SMALL)}px"})


class Histogram(_Plot):
    """Pixels per grey value, counts on a logarithmic scale; the top value is marked once a pixel is on it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, _axes_of_histogram(), parent)
        self._counts: NDArray[np.int64] = np.zeros(256, np.int64)
        self._curve = self.plot.plot([], [], stepMode="center", fillLevel=0)
        self._top = pg.InfiniteLine(255.5, angle=90)
        self._top.hide()
        self.plot.addItem(self._top)
        self.plot.setXRange(0, 256, padding=0.02)
        self.plot.setYRange(0, 6, padding=0.04)
        self.plot.getAxis("left").setTicks([[(0, "1"), (2, "10²"), (4, "10⁴"), (6, "10⁶"), (8, "10⁸")]])
        self.plot.getAxis("bottom").setTicks([[(v, str(v)) for v in (0, 64, 128, 192, 255)]])
        self.dress()

    @property
    def counts(self) -> NDArray[np.int64]:
        """256 counts, as shown."""
        return self._counts

    def show_counts(self, counts: NDArray[np.int64], saturated: bool) -> None:
        """These 256 counts; `saturated`: a pixel is at the top of its scale."""
        self._counts = counts
        heights = np.log10(np.maximum(counts, 1))
        self._curve.setData(np.arange(257), heights)
        self._top.setVisible(saturated)
        peak = max(4.0, float(np.ceil(heights.max(initial=0.0) / 2) * 2))
        self.plot.setYRange(0, min(DECADES, peak), padding=0.04)

    def clear(self) -> None:
        """No picture."""
        self.show_counts(np.zeros(256, np.int64), False)

    def dress(self) -> None:
        """Neutral bars; the colour is for what is too bright."""
        super().dress()
        self._curve.setPen(None)
        self._curve.setBrush(QColor(self._theme.colours.muted))
        self._top.setPen(pg.mkPen(self._theme.colours.ng, width=3))


class FocusTrend(_Plot):
    """Sharpness over the last half minute; the dashed line is the best since the peak was last forgotten."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, _axes_of_focus(), parent)
        self._points: deque[tuple[float, float]] = deque(maxlen=POINTS)
        self._peak = 0.0
        self._curve = self.plot.plot([], [])
        self._best = pg.InfiniteLine(0.0, angle=0)
        self.plot.addItem(self._best)
        self.plot.setXRange(-TREND_S, 0, padding=0.03)
        self.plot.setYRange(0, 1, padding=0.04)
        self.plot.getAxis("bottom").setTicks([[(-30, "30"), (-20, "20"), (-10, "10"), (0, translate("Camera", "now"))]])
        self.dress()

    @property
    def peak(self) -> float:
        """The best so far; 0 before the first picture."""
        return self._peak

    def add(self, focus: float, at: float) -> None:
        """One picture's sharpness, at this monotonic time in seconds."""
        self._points.append((at, focus))
        self._peak = max(self._peak, focus)
        now = time.monotonic()
        while self._points and now - self._points[0][0] > TREND_S:
            self._points.popleft()
        self._curve.setData([t - now for t, _ in self._points], [f for _, f in self._points])
        self._best.setValue(self._peak)
        self.plot.setYRange(0, max(self._peak, 1e-6) * 1.15, padding=0.0)

    def forget_peak(self) -> None:
        """Hold the best from now on."""
        self._peak = self._points[-1][1] if self._points else 0.0
        self._best.setValue(self._peak)

    def clear(self) -> None:
        """Another source."""
        self._points.clear()
        self._peak = 0.0
        self._curve.setData([], [])
        self._best.setValue(0.0)

    def dress(self) -> None:
        """The curve in the text's colour, the peak in the accent."""
        super().dress()
        self._curve.setPen(pg.mkPen(self._theme.colours.text, width=1.5))
        self._best.setPen(pg.mkPen(self._theme.colours.accent, width=1.5, style=Qt.PenStyle.DashLine))


def _axes_of_histogram() -> dict[str, str]:
    return {"left": translate("Camera", "pixels (log)"), "bottom": translate("Camera", "grey value at 8 bits")}


def _axes_of_focus() -> dict[str, str]:
    return {"left": translate("Camera", "focus"), "bottom": translate("Camera", "seconds ago")}
