"""What all charts of the Reports page share: labelled axes, a legend by shape, values under the pointer, themes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from gui.i18n.language import translate
from gui.theme.theme import SMALL, SPACING, Theme, font, scaled
from gui.widgets.elided import Remark

SETTLE_MS = 60
"""While somebody drags an edge, nothing is drawn anew."""
MARK = 14
LARGE_TYPE = 125
"""Per cent of the size of type beyond which values under the pointer may take two lines."""
EDGE = 0.6
"""Room beside the first and the last point, in points."""


class Key(NamedTuple):
    """One entry of a legend: a symbol (`-` a line, `--` a dashed one), a colour token or #rrggbb, words."""

    symbol: str
    token: str
    words: str


class Legend(QWidget):
    """What the shapes mean; as many lines as the entries need."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._keys: tuple[Key, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def set_keys(self, keys: Sequence[Key]) -> None:
        """Explain these."""
        self._keys = tuple(keys)
        self.setAccessibleName(", ".join(key.words for key in self._keys))
        self._fit()
        self.update()

    def sizeHint(self) -> QSize:
        """One line at least."""
        return QSize(scaled(120), max(1, self._lines()) * self._step())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width may take more lines."""
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Shape and word, shape and word."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(SMALL))
        side, step = scaled(MARK), self._step()
        for key, place in zip(self._keys, self._places(), strict=True):
            box = QRectF(place.x(), place.y() + (step - side) / 2, side, side)
            self._draw(painter, key, box)
            painter.setPen(self._theme.colour("text"))
            words = QRectF(box.right() + SPACING / 2, place.y(), self.width(), step)
            painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), key.words)

    def _draw(self, painter: QPainter, key: Key, box: QRectF) -> None:
        colour = QColor(key.token) if key.token.startswith("#") else self._theme.colour(key.token)
        if key.symbol in ("-", "--"):
            style = Qt.PenStyle.SolidLine if key.symbol == "-" else Qt.PenStyle.DashLine
            painter.setPen(pg.mkPen(colour, width=2, style=style))
            painter.drawLine(QPointF(box.left(), box.center().y()), QPointF(box.right(), box.center().y()))
            return
        hollow = key.symbol.endswith("-")
        shape: QPainterPath = pg.graphicsItems.ScatterPlotItem.Symbols[key.symbol.rstrip("-")]
        painter.save()
        painter.translate(box.center())
        painter.scale(box.width() * 0.75, box.height() * 0.75)
        painter.setPen(QPen(colour, 0.14) if hollow else QPen(Qt.PenStyle.NoPen))
        painter.setBrush(Qt.BrushStyle.NoBrush if hollow else colour)
        painter.drawPath(shape)
        painter.restore()

    def _places(self) -> list[QPointF]:
        metrics, x, y, found = QFontMetrics(font(SMALL)), 0.0, 0.0, list[QPointF]()
        for key in self._keys:
            width = scaled(MARK) + SPACING / 2 + metrics.horizontalAdvance(key.words)
            if x and x + width > self.width():
                x, y = 0.0, y + self._step()
            found.append(QPointF(x, y))
            x += width + 2 * SPACING
        return found

    def _lines(self) -> int:
        return len({place.y() for place in self._places()})

    def _step(self) -> int:
        return QFontMetrics(font(SMALL)).height() + SPACING // 2

    def _fit(self) -> None:
        height = max(1, self._lines()) * self._step()
        if height != self.height():
            self.setFixedHeight(height)


