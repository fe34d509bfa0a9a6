"""What the picture measures, in figures below it: brightness, saturated pixels, focus, rate, what was lost, age."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QLabel

from engine.domain.inspection import utc_now
from engine.sources.supervisor import Supervisor
from gui.i18n.language import number, percent, translate
from gui.line.feed import Seen
from gui.pages.camera.presenter import Rate
from gui.theme.theme import SPACING

NAMES = ("brightness", "saturated", "focus", "rate", "incomplete", "skipped", "age")
NOTHING = "–"
LONG_AGO_S = 100


class Readings(QGridLayout):
    """`columns` side by side, each a word over its figure."""

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.values = {name: QLabel(NOTHING) for name in NAMES}
        self._rate = Rate()
        self._seen: Seen | None = None
        self._lay_out(columns)

    def clear(self) -> None:
        """Another source: nothing of the last one stays."""
        self._seen = None
        self._rate.clear()
        for label in self.values.values():
            label.setText(NOTHING)

    def show_seen(self, seen: Seen, peak: float) -> None:
        """The newest picture. `peak`: the best focus so far."""
        self._seen = seen
        self._rate.add(seen.frame.captured_at.timestamp(), seen.frame.sequence)
        figures = seen.figures
        self.values["brightness"].setText(percent(figures.brightness))
        self.values["saturated"].setText(_share(figures.saturation))
        share = figures.focus / peak if peak else 0.0
        self.values["focus"].setText(translate("Camera", "{share} of peak").format(share=percent(share, 0)))

    def show_time(self, source: Supervisor | None) -> None:
        """What moves on without a picture, and what the source counts."""
        if self._seen is None:
            return
        now = utc_now()
        age = max(0.0, (now - self._seen.frame.captured_at).total_seconds())
        self.values["age"].setText(f"{number(age, 1)} s" if age < LONG_AGO_S else f"{number(age / 60)} min")
        self.values["rate"].setText(number(self._rate.at(now.timestamp()), 1))
        if source is not None:
            self.values["incomplete"].setText(number(source.incomplete))
            self.values["skipped"].setText(number(source.skipped))

    def _lay_out(self, columns: int) -> None:
        self.setHorizontalSpacing(2 * SPACING)
        self.setVerticalSpacing(0)
        words = _words()
        for place, name in enumerate(NAMES):
            line, column = divmod(place, columns)
            word, tip = words[name]
            head, value = QLabel(word), self.values[name]
            head.setProperty("role", "muted")
            value.setAccessibleName(word)
            value.setStyleSheet("font-weight: bold;")
            for row, label in enumerate((head, value)):
                label.setToolTip(tip)
                self.addWidget(label, 2 * line + row, column)
            self.setColumnStretch(column, 2 if name == "focus" and columns > 2 else 1)


def _words() -> dict[str, tuple[str, str]]:
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
