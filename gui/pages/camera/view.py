"""The middle of the Camera page: the picture with its saturated pixels, what it measures, and how the source stands."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.domain.inspection import utc_now
from engine.sources.supervisor import SourceState, Supervisor
from engine.station.preview import Standing
from gui.i18n.language import number, percent, translate
from gui.line.feed import Seen, plain_tip, thinned
from gui.page import Binding
from gui.theme.icons import icon
from gui.theme.large_type import large_type
from gui.theme.theme import SPACING, Theme, scaled
from gui.viewer.picture_tools import tool_button
from gui.widgets.charts.histogram import FocusTrend, Histogram
from gui.widgets.pictures.image_view import ImageView

RATE_S = 2.0
TICK_MS = 250
READINGS = ("brightness", "saturated", "focus", "rate", "incomplete", "skipped", "age")
PLOT_HEIGHT, PLOT_MOST = 128, 176
NOTHING = "–"


class _Title(QLabel):
    """A line that is cut with dots where it is too long."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """The text as far as it fits."""
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(self.palette().color(self.foregroundRole()))
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)


class CameraView(QWidget):
    """Fed with `show_seen` and `show_standing`; `clear` before another source."""

    def __init__(self, theme: Theme, tools: list[tuple[str, Binding]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.title, self.note = _Title(), QLabel()
        self.view = ImageView(theme)
        self.view.set_style("mask")
        self.view.set_opacity(0.9)
        self.histogram, self.trend = Histogram(theme), FocusTrend(theme)
        self.values = {name: QLabel(NOTHING) for name in READINGS}
        self.pixel = QLabel()
        self._panel, self._why, self._wait = QFrame(self.view), QLabel(wordWrap=True), QLabel()
        self._mark = QLabel()
        self._buttons: list[tuple[str, QPushButton]] = [(name, tool_button(binding)) for name, binding in tools]
        self._seen: Seen | None = None
        self._marking = True
        self._kind = ""
        """Size and depth of the picture."""
        self._standing = Standing(SourceState.CLOSED)
        self._arrivals: deque[tuple[float, int]] = deque()
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
        return self._why.text() if not self._panel.isHidden() else ""

    @property
    def wait(self) -> str:
        """The countdown under it."""
        return self._wait.text()

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
        self._arrivals.clear()
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
        for label in self.values.values():
            label.setText(NOTHING)

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
        self._arrivals.append((seen.frame.captured_at.timestamp(), seen.frame.sequence))
        height, width = seen.frame.size
        bits = seen.frame.bits or seen.frame.pixels.dtype.itemsize * 8
        depth = translate("Camera", "{bits} bit").format(bits=bits)
        self._kind = ", ".join(filter(None, (f"{width}×{height}", depth, seen.frame.bayer)))
        self.note.setText(self._kind)
        self.values["brightness"].setText(percent(figures.brightness))
        self.values["saturated"].setText(_share(figures.saturation))
        share = figures.focus / self.trend.peak if self.trend.peak else 0.0
        self.values["focus"].setText(translate("Camera", "{share} of peak").format(share=percent(share, 0)))
        self._tick()

    def show_standing(self, standing: Standing) -> None:
        """How the source stands: words over a greyed picture unless it is streaming."""
        self._standing = standing
        well = standing.state is SourceState.STREAMING or not (standing.words or standing.over)
        self._panel.setVisible(not well)
        self.view.set_greyed(not well)
        self._why.setText(standing.words)
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
        self._wait.setText(self._wait_words())
        self._wait.setVisible(bool(self._wait.text()))
        if self._seen is None:
            return
        age = max(0.0, (utc_now() - self._seen.frame.captured_at).total_seconds())
        self.values["age"].setText(f"{number(age, 1)} s" if age < 100 else f"{number(age / 60)} min")
        self.values["rate"].setText(number(self._rate(), 1))
        source = self._source()
        if source is not None:
            triggers = translate("Camera", "waits for triggers")
            waits = source.live and not source.free_running
            self.note.setText(f"{self._kind}, {triggers}" if waits else self._kind)
            self.values["incomplete"].setText(number(source.incomplete))
            self.values["skipped"].setText(number(source.skipped))

    def _wait_words(self) -> str:
        match self._standing.state:
            case SourceState.OPENING if self._standing.words:
                return translate("Camera", "Trying again now.")
            case SourceState.BACKOFF:
                left = self._standing.retry_in
                soon = translate("Camera", "Next try in {seconds} s.").format(seconds=number(left))
                return soon if left >= 0.5 else translate("Camera", "Trying again now.")
            case SourceState.LOST:
                return translate("Camera", "It will be opened again by itself.")
            case _:
                return ""

    def _rate(self) -> float:
        """Pictures a second by their sequence numbers, so that those not shown count too."""
        now = utc_now().timestamp()
        while self._arrivals and now - self._arrivals[0][0] > RATE_S:
            self._arrivals.popleft()
        if len(self._arrivals) < 2:
            return 0.0
        (first, low), (last, high) = self._arrivals[0], self._arrivals[-1]
        if high < low:
            self._arrivals.clear()
            return 0.0
        return (high - low) / (last - first) if last > first else 0.0

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
        self._lay_out_panel()
        plots = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        plots.setSpacing(SPACING)
        plots.addWidget(self.histogram, 3)
        plots.addWidget(self.trend, 2)
        for plot in (self.histogram, self.trend):
            plot.setFixedHeight(min(scaled(PLOT_HEIGHT), PLOT_MOST))
        if not large_type():
            column.addLayout(self._readings(len(READINGS)))
            column.addLayout(plots)
            return
        # The picture keeps its place; what is measured scrolls below it.
        plots.setDirection(QBoxLayout.Direction.TopToBottom)
        area, panel = QScrollArea(), QWidget()
        below = QVBoxLayout(panel)
        below.setContentsMargins(0, 0, SPACING, 0)
        below.addLayout(self._readings(1))
        below.addLayout(plots)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(panel)
        column.addWidget(area, 1)

    def _head(self) -> QBoxLayout:
        self.title.setProperty("role", "large")
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setProperty("role", "muted")
        self.pixel.setProperty("role", "muted")
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.title)
        below = QHBoxLayout()
        below.addWidget(self.note)
        below.addWidget(self.pixel, 1)
        words.addLayout(below)
        # A long name is cut, not the tools.
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
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

    def _lay_out_panel(self) -> None:
        self._panel.setObjectName("standing")
        self._why.setTextFormat(Qt.TextFormat.PlainText)
        self._wait.setProperty("role", "muted")
        words = QVBoxLayout()
        words.addWidget(self._why)
        words.addWidget(self._wait)
        row = QHBoxLayout(self._panel)
        row.setContentsMargins(2 * SPACING, 2 * SPACING, 2 * SPACING, 2 * SPACING)
        row.setSpacing(2 * SPACING)
        row.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        over = QVBoxLayout(self.view)
        over.setContentsMargins(3 * SPACING, 3 * SPACING, 3 * SPACING, 3 * SPACING)
        over.addStretch(1)
        over.addWidget(self._panel)
        over.addStretch(1)

    def _readings(self, columns: int) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * SPACING)
        grid.setVerticalSpacing(0)
        words = _readings()
        for place, name in enumerate(READINGS):
            line, column = divmod(place, columns)
            word, tip = words[name]
            head, value = QLabel(word), self.values[name]
            head.setProperty("role", "muted")
            value.setAccessibleName(word)
            value.setStyleSheet("font-weight: bold;")
            for row, label in enumerate((head, value)):
                label.setToolTip(tip)
                grid.addWidget(label, 2 * line + row, column)
            grid.setColumnStretch(column, 2 if name == "focus" and columns > 2 else 1)
        return grid

    def _colour(self) -> None:
        colours = self._theme.colours
        self._panel.setStyleSheet(
            f"QFrame#standing {{ background: {colours.raised}; border: 1px solid {colours.review};"
            " border-radius: 4px; }"
        )
        self._mark.setPixmap(icon("warning", colours.review).pixmap(24, 24))
        for name, button in self._buttons:
            button.setIcon(icon("overlay" if name == "mark" else name, colours.text))
        self._draw_marks()


def _readings() -> dict[str, tuple[str, str]]:
    """What is measured: a word, and what it means."""
    skipped = translate(
        "Camera", "Pictures made and never read since it was opened: while looking, and by the line while it judges"
    )
    focus = translate("Camera", "Sharpness, hardly moved by brightness; turn the lens until it is at its peak")
    lost = translate("Camera", "Damaged pictures since it was opened: packets are missing")
    top = translate("Camera", "Pixels at the top of their scale, per cent of all")
    return {
        "brightness": (translate("Camera", "Brightness"), translate("Camera", "Mean grey, per cent of full scale")),
        "saturated": (translate("Camera", "Saturated"), top),
        "focus": (translate("Camera", "Focus"), focus),
        "rate": (translate("Camera", "Pictures/s"), translate("Camera", "Pictures a second the camera makes")),
        "incomplete": (translate("Camera", "Incomplete"), lost),
        "skipped": (translate("Camera", "Skipped"), skipped),
        "age": (translate("Camera", "Age"), translate("Camera", "Since the newest picture was taken over")),
    }


def _share(share: float) -> str:
    """Per cent; a single pixel is not nought."""
    return percent(0, 0) if not share else f"< {percent(1e-4, 2)}" if share < 1e-4 else percent(share, 2)