class Chart(QWidget):
    """Plots one above the other over the same groups. A subclass draws them in `draw`, with `plot` and `ticks`."""

    pointed = Signal(int)
    """The group under the pointer."""
    LEAST_HEIGHT = 140
    """Of the plots together, in pixels as designed."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.ground = "surface"
        """The token of what it is drawn on."""
        self.names: tuple[str, ...] = ()
        """Of the groups, as the axis writes them."""
        self.readout = Remark(theme, 2 if scaled(100) > LARGE_TYPE else 1)
        self.legend = Legend(theme)
        self.view = pg.GraphicsLayoutWidget()
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setMinimumHeight(scaled(self.LEAST_HEIGHT))
        self.view.setAccessibleName(name)
        self.view.scene().sigMouseMoved.connect(self._hover)
        self.plots: list[pg.PlotItem] = []
        self._cursors: list[pg.InfiniteLine] = []
        self._stale = False
        """Drawn in a theme that is over."""
        self._resized = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._resized.timeout.connect(self.redraw)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING // 2)
        column.addWidget(self.legend)
        column.addWidget(self.view, 1)
        column.addWidget(self.readout)
        theme.changed.connect(self._dress)

    # ── for the subclass ─────────────────────────────────────────────────────────────────────────────────────────
    def draw(self) -> None:
        """Draw everything anew, in the colours in force."""
        raise NotImplementedError

    def hint(self) -> str:
        """What stands where the values of a group are shown, while none is pointed at."""
        return translate("Reports", "Point at the chart, or choose a row, to read its values.")

    def words_at(self, index: int) -> str:
        """The values of one group, in words."""
        raise NotImplementedError

    def plot(self, left: str, bottom: str = "", *, stretch: int = 1) -> pg.PlotItem:
        """One more plot below the others, its axes labelled with what they show and its unit."""
        plot = self._made(len(self._cursors), stretch)
        colours = self.theme.colours
        for side, words in (("left", left), ("bottom", bottom)):
            axis = plot.getAxis(side)
            axis.setStyle(tickFont=font(SMALL), tickLength=-4, hideOverlappingLabels=False)
            axis.setPen(pg.mkPen(colours.line))
            axis.setTextPen(pg.mkPen(colours.muted))
            if words:
                axis.setLabel(words, **{"color": colours.muted, "font-size": f"{scaled(SMALL)}px"})
        cursor = pg.InfiniteLine(pen=pg.mkPen(colours.muted, width=1, style=Qt.PenStyle.DotLine))
        cursor.setVisible(False)
        plot.addItem(cursor, ignoreBounds=True)
        self._cursors.append(cursor)
        return plot

    def _made(self, row: int, stretch: int) -> pg.PlotItem:
        """The plot of a row, empty; made once, because making one takes tens of milliseconds."""
        if row < len(self.plots):
            self.plots[row].clear()
            return self.plots[row]
        plot = self.view.addPlot(row=row, col=0, enableMenu=False)
        self.view.ci.layout.setRowStretchFactor(row, stretch)
        plot.setMouseEnabled(x=False, y=False)
        plot.hideButtons()
        # As wide at every plot, so that the same group lies at the same place in all.
        plot.getAxis("left").setWidth(scaled(64))
        for side in ("left", "bottom", "right"):
            # Before it has a label: once that is visible, pyqtgraph 0.14 sets a factor of 1000 here.
            plot.getAxis(side).enableAutoSIPrefix(False)
        self.plots.append(plot)
        return plot

    def ticks(self, plot: pg.PlotItem, full: Callable[[int, bool], str]) -> None:
        """Names below the groups, as many as there is room for; `full(index, first)` writes one."""
        count = len(self.names)
        for each in self.plots:
            each.setXRange(-EDGE, max(0, count - 1) + EDGE, padding=0)
        widest = max((QFontMetrics(font(SMALL)).horizontalAdvance(name) for name in self.names), default=1)
        room = max(1, (self.view.width() or self.width()) - scaled(96))
        step = max(1, -(-count * (widest + 2 * SPACING) // room))
        shown = range(0, count, step)
        names = [(i, full(i, n == 0)) for n, i in enumerate(shown)]
        lines = 1 + max((name.count("\n") + 1 for _, name in names), default=1)
        bottom = plot.getAxis("bottom")
        bottom.setTicks([names])
        bottom.setHeight(lines * QFontMetrics(font(SMALL)).height() + SPACING // 2)

    # ── everyone ─────────────────────────────────────────────────────────────────────────────────────────────────
    def redraw(self) -> None:
        """In the theme's colours, at the present size."""
        self._cursors, self._stale = [], False
        self.view.setBackground(self.theme.colour(self.ground))
        self.draw()
        self.readout.setText(self.hint())

    def mark(self, index: int) -> None:
        """Put the cursor on one group and say its values."""
        inside = 0 <= index < len(self.names)
        for cursor in self._cursors:
            cursor.setVisible(inside)
            if inside:
                cursor.setPos(index)
        self.readout.setText(self.words_at(index) if inside else self.hint())

    def showEvent(self, event: QShowEvent) -> None:
        """What another theme left undone while it was hidden."""
        super().showEvent(event)
        if self._stale:
            self.redraw()

    def _dress(self) -> None:
        self._stale = bool(self.plots)
        if self._stale and self.isVisible():
            self.redraw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width has room for other names."""
        super().resizeEvent(event)
        if event.size() != event.oldSize() and self.plots:
            self._resized.start()

    def _hover(self, at: QPointF) -> None:
        if self.plots and self.names:
            index = round(self.plots[0].vb.mapSceneToView(at).x())
            if 0 <= index < len(self.names):
                self.mark(index)
                self.pointed.emit(index)
