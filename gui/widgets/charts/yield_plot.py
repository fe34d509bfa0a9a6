"""The curve of the first-pass yield: axes with units, in the theme's colours. Read when there is something to draw."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.i18n.language import translate
from gui.theme.theme import SMALL, Theme, font, scaled

FLOORS = (90, 80, 50, 0)
"""Where the axis may begin: a good line's ups and downs are seen too."""


class YieldPlot(QWidget):
    """Per cent over the last `points` parts, against how many parts ago."""

    def __init__(self, theme: Theme, points: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._plot = pg.PlotWidget(self)
        self._curve = self._plot.plot([], [])
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setXRange(-points, 0, padding=0.05)
        now = translate("Live", "now")
        ticks = [(-points, f"{points}"), (-points // 2, f"{points // 2}"), (0, now)]
        self._plot.getAxis("bottom").setTicks([ticks])
        for side in ("left", "bottom"):
            self._plot.getAxis(side).setStyle(tickFont=font(SMALL), tickLength=-4, hideOverlappingLabels=False)
        self._plot.getAxis("left").setWidth(scaled(56))
        self._scale(FLOORS[0])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._plot)
        theme.changed.connect(self._colour)
        self._colour()

    def draw(self, values: np.ndarray) -> None:
        """These points, per cent, oldest first; the last one is now."""
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
