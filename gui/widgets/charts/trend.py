"""The first-pass yield of the last parts, counted here; drawn as a small plot, at most twice a second."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from engine.domain.inspection import Outcome
from engine.system.late import Late
from gui.i18n.language import translate
from gui.theme.theme import Theme, scaled

if TYPE_CHECKING:
    from gui.widgets.charts import yield_plot
else:
    yield_plot = Late("gui.widgets.charts.yield_plot")

WINDOW = 50
"""Parts in one point of the curve."""
POINTS = 200
LAST = POINTS + WINDOW
"""Verdicts that are kept."""
REDRAW_MS = 500
QUIET = 6
"""Redraws without a new part, after which parts of before are drawn: until then the first new one comes first."""


class YieldTrend(QWidget):
    """Moving first-pass yield in per cent over the last 50 parts, against how many parts ago."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._last: deque[bool] = deque(maxlen=LAST)
        self._stale = False
        self._quiet = 0
        self.plot: yield_plot.YieldPlot | None = None
        """Made with the first points: pyqtgraph takes longer to read than the rest of the page."""
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(scaled(80))
        self.setMaximumHeight(scaled(240))
        self.setAccessibleName(translate("Live", "Trend of the first-pass yield"))
        self.setToolTip(translate("Live", "First-pass yield of 50 parts each, over the last 200 parts"))
        self._timer = QTimer(self)
        self._timer.setInterval(REDRAW_MS)
        self._timer.timeout.connect(self._redraw)
        self._timer.start()

    @property
    def points(self) -> tuple[float, ...]:
        """Yield in per cent after each of the last parts, oldest first."""
        return tuple(float(value) for value in self._values())

    def begin(self, outcomes: Sequence[Outcome] = ()) -> None:
        """Start anew, with these verdicts, oldest first."""
        self._last.clear()
        self._last.extend(outcome is Outcome.OK for outcome in outcomes if outcome is not Outcome.NO_VERDICT)
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
            self._stale, self._quiet = True, QUIET

    def _values(self) -> np.ndarray:
        """The moving mean; the first points are of the parts there are."""
        good = np.concatenate(([0.0], np.cumsum(np.asarray(self._last, np.float64))))
        ends = np.arange(1, len(good))
        starts = np.maximum(0, ends - WINDOW)
        return np.asarray(100.0 * (good[ends] - good[starts]) / (ends - starts))[-POINTS:]

    def _redraw(self) -> None:
        self._quiet += 1
        if self.plot is None and self._last and self._quiet > QUIET and self.isVisible():
            self.plot = yield_plot.YieldPlot(self._theme, POINTS, self)
            self._layout.addWidget(self.plot)
        if self._stale and self.plot is not None and self.isVisible():
            self._stale = False
            self.plot.draw(self._values())
