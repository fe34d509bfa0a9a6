"""The yield of the last parts as a small plot: axes with units, drawn at most twice a second."""

from __future__ import annotations

from collections import deque

import pyqtgraph as pg
from PySide6.QtCore import QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from engine.domain import Outcome
from gui.theme import SMALL, Theme, font

WINDOW = 50
"""Parts in one point of the curve."""
POINTS = 200
REDRAW_MS = 500


class YieldTrend(QWidget):
    """Moving yield in per cent over the last 50 parts, against how many parts ago."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._last: deque[bool] = deque(maxlen=WINDOW)
        self._points: deque[float] = deque(maxlen=POINTS)
        self._stale = False
        self._plot = pg.PlotWidget(self)
        self._curve = self._plot.plot([], [])
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setXRange(-POINTS, 0, padding=0.05)
        self._plot.setYRange(0, 100, padding=0.12)
        self._plot.getAxis("left").setTicks([[(0, "0"), (50, "50"), (100, "100")]])
        self._plot.getAxis("bottom").setTicks([[(-200, "200"), (-150, "150"), (-100, "100"), (-50, "50"), (0, "now")]])
        for side in ("left", "bottom"):
            self._plot.getAxis(side).setStyle(tickFont=font(SMALL), tickLength=-4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._plot)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(80)
        self.setMaximumHeight(320)
        self._timer = QTimer(self)
        self._timer.setInterval(REDRAW_MS)
        self._timer.timeout.connect(self._redraw)
        self._timer.start()
        theme.changed.connect(self._colour)
        self._colour()

    @property
    def points(self) -> tuple[float, ...]:
        """Yield in per cent after each of the last parts, oldest first."""
        return tuple(self._points)

    def add(self, outcome: Outcome) -> None:
        """Count one part; NO VERDICT is not one."""
        if outcome is Outcome.NO_VERDICT:
            return
        self._last.append(outcome is Outcome.OK)
        self._points.append(100.0 * sum(self._last) / len(self._last))
        self._stale = True

    def _redraw(self) -> None:
        if self._stale and self.isVisible():
            self._stale = False
            self._curve.setData(list(range(1 - len(self._points), 1)), list(self._points))

    def _colour(self) -> None:
        muted = QColor(self._theme.colours.muted)
        self._plot.setBackground(self._theme.colours.surface)
        self._curve.setPen(pg.mkPen(self._theme.colours.text, width=1.5))
        for side, label in (("left", "yield %"), ("bottom", "parts ago")):
            axis = self._plot.getAxis(side)
            axis.setPen(pg.mkPen(self._theme.colours.line))
            axis.setTextPen(muted)
            axis.setLabel(label, **{"color": self._theme.colours.muted, "font-size": f"{SMALL}px"})
