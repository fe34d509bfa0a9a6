"""The middle of the Camera page: the picture with its saturated pixels, what it measures, and how the source stands."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from engine.sources.supervisor import SourceState, Supervisor
from engine.station.preview import Standing
from gui.i18n.language import translate
from gui.line.feed import Seen, plain_tip, thinned
from gui.page import Binding
from gui.pages.camera.readings import NAMES, Readings
from gui.pages.camera.standing import StandingPanel
from gui.theme.icons import icon
from gui.theme.large_type import large_type
from gui.theme.theme import SPACING, Theme, scaled
from gui.viewer.picture_tools import tool_button
from gui.widgets.charts.histogram import FocusTrend, Histogram
from gui.widgets.elided import CutLabel
from gui.widgets.pictures.image_view import ImageView

TICK_MS = 250
PLOT_HEIGHT, PLOT_MOST = 128, 176
ONE_LINE = 110
"""Per cent of the size of type up to which all readings stand in one line."""


class CameraView(QWidget):
    """Fed with `show_seen` and `show_standing`; `clear` before another source."""

    def __init__(self, theme: Theme, tools: list[tuple[str, Binding]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.title, self.note = CutLabel(), QLabel()
        self.view = ImageView(theme)
        self.view.set_style("mask")
        self.view.set_opacity(0.9)
        self.histogram, self.trend = Histogram(theme), FocusTrend(theme)
        self._readings = Readings(1 if large_type() else 4 if scaled(100) > ONE_LINE else len(NAMES))
        self.values = self._readings.values
        self.pixel = QLabel()
        self._panel = StandingPanel(theme, self.view)
        self._buttons: list[tuple[str, QPushButton]] = [(name, tool_button(binding)) for name, binding in tools]
        self._seen: Seen | None = None
        self._marking = True
        self._kind = ""
        """Size and depth of the picture."""
        self._source: Callable[[], Supervisor | None] = lambda: None
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self.view.cursorMoved.connect(self._pixel_under)
        self.view.viewChanged.connect(self._draw_marks)
        theme.changed.connect(self._colour)
        self._colour()
        self.clear("")

    @property
    def seen(self) -> Seen | None:
        """The picture shown."""
        return self._seen

    @property
    def why(self) -> str:
        """What is said over the picture; empty while all is well."""
        return self._panel.why

    @property
    def wait(self) -> str:
        """The countdown under it."""
        return self._panel.wait

    def counts_of(self, source: Callable[[], Supervisor | None]) -> None:
        """Where damaged and skipped pictures are counted."""
        self._source = source

    def start(self) -> None:
        """Rates, ages and the countdown move on."""
        self._timer.start()

    def stop(self) -> None:
        """They rest."""
        self._timer.stop()

    # ── fed ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def clear(self, title: str) -> None:
        """Another source of this name: nothing of the last one stays."""
        self._seen = None
        self.set_title(title)
        self.note.setText("")
        self.view.set_picture(None)
        self.view.set_empty_text(
            translate("Camera", "Opening…") if title else translate("Camera", "Choose a camera on the left.")
        )
        self.view.set_greyed(False)
        self.histogram.clear()
        self.trend.clear()
        self._panel.hide()
        self._readings.clear()

    def set_title(self, title: str) -> None:
        """How the source is called."""
        self.title.setText(title)
        self.title.setToolTip(plain_tip(title))

    def show_seen(self, seen: Seen) -> None:
        """The newest picture and what it measures."""
        self._seen = seen
        self.view.set_picture(seen.picture)
        self._draw_marks()
        figures = seen.figures
        self.histogram.show_counts(figures.histogram, figures.saturation > 0)
        self.trend.add(figures.focus, seen.at)
        height, width = seen.frame.size
        bits = seen.frame.bits or seen.frame.pixels.dtype.itemsize * 8
        depth = translate("Camera", "{bits} bit").format(bits=bits)
        self._kind = ", ".join(filter(None, (f"{width}×{height}", depth, seen.frame.bayer)))
        self.note.setText(self._kind)
        self._readings.show_seen(seen, self.trend.peak)
        self._tick()

    def show_standing(self, standing: Standing) -> None:
        """How the source stands: words over a greyed picture unless it is streaming."""
        self.view.set_greyed(self._panel.show_standing(standing))
        if standing.state is SourceState.STREAMING:
            self.view.set_empty_text(translate("Camera", "Open. Waiting for the first picture…"))
        self._tick()

    def toggle_marking(self) -> None:
        """Mark saturated pixels, or do not."""
        self._marking = not self._marking
        self.button("mark").setChecked(self._marking)
        self._draw_marks()

    def button(self, name: str) -> QPushButton:
        """One of the tools."""
        return dict(self._buttons)[name]

    # ── on screen ────────────────────────────────────────────────────────────────────────────────────────────────
    def _draw_marks(self) -> None:
        if self._seen is None or not self._marking or not self._seen.figures.saturation:
            self.view.set_overlay(None)
            return
        mask = thinned(self._seen.saturated, self.view.zoom)
        rgba = np.zeros((*mask.shape, 4), np.uint8)
        red = self._theme.colour("ng")
        rgba[mask > 0] = (red.red(), red.green(), red.blue(), 255)
        self.view.set_overlay(rgba)

    def _tick(self) -> None:
        source = self._source()
        self._panel.show_time()
        self._readings.show_time(source)
        if self._seen is not None and source is not None:
            triggers = translate("Camera", "waits for triggers")
            waits = source.live and not source.free_running
            self.note.setText(f"{self._kind}, {triggers}" if waits else self._kind)

    def _pixel_under(self, x: int, y: int, _value: str) -> None:
        seen = self._seen
        if seen is None or x < 0:
            self.pixel.setText("")
            return
        raw = " ".join(str(int(v)) for v in np.atleast_1d(seen.frame.pixels[y, x]))
        self.pixel.setText(translate("Camera", "x {x}  y {y}  value {value}").format(x=x, y=y, value=raw))

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        column.addLayout(self._head())
        frame = QFrame()
        frame.setProperty("role", "picture")
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(2, 2, 2, 2)
        inside.addWidget(self.view)
        column.addWidget(frame, 1)
        plots = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        plots.setSpacing(SPACING)
        plots.addWidget(self.histogram, 3)
        plots.addWidget(self.trend, 2)
        for plot in (self.histogram, self.trend):
            plot.setFixedHeight(min(scaled(PLOT_HEIGHT), PLOT_MOST))
        if not large_type():
            column.addLayout(self._readings)
            column.addLayout(plots)
            return
        # The picture keeps its place; what is measured scrolls below it.
        plots.setDirection(QBoxLayout.Direction.TopToBottom)
        area, panel = QScrollArea(), QWidget()
        below = QVBoxLayout(panel)
        below.setContentsMargins(0, 0, SPACING, 0)
        below.addLayout(self._readings)
        below.addLayout(plots)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(panel)
        column.addWidget(area, 1)

    def _head(self) -> QBoxLayout:
        self.title.setProperty("role", "large")
        self.note.setProperty("role", "muted")
        self.pixel.setProperty("role", "muted")
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.title)
        below = QHBoxLayout()
        below.addWidget(self.note)
        below.addWidget(self.pixel, 1)
        words.addLayout(below)
        row = QBoxLayout(QBoxLayout.Direction.TopToBottom if large_type() else QBoxLayout.Direction.LeftToRight)
        tools = QHBoxLayout()
        for layout in (row, tools):
            layout.setSpacing(SPACING // 2)
        row.addLayout(words, 1)
        for _name, button in self._buttons:
            tools.addWidget(button)
        tools.addStretch(1 if large_type() else 0)
        row.addLayout(tools)
        mark = self.button("mark")
        mark.setCheckable(True)
        mark.setChecked(True)
        return row

    def _colour(self) -> None:
        colours = self._theme.colours
        for name, button in self._buttons:
            button.setIcon(icon("overlay" if name == "mark" else name, colours.text))
        self._draw_marks()
