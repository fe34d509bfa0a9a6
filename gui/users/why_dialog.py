"""The small dialog that asks why, and who decides, before the model changes."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from gui.i18n.language import translate
from gui.theme.theme import SPACING, Theme, scaled
from gui.widgets.key_button import KeyButton


class WhyDialog(QDialog):
    """Open it with `open()`. `agreed` carries the reason, `decided` the reason and the name.

    `required`: without a reason there is no going on. `name`: who decides, None = that is not asked; to be corrected
    where `name_fixed` does not say that a PIN proved it. `other`: a button that does something else
    (`otherwise`).
    """

    agreed = Signal(str)
    decided = Signal(str, str)
    otherwise = Signal()

    def __init__(
        self,
        theme: Theme,
        title: str,
        text: str,
        act: str,
        *,
        required: bool = False,
        name: str | None = None,
        name_fixed: bool = False,
        other: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._required, self._asks_name = required, name is not None
        optional = translate("Models", "Why? (optional)")
        self.why = QLineEdit(placeholderText=translate("Models", "Why?") if required else optional, maxLength=500)
        self.why.setAccessibleName(translate("Models", "Why"))
        self.name = QLineEdit(name or "", self, maxLength=64, readOnly=name_fixed)
        self.name.setVisible(self._asks_name)
        self.name.setAccessibleName(translate("Models", "Decided by"))
        self.go = KeyButton(theme, act, "Return", primary=not other)
        self.go.setDefault(True)
        self.go.clicked.connect(self._agree)
        self.other = KeyButton(theme, other, "", "gate", primary=True)
        self.other.setVisible(bool(other))
        self.other.clicked.connect(self._do_other)
        cancel = KeyButton(theme, translate("Models", "Cancel"), "Esc")
        for button in (cancel, self.other):
            button.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        for field in (self.why, self.name):
            field.textChanged.connect(self._check)
        self._check()
        self._lay_out(text, cancel)
        self.why.setFocus()

    def _lay_out(self, text: str, cancel: KeyButton) -> None:
        said = QLabel(text, wordWrap=True)
        form = QGridLayout()
        form.setHorizontalSpacing(2 * SPACING)
        form.setVerticalSpacing(SPACING)
        fields = (self.why, self.name) if self._asks_name else (self.why,)
        for row, field in enumerate(fields):
            label = QLabel(field.accessibleName())
            label.setProperty("role", "normal")
            form.addWidget(label, row, 0)
            form.addWidget(field, row, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACING)
        buttons.addStretch(1)
        for button in (cancel, self.go, self.other):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACING, 3 * SPACING, 3 * SPACING, 2 * SPACING)
        column.setSpacing(2 * SPACING)
        column.addWidget(said)
        column.addLayout(form)
        column.addLayout(buttons)
        self.setMinimumWidth(min(scaled(560), 1200))

    def _check(self) -> None:
        named = not self._asks_name or bool(self.name.text().strip())
        self.go.setEnabled(named and (not self._required or bool(self.why.text().strip())))

    def _agree(self) -> None:
        self.accept()
        self.agreed.emit(self.why.text().strip())
        self.decided.emit(self.why.text().strip(), self.name.text().strip())

    def _do_other(self) -> None:
        self.reject()
        self.otherwise.emit()
