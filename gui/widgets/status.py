"""The bar at the bottom: what runs, from where, what judges, how fast, what was skipped, how much disk is left."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTime, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from gui.i18n.language import number, size, translate
from gui.theme.icons import icon
from gui.theme.theme import SPACING, Theme, scaled
from gui.widgets.elided import Remark

LOW_DISK_BYTES = 5 * 1024**3
FIELDS = {"state": 72, "source": 140, "judge": 304, "rate": 80, "skipped": 124, "disk": 100}
"""Field → its share of the width, so that a growing number moves nothing; what was skipped is read in any language."""
ICONS = {
    "Running": "play",
    "Paused": "pause",
    "Stopped": "stop",
    "Failed": "error",
    "Lost": "warning",
    "Loading": "scan",
}
HEIGHT = 28


def state_word(state: str) -> str:
    """The line's state as it stands on screen."""
    words = {
        "Running": translate("Status", "Running"),
        "Paused": translate("Status", "Paused"),
        "Stopped": translate("Status", "Stopped"),
        "Failed": translate("Status", "Failed"),
        "Lost": translate("Status", "Lost"),
        "Loading": translate("Status", "Loading"),
    }
    return words.get(state, state)


class StatusBar(QWidget):
    """Set its fields; it lays them out, and shows the clock by itself."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(max(4 * SPACING, scaled(HEIGHT) - SPACING))
        self._theme = theme
        self._state = "Stopped"
        self._mark = QLabel()
        self._labels = {name: Remark(theme, 1) for name in FIELDS}
        self._clock = QLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * SPACING, 0, 2 * SPACING, 0)
        row.setSpacing(SPACING)
        row.addWidget(self._mark)
        for index, (name, width) in enumerate(FIELDS.items()):
            if index:
                row.addWidget(_divider())
            self._labels[name].set_token("text")
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
        self._labels["state"].setText(state_word(state))
        self._draw_state()

    def set_source(self, text: str) -> None:
        """The source in words."""
        self._say("source", text)

    def set_judge(self, text: str) -> None:
        """What judges now: product, recipe and model."""
        self._say("judge", text)

    def set_rate(self, per_second: float) -> None:
        """Inspections a second."""
        words = translate("Status", "{rate} parts/s")
        self._say("rate", words.format(rate=number(per_second, 1)))

    def set_skipped(self, skipped: int) -> None:
        """Frames the source made and the station never saw."""
        self._labels["skipped"].setText(translate("Status", "skipped {count}").format(count=number(skipped)))
        self._labels["skipped"].setToolTip(
            translate("Status", "Pictures that came while the one before was still being judged")
        )

    def set_disk(self, free: int) -> None:
        """Free bytes where pictures are kept; low is said in words."""
        low = free < LOW_DISK_BYTES
        words = translate("Status", "disk low: {size}") if low else translate("Status", "disk {size}")
        self._say("disk", words.format(size=size(free)))
        self._labels["disk"].set_token("review" if low else "text")

    def sizeHint(self) -> QSize:
        """One row."""
        return QSize(800, self.height())

    def _say(self, field: str, text: str) -> None:
        """What does not fit is in the tip."""
        self._labels[field].setText(text)
        self._labels[field].setToolTip(text)

    def _draw_state(self) -> None:
        colours = self._theme.colours
        colour = {"Failed": colours.ng, "Lost": colours.review}.get(self._state, colours.text)
        self._mark.setPixmap(icon(ICONS.get(self._state, "info"), colour).pixmap(scaled(16), scaled(16)))

    def _tick(self) -> None:
        self._clock.setText(QTime.currentTime().toString("HH:mm"))


def _divider() -> QFrame:
    line = QFrame()
    line.setProperty("role", "line")
    line.setFixedSize(1, 2 * SPACING)
    return line
