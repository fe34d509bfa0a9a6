"""The charts of the Reports page: yield, Pareto, control, overrides."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics

from db.statistics.figures import DefectCount, Group
from engine.reports.quality import Kind
from engine.statistics.buckets import Grouping
from engine.statistics.control_charts import ControlChart, Floats
from gui.i18n.language import number, percent, translate
from gui.pages.reports.charts.chart import Chart, Key
from gui.pages.reports.figures import Figures
from gui.pages.reports.tables import rules_of
from gui.pages.reports.words import group_name, group_title, shown, tick_name
from gui.theme.theme import SMALL, Theme, font
from gui.widgets.calm_table import mixed

MANY = 90
"""With more groups than this, points in control are not marked one by one."""
RULE_WORDS = 24
"""With more points out of control than this, their rules are only in the table."""


class _Grouped(Chart):
    """A chart over the groups of a report."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__(theme, name)
        self.groups: tuple[Group, ...] = ()
        self.grouping = Grouping.HOUR

    def show_figures(self, figures: Figures) -> None:
        """Draw these."""
        self.groups, self.grouping = figures.groups or (), figures.ask.grouping
        self.names = tuple(tick_name(g, self.grouping, dated=False) for g in self.groups)
        self.redraw()

    def _ticks(self, plot: pg.PlotItem) -> None:
        last = [""]

        def full(index: int, first: bool) -> str:
            group = self.groups[index]
            today = f"{group.span.since.astimezone():%x}" if group.span else ""
            dated, last[0] = first or today != last[0], today
            return tick_name(group, self.grouping, dated=dated)

        self.ticks(plot, full)

    def _symbol(self, symbol: str, token: str, size: int = 7) -> dict[str, object]:
        few = len(self.groups) <= MANY
        return {
            "symbol": symbol if few else None,
            "symbolSize": size,
            "symbolBrush": self.theme.colour(token),
            "symbolPen": None,
        }

    def _named(self, index: int, *values: str) -> str:
        return "   ".join((group_name(self.groups[index], self.grouping), *values))


class YieldChart(_Grouped):
    """First-pass and final yield over the groups, and below how many parts each point stands for."""

    LEAST_HEIGHT = 200

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, translate("Reports", "Chart of yield"))

    def draw(self) -> None:
        """Two lines in per cent, bars of parts."""
        top = self.plot(translate("Reports", "Yield, %"), stretch=3)
        bottom = self.plot(translate("Reports", "Parts"), group_title(self.grouping))
        top.getAxis("bottom").setStyle(showValues=False)
        colours = self.theme.colours
        xs = np.arange(len(self.groups))
        first = np.array([100 * g.first_pass for g in self.groups])
        final = np.array([100 * g.final for g in self.groups])
        dashed = pg.mkPen(colours.accent, width=2, style=Qt.PenStyle.DashLine)
        top.plot(xs, final, pen=dashed, connect="finite", **self._symbol("d", "accent", 9))
        top.plot(xs, first, pen=pg.mkPen(colours.text, width=2), connect="finite", **self._symbol("o", "text"))
        known = np.concatenate([first, final])
        known = known[np.isfinite(known)]
        low = float(known.min()) if known.size else 0.0
        top.setYRange(max(0.0, math.floor(low - 2)), 100, padding=0.04)
        heights = [g.judged for g in self.groups]
        quiet = mixed(self.theme.colour("surface"), self.theme.colour("muted"), 0.5).name()
        bottom.addItem(pg.BarGraphItem(x=xs, height=heights, width=0.7, brush=quiet, pen=None))
        most = max([1, *heights])
        bottom.setYRange(0, most, padding=0.05)
        bottom.getAxis("left").setTicks([[(0, "0"), (most, number(most))]])
        self._ticks(bottom)
        self.legend.set_keys(
            (
                Key("o", "text", translate("Reports", "First-pass yield")),
                Key("d", "accent", translate("Reports", "Final yield")),
                Key("s", quiet, translate("Reports", "Judged")),
            )
        )

    def words_at(self, index: int) -> str:
        """Both yields and the parts."""
        group = self.groups[index]
        first, final = shown(group.first_pass, "share"), shown(group.final, "share")
        return self._named(
            index,
            translate("Reports", "first pass {value}").format(value=first),
            translate("Reports", "final {value}").format(value=final),
            translate("Reports", "{count} judged").format(count=number(group.judged)),
            translate("Reports", "{count} NG").format(count=number(group.ng)),
        )


