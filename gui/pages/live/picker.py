"""Which class is it: opened by N, answered by one more key."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QKeyCombination, Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from gui.i18n.language import translate
from gui.theme.theme import SPACING, Theme
from gui.widgets.key_button import KeyButton

DIGITS = "1234567890"
ROWS = 10


class ClassPicker(QFrame):
    """Digits choose at once; letters find the class by its beginning; a new name and Enter makes a new class."""

    picked = Signal(str)
    opened = Signal()
    """The keys go to `key` until `closed`."""
    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("role", "picker")
        self.setAutoFillBackground(True)
        self._labels: tuple[str, ...] = ()
        self._typed = ""
        self._head = QLabel()
        self._head.setProperty("role", "large")
        self._head.setWordWrap(True)
        self._hint = QLabel()
        self._hint.setProperty("role", "muted")
        self._hint.setWordWrap(True)
        self._rows = [QPushButton() for _ in range(ROWS)]
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACING, 2 * SPACING, 2 * SPACING, 2 * SPACING)
        column.setSpacing(SPACING // 2)
        column.addWidget(self._head)
        for index, row in enumerate(self._rows):
            row.setProperty("role", "pick")
            row.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            row.clicked.connect(lambda _checked=False, at=index: self._take(at))
            column.addWidget(row)
        column.addStretch(1)
        column.addWidget(self._hint)
        column.addWidget(self._leave_button())
        self.hide()

    def _leave_button(self) -> KeyButton:
        leave = KeyButton(self._theme, translate("Live", "Leave it"), "Esc")
        leave.clicked.connect(self.dismiss)
        return leave

    @property
    def found(self) -> tuple[str, ...]:
        """The classes that go with what was typed, in the order of the digits."""
        return tuple(label for label in self._labels if label.casefold().startswith(self._typed.casefold()))

    def ask(self, part: str, labels: Sequence[str]) -> None:
        """Open, for this part."""
        self._labels, self._typed = tuple(labels), ""
        self._head.setText(translate("Live", "{part} is NG").format(part=f"{part[:1].upper()}{part[1:]}"))
        self._show_found()
        self.show()
        self.raise_()
        self.opened.emit()

    def key(self, key: QKeyCombination, text: str) -> bool:
        """One key while open; False lets it through (commands with Ctrl)."""
        if key.keyboardModifiers() & Qt.KeyboardModifier.ControlModifier:
            return False
        if key.key() == Qt.Key.Key_Escape:
            self.dismiss()
        elif key.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._enter()
        elif key.key() == Qt.Key.Key_Backspace:
            self._typed = self._typed[:-1]
            self._show_found()
        elif text and text in DIGITS and not self._typed:
            self._take(DIGITS.index(text))
        elif text.isprintable() and text:
            self._typed += text
            if len(self.found) == 1:
                self._take(0)
            else:
                self._show_found()
        return True

    def dismiss(self) -> None:
        """Close without an answer."""
        self.hide()
        self.closed.emit()

    def _enter(self) -> None:
        if self.found and self._typed:
            self._take(0)
        elif self._typed.strip():
            self._answer(self._typed.strip())

    def _take(self, index: int) -> None:
        if index < len(self.found):
            self._answer(self.found[index])

    def _answer(self, label: str) -> None:
        self.hide()
        self.closed.emit()
        self.picked.emit(label)

    def _show_found(self) -> None:
        found = self.found
        for index, row in enumerate(self._rows):
            row.setVisible(index < len(found))
            if index < len(found):
                key = "" if self._typed else f"{DIGITS[index]}    "
                row.setText(f"{key}{found[index]}")
        if not self._typed:
            self._hint.setText(translate("Live", "Which class? A digit or the first letter chooses."))
        elif found:
            self._hint.setText(translate("Live", "“{typed}…”: Enter takes the first.").format(typed=self._typed))
        else:
            said = translate("Live", "No class begins so. Enter makes the new class “{typed}”.")
            self._hint.setText(said.format(typed=self._typed))
