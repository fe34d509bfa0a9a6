"""The parts of the Live page around the picture: its tools, the acts, and the bars that say what is unusual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from db.users.alarms import StoredAlarm
from engine.domain.inspection import utc_now
from engine.station.alarms import AlarmKind
from gui.i18n.language import clock, day_time, translate
from gui.i18n.messages import translated
from gui.page import Binding
from gui.theme.icons import icon
from gui.theme.theme import NORMAL, SPACING, TOUCH, Theme, font, scaled
from gui.viewer.picture_tools import _dropping
from gui.widgets.elided import Remark
from gui.widgets.key_button import KeyButton, key_words

SLIM = 36
ICONS = {
    "ok": "ok",
    "ng": "ng",
    "review": "question",
    "undo": "undo",
    "run": "play",
    "stop": "stop",
    "trigger": "record",
}
ICONS_UP_TO = 1.4
"""Above this size of type the acts have no icons: their words need the room."""


class ActButton(KeyButton):
    """A button of the operator: of large type only a little higher than its line, so that all of them find room."""

    def __init__(self, theme: Theme, binding: Binding, icon_name: str = "", *, least: int = TOUCH) -> None:
        super().__init__(theme, binding.text, binding.sequence, icon_name)
        self._height = max(TOUCH if theme.touch else least, QFontMetrics(font(NORMAL)).height() + 2 * SPACING)
        # The sheet's least height grows with the type: two more rows of it would not fit beside the verdict.
        self.setStyleSheet(f"min-height: {self._height - 2}px;")
        self._cap = key_words(binding.sequence)
        self.clicked.connect(_dropping(binding.act))
        self.tell(binding.text)

    def tell(self, text: str, tip: str = "") -> None:
        """Other words on it; the tip has the key too."""
        self.setText(text)
        self.setToolTip(f"{tip or text}   [{self._cap}]")
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """As wide as any."""
        return QSize(super().sizeHint().width(), self._height)


class Acts(QWidget):
    """The operator's buttons, each with its key: it is OK, it is NG, review, undo, start and pause, stop, trigger."""

    def __init__(self, theme: Theme, acts: dict[str, Binding], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[str, ActButton] = {}
        with_icons = scaled(100) <= 100 * ICONS_UP_TO
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout()
        for index, (name, binding) in enumerate(acts.items()):
            button = ActButton(theme, binding, ICONS[name] if with_icons else "")
            self.buttons[name] = button
            if index % 2 == 0:
                row = QHBoxLayout()
                row.setSpacing(SPACING)
                column.addLayout(row)
            row.addWidget(button, 1)
        self._with_icons = with_icons

    def set_text(self, name: str, text: str) -> None:
        """The words on one button."""
        self.buttons[name].tell(text)

    def set_icon(self, name: str, symbol: str) -> None:
        """Another icon on one button."""
        if self._with_icons:
            self.buttons[name].set_icon(symbol)


class AlarmBar(QFrame):
    """An alarm nobody acknowledged: a filled bar with a triangle, the word, what happened and since when."""

    def __init__(
        self,
        theme: Theme,
        acknowledge: Binding,
        ways: Mapping[AlarmKind, Sequence[Binding]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self.ways = {kind: _row_of([ActButton(theme, way, least=SLIM) for way in out]) for kind, out in ways.items()}
        """By an alarm's kind: the buttons that lead out of it."""
        self._mark, self._word, self._text, self._more = QLabel(), QLabel(), QLabel(wordWrap=True), QLabel()
        self._word.setText(translate("Alarm", "ALARM"))
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.button = ActButton(theme, acknowledge)
        grid = QGridLayout(self)
        grid.setContentsMargins(2 * SPACING, SPACING, SPACING, SPACING)
        grid.setHorizontalSpacing(SPACING + SPACING // 2)
        # Large type leaves no room for the sentence beside the button.
        below = self._below = scaled(100) > 100 * ICONS_UP_TO
        grid.addWidget(self._mark, 0, 0)
        grid.addWidget(self._word, 0, 1)
        grid.addWidget(self._text, *((1, 0, 1, 5) if below else (0, 2, 1, 1)))
        grid.addWidget(self._more, 0, 3)
        grid.addWidget(self.button, 0, 4)
        for row in self.ways.values():
            grid.addWidget(row, 2, 0, 1, 5)
        grid.setColumnStretch(2, 1)
        theme.changed.connect(self._colour)
        self._colour()
        self.hide()

    @property
    def text(self) -> str:
        """The sentence shown; empty without an alarm."""
        return "" if self.isHidden() else self._text.text()

    def show_alarms(self, waiting: tuple[StoredAlarm, ...]) -> None:
        """The oldest of these, and how many there are."""
        self.setVisible(bool(waiting))
        if not waiting:
            return
        first = waiting[0]
        for kind, row in self.ways.items():
            row.setVisible(first.kind == kind)
        today = first.at.astimezone().date() == utc_now().astimezone().date()
        since = clock(first.at) if today else day_time(first.at)
        self._text.setText(f"{since}  {translated(first.message)}")
        said = translate("Alarm", "1 of {count}").format(count=len(waiting))
        self._more.setText(said if len(waiting) > 1 else "")
        self.setAccessibleName(translate("Alarm", "Alarm: {message}").format(message=translated(first.message)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The fill; it does not blink."""
        QPainter(self).fillRect(self.rect(), self._theme.colour("ng_fill"))

    def _colour(self) -> None:
        ink, side = self._theme.colours.on_ng, scaled(20 if self._below else 32)
        self._mark.setPixmap(icon("warning", ink).pixmap(side, side))
        self._word.setStyleSheet(f"color: {ink}; font-size: {scaled(20)}px; font-weight: bold;")
        self._text.setStyleSheet(f"color: {ink}; font-weight: bold;")
        self._more.setStyleSheet(f"color: {ink};")


def _row_of(buttons: Sequence[ActButton]) -> QWidget:
    """These side by side, hidden for now."""
    row = QWidget()
    line = QHBoxLayout(row)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(SPACING)
    for button in buttons:
        line.addWidget(button)
    line.addStretch(1)
    row.hide()
    return row


class LookBar(QFrame):
    """Says that the picture is of the past: `looking at part 1,198 — Esc returns to live`."""

    def __init__(self, theme: Theme, leave: Binding, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "lookbar")
        self._text = QLabel(wordWrap=True)
        back = ActButton(theme, leave, least=SLIM)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * SPACING, SPACING // 2, SPACING, SPACING // 2)
        row.addWidget(self._text, 1)
        row.addWidget(back)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence shown."""
        return self._text.text()

    def tell(self, part: str) -> None:
        """Show the sentence for this part."""
        self._text.setText(translate("Live", "looking at {part} — Esc returns to live").format(part=part))
        self.show()


class DriftBar(QFrame):
    """Says that the picture is not as the recipe's golden one, as long as that is so."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "lookbar")
        self._theme = theme
        self._mark, self._text = QLabel(), QLabel(wordWrap=True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * SPACING, SPACING // 2, SPACING, SPACING // 2)
        row.setSpacing(SPACING)
        row.addWidget(self._mark)
        row.addWidget(self._text, 1)
        theme.changed.connect(self._colour)
        self._colour()
        self.hide()

    @property
    def text(self) -> str:
        """The sentence shown; empty while the picture is fine."""
        return "" if self.isHidden() else self._text.text()

    def show_level(self, level: str, words: str) -> None:
        """`fine`, `warn` or `review`, and what drifted."""
        said = translate("Live", "Parts go to REVIEW: {words}").format(words=words)
        self._text.setText(said if level == "review" else f"{words[:1].upper()}{words[1:]}")
        self.setVisible(level != "fine")

    def _colour(self) -> None:
        side = scaled(16)
        self._mark.setPixmap(icon("warning", self._theme.colours.review).pixmap(side, side))


class Aside(Remark):
    """A quiet line for what was just done; it leaves after a while and moves nothing."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, 2, parent)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._clear)

    def tell(self, text: str, seconds: float = 8.0) -> None:
        """Show it for so long."""
        self.setText(text)
        self._timer.start(int(seconds * 1000))

    def _clear(self) -> None:
        self.setText("")
