"""The charts of estimates with their intervals, and of where defects lie in the frame."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF

from db.inspections.audits import Estimate
from gui.i18n.language import number, percent, translate
from gui.pages.reports.charts.chart import Chart, Key
from gui.pages.reports.figures import Figures
from gui.pages.reports.tables import zones
from gui.pages.reports.words import between, shown
from gui.theme.theme import SMALL, Theme, font, scaled
from gui.widgets.calm_table import mixed

GRID = (32, 24)
"""Across and down: the cells of the heat map."""
STEPS = 5


class EstimateChart(Chart):
    """Escapes and overkill as points with their intervals, in per cent."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, translate("Reports", "Estimates with their intervals"))
        self.shares: tuple[Estimate, ...] = ()

    def show_figures(self, figures: Figures) -> None:
        """Draw these."""
        found = figures.audits
        self.shares = () if found is None else (found.escapes, found.overkill)
        self.names = (translate("Reports", "Escapes"), translate("Reports", "Overkill")) if found else ()
        self.redraw()

    def draw(self) -> None:
        """One bar of uncertainty each; none where nobody looked."""
        plot = self.plot(translate("Reports", "Share, %"))
        colours = self.theme.colours
        for x, (share, token, symbol) in enumerate(zip(self.shares, ("text", "accent"), ("d", "o"), strict=False)):
            if not share.of:
                item = pg.TextItem(translate("Reports", "nothing looked at yet"), color=colours.muted, anchor=(0.5, 1))
                item.setFont(font(SMALL))
                item.setPos(x, 0)
                plot.addItem(item, ignoreBounds=True)
                continue
            value, (low, high) = 100 * share.rate, (100 * v for v in share.interval)
            colour = self.theme.colour(token)
            bar = pg.ErrorBarItem(
                x=np.array([x]),
                y=np.array([value]),
                top=np.array([high - value]),
                bottom=np.array([value - low]),
                beam=0.12,
                pen=pg.mkPen(colour, width=2),
            )
            plot.addItem(bar)
            plot.addItem(pg.ScatterPlotItem([x], [value], symbol=symbol, size=14, brush=colour, pen=None))
        highest = max((100 * s.interval[1] for s in self.shares if s.of), default=1.0)
        plot.setYRange(0, max(1.0, highest), padding=0.08)
        self.ticks(plot, lambda index, _first: self.names[index])
        self.legend.set_keys(
            (
                Key("d", "text", translate("Reports", "Escapes among OK parts")),
                Key("o", "accent", translate("Reports", "Overkill among reviewed NG parts")),
                Key("-", "muted", translate("Reports", "95 % interval")),
            )
        )

    def words_at(self, index: int) -> str:
        """The share, its interval and what it rests on."""
        share = self.shares[index]
        if not share.of:
            return self.names[index] + "   " + translate("Reports", "nothing looked at yet")
        low, high = share.interval
        rests = translate("Reports", "{hits} of {count} looked at").format(
            hits=number(share.count), count=number(share.of)
        )
        return "   ".join((self.names[index], shown(share.rate, "share"), between(percent(low), percent(high)), rests))


class PositionMap(Chart):
    """How many defects lie where, over the frame: the fuller a cell, the stronger its colour."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, translate("Reports", "Map of defect positions"))
        self._counts = np.zeros(GRID, np.int64)
        self._aspect = 4 / 3

    def show_figures(self, figures: Figures) -> None:
        """Draw these."""
        found = figures.positions
        self._counts = np.zeros(GRID, np.int64) if found is None else zones(found.points, GRID)
        self._aspect = 4 / 3 if found is None else found.aspect
        self.redraw()

    def draw(self) -> None:
        """The frame's outline, with one colour from faint to full."""
        plot = self.plot(translate("Reports", "From the top, %"), translate("Reports", "From the left, %"))
        plot.invertY(True)
        # As wide as the frame at this height: its axes stay beside it.
        plot.setMaximumWidth(max(160.0, (self.view.height() - scaled(72)) * self._aspect + scaled(72)))
        empty, full = self.theme.colour("sunken"), self.theme.colour("accent")
        ramp = [mixed(empty, full, k / (STEPS - 1)) for k in range(STEPS)]
        colours = pg.ColorMap(np.linspace(0, 1, STEPS), ramp)
        most = max(1, int(self._counts.max()))
        image = pg.ImageItem(np.sqrt(self._counts / most), levels=(0.0, 1.0))
        image.setLookupTable(colours.getLookupTable(nPts=256))
        image.setRect(QRectF(0, 0, 100, 100))
        plot.addItem(image)
        plot.plot([0, 100, 100, 0, 0], [0, 0, 100, 100, 0], pen=pg.mkPen(self.theme.colours.line, width=1))
        plot.setRange(xRange=(0, 100), yRange=(0, 100), padding=0.02)
        for side in ("left", "bottom"):
            plot.getAxis(side).setTicks([[(v, number(v)) for v in (0, 25, 50, 75, 100)]])
        most_words = translate("Reports", "{count} defects in the fullest cell").format(count=number(most))
        self.legend.set_keys(
            (
                Key("s-", "muted", translate("Reports", "No defect")),
                Key("s", "accent", most_words if self._counts.any() else translate("Reports", "Defects")),
            )
        )

    def hint(self) -> str:
        """It has no groups."""
        return translate("Reports", "Point at the frame to count the defects there.")

    def words_at(self, index: int) -> str:
        """It has no groups."""
        return self.hint()

    def _hover(self, at: QPointF) -> None:
        if not self.plots:
            return
        spot = self.plots[0].vb.mapSceneToView(at)
        x, y = spot.x(), spot.y()
        if not (0 <= x < 100 and 0 <= y < 100 and math.isfinite(x + y)):
            self.readout.setText(self.hint())
            return
        count = int(self._counts[int(x / 100 * GRID[0]), int(y / 100 * GRID[1])])
        words = translate("Reports", "{x} from the left, {y} from the top: {count} defects")
        self.readout.setText(words.format(x=percent(x / 100, 0), y=percent(y / 100, 0), count=number(count)))
