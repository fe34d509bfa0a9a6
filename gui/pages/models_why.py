"""The small dialog that asks why before the model changes."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from gui.theme import SPACING, Theme
from gui.widgets.key_button import KeyButton


class WhyDialog(QDialog):
    """Open it with `open()`. `agreed` carries the reason. `required`: without a reason there is no going on."""

    agreed = Signal(str)

    def __init__(
        self, theme: Theme, title: str, text: str, act: str, *, required: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._required = required
        self.why = QLineEdit(placeholderText="Why?" if required else "Why? (optional)", maxLength=500)
        self.why.setAccessibleName("Why")
        self.go = KeyButton(theme, act, "Return", primary=True)
        self.go.setDefault(True)
        self.go.setEnabled(not required)
        self.go.clicked.connect(self._agree)
        cancel = KeyButton(theme, "Cancel", "Esc")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        self.why.textChanged.connect(lambda typed: self.go.setEnabled(not required or bool(typed.strip())))
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACING, 3 * SPACING, 3 * SPACING, 2 * SPACING)
        column.setSpacing(2 * SPACING)
        said = QLabel(text, wordWrap=True)
        for widget in (said, self.why):
            column.addWidget(widget)
        column.addLayout(buttons)
        self.setMinimumWidth(520)

    def _agree(self) -> None:
        self.accept()
        self.agreed.emit(self.why.text().strip())
