"""The bar at the bottom: what runs, from where, with which model, how fast, what was skipped, how much disk is left."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTime, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from gui.icons import icon
from gui.theme import SPACING, Theme

LOW_DISK_BYTES = 5 * 1024**3
FIELDS = {"state": 88, "source": 200, "model": 220, "rate": 88, "skipped": 96, "disk": 104}
"""Field → least width in pixels, so that a growing number moves nothing."""
ICONS = {
    "Running": "play",
    "Paused": "pause",
    "Stopped": "stop",
    "Failed": "error",
    "Lost": "warning",
    "Loading": "scan",
}


class StatusBar(QWidget):
    """Set its fields; it lays them out, and shows the clock by itself."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(4 * SPACING)
        self._theme = theme
        self._state = "Stopped"
        self._mark = QLabel()
        self._labels = {name: QLabel() for name in FIELDS}
        self._clock = QLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * SPACING, 0, 2 * SPACING, 0)
        row.setSpacing(SPACING)
        row.addWidget(self._mark)
        for index, (name, width) in enumerate(FIELDS.items()):
            if index:
                row.addWidget(_divider())
            self._labels[name].setMinimumWidth(width)
            self._labels[name].setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            row.addWidget(self._labels[name], width)
        row.addWidget(_divider())
        row.addWidget(self._clock)
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self._tick()
        theme.changed.connect(self._draw_state)
        self.set_state("Stopped")

    def text(self, field: str) -> str:
        """What a field shows."""
        return self._labels[field].text()

    def set_state(self, state: str) -> None:
        """Running, Paused, Stopped, Lost, Failed or Loading."""
        self._state = state
        self._labels["state"].setText(state)
        self._draw_state()

    def set_source(self, text: str) -> None:
        """The source in words."""
        self._labels["source"].setText(text)
        self._labels["source"].setToolTip(text)

    def set_model(self, text: str) -> None:
        """The model's name, version and time per part."""
        self._labels["model"].setText(text)
        self._labels["model"].setToolTip(text)

    def set_rate(self, per_second: float) -> None:
        """Inspections a second."""
        self._labels["rate"].setText(f"{per_second:5.1f} parts/s")

    def set_skipped(self, skipped: int) -> None:
        """Frames the source made and the station never saw."""
        self._labels["skipped"].setText(f"skipped {skipped:,}")
        self._labels["skipped"].setToolTip("Pictures that came while the one before was still being judged")

    def set_disk(self, free: int) -> None:
        """Free bytes where pictures are kept; low is said in words."""
        gigabytes = free / 1024**3
        low = free < LOW_DISK_BYTES
        self._labels["disk"].setText(f"disk {gigabytes:,.0f} GB" if not low else f"disk low: {gigabytes:.1f} GB")
        self._labels["disk"].setStyleSheet(f"color: {self._theme.colours.review}" if low else "")

    def sizeHint(self) -> QSize:
        """One row."""
        return QSize(800, 4 * SPACING)

    def _draw_state(self) -> None:
        colours = self._theme.colours
        colour = {"Failed": colours.ng, "Lost": colours.review}.get(self._state, colours.text)
        self._mark.setPixmap(icon(ICONS.get(self._state, "info"), colour).pixmap(16, 16))

    def _tick(self) -> None:
        self._clock.setText(QTime.currentTime().toString("HH:mm"))


def _divider() -> QFrame:
    line = QFrame()
    line.setProperty("role", "line")
    line.setFixedSize(1, 2 * SPACING)
    return line
