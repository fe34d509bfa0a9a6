"""How the teach-in is laid out: its head with the steps, and one view a step; no behaviour."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from gui.i18n.language import translate
from gui.pages.teach_in.collect.view import CollectView
from gui.pages.teach_in.trial.steps import TrainView, TryView
from gui.theme.theme import SPACING, Theme, scaled
from gui.widgets.key_button import KeyButton


class TeachInScreen(QWidget):
    """`at`: 0 collecting, 1 training, 2 trying."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("page")
        self._title, self._steps = QLabel(translate("TeachIn", "Teach-in")), QLabel()
        self.product = QComboBox(editable=True)
        self.leave = KeyButton(theme, translate("TeachIn", "Back"), "Backspace", "previous", compact=True)
        self.collecting, self.training_view, self.trying_view = CollectView(theme), TrainView(theme), TryView(theme)
        self.stack = QStackedWidget()
        self._for, self._told = QLabel(translate("TeachIn", "Product")), ("", "")
        self._lay_out()

    @property
    def at(self) -> int:
        """Which view is shown."""
        return self.stack.currentIndex()

    def show_step(self, step: int) -> None:
        """Mark one of the four steps in the head."""
        names = (
            translate("TeachIn", "Source"),
            translate("TeachIn", "Collect"),
            translate("TeachIn", "Train"),
            translate("TeachIn", "Try and accept"),
        )
        words = (f"<b>{i + 1}  {name}</b>" if i == step else f"{i + 1}  {name}" for i, name in enumerate(names))
        self._told = " &nbsp;›&nbsp; ".join(words), f"{step + 1} / {len(names)}  <b>{names[step]}</b>"
        self._tell_step()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """All four steps, or only where one is: what has the room."""
        super().resizeEvent(event)
        self._tell_step()

    def _tell_step(self) -> None:
        every, this = self._told
        self._steps.setText(every)
        beside = (self._title, self._for, self.product, self.leave)
        room = self.width() - sum(widget.sizeHint().width() for widget in beside) - 12 * SPACING
        if self._steps.sizeHint().width() > room:
            self._steps.setText(this)

    def _lay_out(self) -> None:
        self._title.setProperty("role", "large")
        self._steps.setTextFormat(Qt.TextFormat.RichText)
        self.product.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.product.setAccessibleName(translate("TeachIn", "Product"))
        self.product.setMinimumWidth(scaled(120))
        self.product.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._for.setProperty("role", "muted")
        head = QHBoxLayout()
        head.setSpacing(SPACING)
        for word in (self._title, self._steps):
            head.addWidget(word)
            head.addSpacing(2 * SPACING)
        head.addStretch(1)
        head.addWidget(self._for)
        head.addWidget(self.product)
        head.addWidget(self.leave)
        for view in (self.collecting, self.training_view, self.trying_view):
            self.stack.addWidget(view)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACING, SPACING, 2 * SPACING, SPACING)
        column.setSpacing(2 * SPACING)
        column.addLayout(head)
        column.addWidget(self.stack, 1)
