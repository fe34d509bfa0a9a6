"""A pad for a PIN: touch, keyboard and number pad alike; what is typed shows as dots."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from gui.i18n.language import translate
from gui.theme.theme import LARGE, SPACING, Theme, font, scaled

BUTTON = 56
"""Height and width of a key of the pad in pixels: a finger in a glove."""
LONGEST = 12
SHORTEST = 4


class PinPad(QWidget):
    """`submitted` carries the PIN once Enter was pressed on at least four digits; it is forgotten at once."""

    submitted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._pin = theme, ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(translate("Operators", "PIN"))
        self._title = QLabel(translate("Operators", "PIN"), textFormat=Qt.TextFormat.PlainText)
        self._dots = _Dots(theme)
        self.enter = self._key("↵", translate("Operators", "Enter"))
        self.enter.setProperty("role", "primary")
        self.enter.clicked.connect(self._submit)
        back = self._key("⌫", translate("Operators", "Take the last digit back"))
        back.clicked.connect(self._back)
        grid = QGridLayout()
        grid.setSpacing(SPACING)
        for digit in "123456789":
            place = int(digit) - 1
            grid.addWidget(self._digit(digit), place // 3, place % 3)
        grid.addWidget(back, 3, 0)
        grid.addWidget(self._digit("0"), 3, 1)
        grid.addWidget(self.enter, 3, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        column.addWidget(self._title)
        column.addWidget(self._dots)
        column.addLayout(grid)
        column.addStretch(1)
        self._show()

    @property
    def title(self) -> str:
        """What stands above the dots."""
        return self._title.text()

    @property
    def typed(self) -> int:
        """How many digits were typed."""
        return len(self._pin)

    def start(self, title: str) -> None:
        """Begin anew, for this title."""
        self._pin = ""
        metrics = QFontMetrics(self._title.font())
        self._title.setText(metrics.elidedText(title, Qt.TextElideMode.ElideRight, 3 * self._side() + 2 * SPACING))
        self._title.setToolTip(title)
        self._show()

    def take(self, event: QKeyEvent) -> bool:
        """Act on a key: a digit, Backspace, Enter; True when it was one."""
        text = event.text()
        if len(text) == 1 and text in "0123456789":
            self._add(text)
        elif event.key() == Qt.Key.Key_Backspace:
            self._back()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._pin:
            self._submit()
        else:
            return False
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys while it has the focus."""
        if not self.take(event):
            super().keyPressEvent(event)

    def _add(self, digit: str) -> None:
        if len(self._pin) < LONGEST:
            self._pin += digit
        self._show()

    def _back(self) -> None:
        self._pin = self._pin[:-1]
        self._show()

    def _submit(self) -> None:
        if len(self._pin) >= SHORTEST:
            pin, self._pin = self._pin, ""
            self._show()
            self.submitted.emit(pin)

    def _show(self) -> None:
        self._dots.show_count(len(self._pin))
        self.enter.setEnabled(len(self._pin) >= SHORTEST)

    def _digit(self, digit: str) -> QPushButton:
        button = self._key(digit, digit)
        button.clicked.connect(partial(self._add_clicked, digit))
        return button

    def _add_clicked(self, digit: str, _checked: bool = False) -> None:
        self._add(digit)

    def _key(self, text: str, name: str) -> QPushButton:
        button = QPushButton(text)
        button.setAccessibleName(name)
        button.setAutoDefault(False)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        side = self._side()
        button.setStyleSheet(
            f"QPushButton {{ min-height: {side}px; min-width: {side}px; max-width: {side}px; padding: 0;"
            f" font-size: {scaled(LARGE)}px; }}"
        )
        return button

    @staticmethod
    def _side() -> int:
        return max(BUTTON, scaled(40))


class _Dots(QWidget):
    """So many digits were typed; which ones nobody sees."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self._count = theme, 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """One line of large type."""
        return QSize(0, scaled(LARGE) + 2 * SPACING)

    def show_count(self, count: int) -> None:
        """Draw so many dots."""
        self._count = count
        self.setAccessibleName(translate("Operators", "%n digit(s)", "", count))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Dots in a field as an edit has it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._theme.colour("line"))
        painter.setBrush(self._theme.colour("sunken"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("text"))
        painter.setFont(font(LARGE))
        step = min(2.0 * SPACING, (self.width() - 2 * SPACING) / LONGEST)
        start = (self.width() - (self._count - 1) * step) / 2
        for index in range(self._count):
            painter.drawEllipse(QPointF(start + index * step, self.height() / 2), 4, 4)
