"""The first-pass yield of the last parts as a small plot: axes with units, drawn at most twice a second."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from engine.domain.inspection import Outcome
from gui.i18n.language import translate
from gui.theme.theme import SMALL, Theme, font, scaled

WINDOW = 50
"""Parts in one point of the curve."""
POINTS = 200
LAST = POINTS + WINDOW
"""Verdicts that are kept."""
REDRAW_MS = 500
FLOORS = (90, 80, 50, 0)
"""Where the axis may begin: a good line's ups and downs are seen too."""


class YieldTrend(QWidget):
    """Moving first-pass yield in per cent over the last 50 parts, against how many parts ago."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._last: deque[bool] = deque(maxlen=LAST)
        self._stale = False
        self._plot = pg.PlotWidget(self)
        self._curve = self._plot.plot([], [])
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setXRange(-POINTS, 0, padding=0.05)
        now = translate("Live", "now")
        self._plot.getAxis("bottom").setTicks([[(-200, "200"), (-100, "100"), (0, now)]])
        for side in ("left", "bottom"):
            self._plot.getAxis(side).setStyle(tickFont=font(SMALL), tickLength=-4, hideOverlappingLabels=False)
        self._plot.getAxis("left").setWidth(scaled(56))
        self._scale(FLOORS[0])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._plot)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(scaled(80))
        self.setMaximumHeight(scaled(240))
        self.setAccessibleName(translate("Live", "Trend of the first-pass yield"))
        self.setToolTip(translate("Live", "First-pass yield of 50 parts each, over the last 200 parts"))
        self._timer = QTimer(self)
        self._timer.setInterval(REDRAW_MS)
        self._timer.timeout.connect(self._redraw)
        self._timer.start()
        theme.changed.connect(self._colour)
        self._colour()

    @property
    def points(self) -> tuple[float, ...]:
        """Yield in per cent after each of the last parts, oldest first."""
        return tuple(float(value) for value in self._values())

    def begin(self, outcomes: Sequence[Outcome] = ()) -> None:
        """Start anew, with these verdicts, oldest first."""
        self._last.clear()
        for outcome in outcomes:
            self.add(outcome)
        self._stale = True

    def recall(self, outcomes: Sequence[Outcome]) -> None:
        """Verdicts of before, oldest first, in front of those that came since `begin`."""
        since = list(self._last)
        self.begin(outcomes)
        self._last.extend(since)

    def add(self, outcome: Outcome) -> None:
        """Count one part; NO VERDICT is not one."""
        if outcome is not Outcome.NO_VERDICT:
            self._last.append(outcome is Outcome.OK)
            self._stale = True

    def _values(self) -> np.ndarray:
        """The moving mean; the first points are of the parts there are."""
        good = np.concatenate(([0.0], np.cumsum(np.asarray(self._last, np.float64))))
        ends = np.arange(1, len(good))
        starts = np.maximum(0, ends - WINDOW)
        return np.asarray(100.0 * (good[ends] - good[starts]) / (ends - starts))[-POINTS:]

    def _redraw(self) -> None:
        if self._stale and self.isVisible():
            self._stale = False
            values = self._values()
            self._curve.setData(np.arange(1 - len(values), 1), values)
            least = float(values.min()) if len(values) else 100.0
            self._scale(next((floor for floor in FLOORS if least > floor + 1), 0))

    def _scale(self, floor: int) -> None:
        middle = (floor + 100) // 2
        self._plot.setYRange(floor, 100, padding=0.12)
        self._plot.getAxis("left").setTicks([[(value, f"{value}") for value in (floor, middle, 100)]])

    def _colour(self) -> None:
        muted = QColor(self._theme.colours.muted)
        self._plot.setBackground(self._theme.colours.surface)
        self._curve.setPen(pg.mkPen(self._theme.colours.text, width=1.5))
        words = {"left": translate("Live", "yield %"), "bottom": translate("Live", "parts ago")}
        for side, label in words.items():
            axis = self._plot.getAxis(side)
            axis.setPen(pg.mkPen(self._theme.colours.line))
            axis.setTextPen(muted)
            axis.setLabel(label, **{"color": self._theme.colours.muted, "font-size": f"{scaled(SMALL)}px"})
