"""The small dialog that asks what a product is called, and why."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from db.products.acts import MAX_NAME
from gui.i18n.language import translate
from gui.theme.theme import SPACING, Theme, scaled
from gui.users.operators import heading
from gui.widgets.key_button import KeyButton


class NameDialog(QDialog):
    """Open it with `open()`. `agreed` carries the name and the reason; `now`: what it is called.

    Without `asks_why` there is no reason to give.
    """

    agreed = Signal(str, str)

    def __init__(
        self, theme: Theme, title: str, text: str, act: str, *, now: str = "", asks_why: bool = True, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._asks_why = asks_why
        self._now = now
        self.setWindowTitle(title)
        self.name = QLineEdit(now, maxLength=MAX_NAME, placeholderText=translate("Settings", "Name"))
        self.name.setAccessibleName(translate("Settings", "Name"))
        self.why = QLineEdit(maxLength=500, placeholderText=translate("Settings", "Why?"))
        self.why.setAccessibleName(translate("Settings", "Why"))
        self.why.setVisible(asks_why)
        self.go = KeyButton(theme, act, "Return", primary=True)
        self.go.setDefault(True)
        self.go.clicked.connect(self._agree)
        cancel = KeyButton(theme, translate("Settings", "Cancel"), "Esc")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        said = QLabel(text, wordWrap=True)
        said.setProperty("role", "muted")
        foot = QHBoxLayout()
        foot.setSpacing(SPACING)
        foot.addStretch(1)
        foot.addWidget(cancel)
        foot.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACING, 3 * SPACING, 3 * SPACING, 2 * SPACING)
        column.setSpacing(2 * SPACING)
        for widget in (heading(title), self.name, self.why, said):
            column.addWidget(widget)
        column.addLayout(foot)
        self.setMinimumWidth(scaled(440))
        for field in (self.name, self.why):
            field.textChanged.connect(self._check)
        self._check()
        self.name.selectAll()
        self.name.setFocus()

    def _check(self) -> None:
        name, why = self.name.text().strip(), self.why.text().strip()
        self.go.setEnabled(bool(name) and name != self._now and (bool(why) or not self._asks_why))

    def _agree(self) -> None:
        self.accept()
        self.agreed.emit(self.name.text().strip(), self.why.text().strip())