class OverrideChart(_Grouped):
    """The override rate over the groups."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, translate("Reports", "Chart of the override rate"))

    def draw(self) -> None:
        """One line in per cent."""
        plot = self.plot(translate("Reports", "Overruled, %"), group_title(self.grouping))
        values = np.array([100 * g.override_rate for g in self.groups])
        pen = pg.mkPen(self.theme.colours.text, width=2)
        plot.plot(np.arange(len(values)), values, pen=pen, connect="finite", **self._symbol("o", "text"))
        finite = values[np.isfinite(values)]
        plot.setYRange(0, max(1.0, float(finite.max(initial=0.0))), padding=0.06)
        self._ticks(plot)
        self.legend.set_keys((Key("o", "text", translate("Reports", "Override rate")),))

    def words_at(self, index: int) -> str:
        """The rate and its parts."""
        group = self.groups[index]
        return self._named(
            index,
            shown(group.override_rate, "share"),
            translate("Reports", "{count} overruled").format(count=number(group.disagreed)),
            translate("Reports", "{count} judged").format(count=number(group.judged)),
        )


class ControlCharts(_Grouped):
    """The p-chart above, the u-chart below, with limits, and what breaks a rule by another shape."""

    LEAST_HEIGHT = 230

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, translate("Reports", "Control charts p and u"))
        self.rejects: ControlChart | None = None
        self.rate: ControlChart | None = None

    def show_figures(self, figures: Figures) -> None:
        """Draw these."""
        self.rejects, self.rate = figures.rejects, figures.rate
        super().show_figures(figures)

    def draw(self) -> None:
        """Both, over the same groups."""
        above = self.plot(translate("Reports", "p, % NG"))
        below = self.plot(translate("Reports", "u, per part"), group_title(self.grouping))
        above.getAxis("bottom").setStyle(showValues=False)
        if self.rejects is not None and self.rate is not None:
            self._draw_chart(above, self.rejects, 100.0, "p\u0304")
            self._draw_chart(below, self.rate, 1.0, "u\u0304")
        self._ticks(below)
        self.legend.set_keys(
            (
                Key("o", "text", translate("Reports", "In control")),
                Key("d", "ng", translate("Reports", "Out of control, with its rules")),
                Key("o-", "muted", translate("Reports", "Too few parts")),
                Key("--", "muted", translate("Reports", "Limits, 3 σ (UCL, LCL)")),
                Key("-", "muted", translate("Reports", "Mean")),
            )
        )

    def words_at(self, index: int) -> str:
        """Both values, their limits and rules."""
        if self.rejects is None or self.rate is None:
            return ""
        said = []
        both: tuple[tuple[str, ControlChart, Kind], ...] = (("p", self.rejects, "share"), ("u", self.rate, "number"))
        for name, chart, kind in both:
            value, low, high = (shown(float(v[index]), kind) for v in (chart.values, chart.lower, chart.upper))
            said.append(f"{name} {value} ({low} – {high})")
            if chart.small[index]:
                said.append(rules_of(chart, index))
            elif chart.rules[index]:
                said.append(translate("Reports", "rules {rules}").format(rules=rules_of(chart, index)))
        parts = translate("Reports", "{count} judged").format(count=number(self.groups[index].judged))
        return self._named(index, *said, parts)

    def _draw_chart(self, plot: pg.PlotItem, chart: ControlChart, scale: float, mean: str) -> None:
        colours, count = self.theme.colours, len(chart.values)
        if not count or math.isnan(chart.centre):
            return
        values, xs = chart.values * scale, np.arange(count)
        edges: Floats = np.arange(count + 1, dtype=np.float64) - 0.5
        dashed = pg.mkPen(colours.muted, width=1.5, style=Qt.PenStyle.DashLine)
        limits: list[Floats] = [np.where(chart.small, np.nan, limit) * scale for limit in (chart.upper, chart.lower)]
        for limit in limits:
            plot.plot(*_steps(edges, limit), pen=dashed, connect="finite")
        plot.plot([-0.5, count - 0.5], [chart.centre * scale] * 2, pen=pg.mkPen(colours.muted, width=1))
        plot.plot(xs, values, pen=pg.mkPen(colours.text, width=1.5), connect="finite")
        out = np.zeros(count, bool)
        out[list(chart.out)] = True
        self._points(plot, xs, values, ~out & ~chart.small, "o", 6 if count > MANY else 7)
        self._points(plot, xs, values, chart.small, "o", 7, hollow=True)
        self._points(plot, xs, values, out, "d", 12)
        if out.sum() <= RULE_WORDS:
            # Neighbours would write over each other: the first of them does, the table has all.
            room = QFontMetrics(font(SMALL)).horizontalAdvance("1, 2") * count / max(1, self.view.width())
            before = -count
            for index in map(int, np.flatnonzero(out)):
                if index - before > room:
                    self._word(plot, rules_of(chart, index), float(index), float(values[index]), "ng", (0.5, 1.2))
                    before = index
        known = np.concatenate([values, *limits])
        top = max(float(np.nanmax(known)) if np.isfinite(known).any() else 0.0, chart.centre * scale, 1e-3)
        plot.setYRange(0, top * (1.35 if out.any() else 1.15), padding=0.02)
        end = count - 0.5
        self._word(plot, mean, end, chart.centre * scale, "muted", (1.0, 1.0))
        for limit, name in zip(limits, ("UCL", "LCL"), strict=True):
            last = limit[np.isfinite(limit)]
            if last.size and (name == "UCL" or last[-1] > 0.04 * top):
                self._word(plot, name, end, float(last[-1]), "muted", (1.0, 1.0))

    def _points(
        self,
        plot: pg.PlotItem,
        xs: NDArray[np.int64],
        values: NDArray[np.float64],
        which: NDArray[np.bool_],
        symbol: str,
        size: int,
        *,
        hollow: bool = False,
    ) -> None:
        token = "muted" if hollow else "ng" if symbol == "d" else "text"
        colour = self.theme.colour(token)
        known = which & np.isfinite(values)
        pen = pg.mkPen(colour, width=1.5) if hollow else pg.mkPen(self.theme.colour(self.ground), width=1)
        brush = self.theme.colour(self.ground) if hollow else colour
        plot.addItem(pg.ScatterPlotItem(xs[known], values[known], symbol=symbol, size=size, pen=pen, brush=brush))

    def _word(self, plot: pg.PlotItem, words: str, x: float, y: float, token: str, anchor: tuple[float, float]) -> None:
        item = pg.TextItem(words, color=self.theme.colour(token), anchor=anchor)
        item.setFont(font(SMALL))
        item.setPos(x, y)
        plot.addItem(item, ignoreBounds=True)


class ParetoChart(Chart):
    """Parts a kind of defect, most first, with the cumulative share as a line."""

    MOST = 20

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, translate("Reports", "Pareto of defects"))
        self.defects: tuple[DefectCount, ...] = ()
        self._total = 0

    def show_figures(self, figures: Figures) -> None:
        """Draw these; beyond twenty kinds the table has the rest."""
        self.defects = (figures.defects or ())[: self.MOST]
        self._total = sum(d.final for d in figures.defects or ())
        self.names = tuple(d.label if len(d.label) <= 14 else f"{d.label[:13]}…" for d in self.defects)
        self.redraw()

    def draw(self) -> None:
        """Bars by count at the left axis, the running share at the right one."""
        plot = self.plot(translate("Reports", "Parts"), translate("Reports", "Defect"))
        colours, xs = self.theme.colours, np.arange(len(self.defects))
        final, station = [d.final for d in self.defects], [d.station for d in self.defects]
        outline = pg.mkPen(colours.muted, width=1.5)
        plot.addItem(pg.BarGraphItem(x=xs - 0.2, height=final, width=0.36, brush=colours.accent, pen=None))
        plot.addItem(pg.BarGraphItem(x=xs + 0.2, height=station, width=0.36, brush=None, pen=outline))
        total = max(1, self._total, *station) if station else 1
        if self._total:
            running = np.cumsum(final)
            pen = pg.mkPen(colours.text, width=2)
            plot.plot(xs, running, pen=pen, symbol="o", symbolSize=8, symbolBrush=colours.text, symbolPen=None)
            right = plot.getAxis("right")
            plot.showAxis("right")
            right.setStyle(tickFont=font(SMALL), tickLength=-4)
            right.setPen(pg.mkPen(colours.line))
            right.setTextPen(pg.mkPen(colours.muted))
            right.setTicks([[(self._total * k / 4, percent(k / 4, 0)) for k in range(5)]])
        plot.setYRange(0, total, padding=0.05)
        self.ticks(plot, lambda index, _first: self.names[index])
        self.legend.set_keys(
            (
                Key("s", "accent", translate("Reports", "After corrections")),
                Key("s-", "muted", translate("Reports", "By the station")),
                Key("o", "text", translate("Reports", "Cumulative share")),
            )
        )

    def words_at(self, index: int) -> str:
        """Both counts and the share."""
        found = self.defects[index]
        return "   ".join(
            (
                found.label,
                translate("Reports", "{count} after corrections").format(count=number(found.final)),
                translate("Reports", "{count} by the station").format(count=number(found.station)),
                percent(found.final / self._total) if self._total else "–",
            )
        )


def _steps(edges: Floats, values: Floats) -> tuple[Floats, Floats]:
    """A level from edge to edge: every point has limits of its own."""
    return np.repeat(edges, 2)[1:-1], np.repeat(values, 2)
