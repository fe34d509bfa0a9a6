"""Who works here, and who approves: names as large buttons, a PIN on a pad where the station requires one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from db.users.users import NAME_LENGTH, User, check_pin, list_users
from engine.errors import LinesideError
from gui.context import AppContext
from gui.i18n.language import translate
from gui.i18n.messages import translated
from gui.notify import notice_of
from gui.theme.theme import SPACING, scaled
from gui.widgets.key_button import KeyButton
from gui.widgets.pin_pad import BUTTON, PinPad

NAMES_WIDTH = 232


def role_word(role: str) -> str:
    """The role as it stands on screen."""
    words = {
        "operator": translate("Operators", "Operator"),
        "reviewer": translate("Operators", "Reviewer"),
        "engineer": translate("Operators", "Engineer"),
    }
    return words.get(role, role)


def ask_operator(context: AppContext, parent: QWidget) -> None:
    """Ask who takes over; ends in `context.choose_operator(name)`, or in nothing when it is cancelled."""
    dialog = SignIn(context, parent, engineers=False)
    dialog.agreed.connect(context.choose_operator)
    dialog.open()


def ask_engineer(context: AppContext, parent: QWidget, then: Callable[[str], None]) -> None:
    """Call `then(name)`: at once where the station requires no PIN, else after the PIN of an active engineer."""
    if not context.settings.pin_required:
        then(context.operator)
        return
    dialog = SignIn(context, parent, engineers=True)
    dialog.agreed.connect(then)
    dialog.open()


def heading(text: str) -> QLabel:
    """What a dialog asks, in large type: a kiosk shows no title bars."""
    label = QLabel(text, wordWrap=True, textFormat=Qt.TextFormat.PlainText)
    label.setProperty("role", "large")
    return label


class SignIn(QDialog):
    """Open it with `open()`. `agreed` carries the name; with `engineers` only they are offered."""

    agreed = Signal(str)

    def __init__(self, context: AppContext, parent: QWidget, *, engineers: bool) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._context, self._engineers = context, engineers
        self._pin_required = context.settings.pin_required
        self._chosen = ""
        self._checking = False
        self.setWindowTitle(
            translate("Operators", "An engineer confirms") if engineers else translate("Operators", "Who works here?")
        )
        self.buttons: dict[str, QPushButton] = {}
        self.pad = PinPad(context.theme)
        self.pad.setVisible(self._pin_required)
        self.pad.submitted.connect(self._submit)
        self.name = QLineEdit(maxLength=NAME_LENGTH, placeholderText=translate("Operators", "Another name"))
        self.name.setAccessibleName(translate("Operators", "Name"))
        self.name.setVisible(False)
        self.said = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.go = KeyButton(context.theme, translate("Operators", "Take over"), "Return", primary=True)
        self._names = QVBoxLayout()
        self._lay_out()
        context.jobs.run(partial(list_users, context.db), self._found, self._failed)

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _lay_out(self) -> None:
        theme = self._context.theme
        cancel = KeyButton(theme, translate("Operators", "Cancel"), "Esc")
        cancel.clicked.connect(self.reject)
        self.go.clicked.connect(self._take_name)
        self.go.setVisible(False)
        for button in (cancel, self.go):
            button.setAutoDefault(False)
        inner = QWidget()
        inner.setLayout(self._names)
        self._names.setContentsMargins(0, 0, 0, 0)
        self._names.setSpacing(SPACING)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setMinimumWidth(scaled(NAMES_WIDTH))
        scroll.setMinimumHeight(4 * BUTTON + 3 * SPACING)
        scroll.setWidget(inner)
        foot = QHBoxLayout()
        foot.setSpacing(SPACING)
        foot.addStretch(1)
        foot.addWidget(cancel)
        foot.addWidget(self.go)
        left = QVBoxLayout()
        left.setSpacing(2 * SPACING)
        left.addWidget(scroll, 1)
        left.addWidget(self.name)
        left.addWidget(self.said)
        middle = QHBoxLayout()
        middle.setSpacing(3 * SPACING)
        middle.addLayout(left, 1)
        middle.addWidget(self.pad)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACING, 3 * SPACING, 3 * SPACING, 2 * SPACING)
        column.setSpacing(2 * SPACING)
        column.addWidget(heading(self.windowTitle()))
        column.addLayout(middle, 1)
        column.addLayout(foot)
        self.said.hide()

    def _found(self, users: tuple[User, ...]) -> None:
        """The names there are; without users, those that worked here before."""
        offered = [u for u in users if u.active and (u.role == "engineer" or not self._engineers)]
        for user in offered:
            self._add_name(user.name, role_word(user.role), enabled=user.has_pin or not self._pin_required)
        free = not users and not self._pin_required
        for name in self._context.settings.operators if free else ():
            self._add_name(name, "", enabled=True)
        self._names.addStretch(1)
        self.name.setVisible(free)
        self.go.setVisible(free)
        usable = [name for name, button in self.buttons.items() if button.isEnabled()]
        if not usable and not free:
            self._tell(
                translate("Operators", "No user with a PIN may do this. An engineer adds one under Settings, Users.")
            )
            self.pad.setEnabled(False)
        elif self._pin_required:
            self._mark(self._context.operator if self._context.operator in usable else usable[0])
        elif usable:
            self.buttons[usable[0]].setFocus()
        elif free:
            self.name.setFocus()
        if self._pin_required:
            self.pad.setFocus()

    def _add_name(self, name: str, role: str, *, enabled: bool) -> None:
        words = f"{name}\n{role}" if role else name
        if not enabled:
            words = f"{name}\n{role}, {translate('Operators', 'no PIN yet')}"
        button = QPushButton(words.replace("&", "&&"))
        button.setProperty("role", "pick")
        button.setCheckable(self._pin_required)
        button.setAutoDefault(False)
        button.setEnabled(enabled)
        button.setStyleSheet(f"QPushButton {{ min-height: {max(BUTTON, scaled(48))}px; }}")
        button.setAccessibleName(words.replace("\n", ", "))
        button.clicked.connect(partial(self._choose, name))
        self.buttons[name] = button
        self._names.addWidget(button)
        # Now, not at the next turn of the loop: only what is visible takes the focus.
        button.show()

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def _choose(self, name: str, _checked: bool = False) -> None:
        if not self._pin_required:
            self._agree(name)
            return
        self._mark(name)
        self.pad.setFocus()

    def _mark(self, name: str) -> None:
        self._chosen = name
        for other, button in self.buttons.items():
            button.setChecked(other == name)
        self.pad.start(translate("Operators", "PIN of {name}").format(name=name))

    def _take_name(self) -> None:
        name = " ".join(self.name.text().split())
        if name:
            self._agree(name)

    def _submit(self, pin: str) -> None:
        """Check on a job: hashing takes its time by design."""
        if self._checking or not self._chosen:
            return
        self._checking = True
        self.pad.setEnabled(False)
        self._context.jobs.run(partial(check_pin, self._context.db, self._chosen, pin), self._right, self._failed)

    def _right(self, user: User) -> None:
        self._checking = False
        if self._engineers and not user.may_approve:
            self._tell(translate("Operators", "{name} is no engineer.").format(name=user.name))
            return
        self._agree(user.name)

    def _failed(self, error: Exception) -> None:
        self._checking = False
        self.pad.setEnabled(True)
        self.pad.start(self.pad.title)
        self.pad.setFocus()
        notice = notice_of(error)
        self._tell(f"{translated(notice.message)} {translated(notice.remedy)}".strip())
        if not isinstance(error, LinesideError):
            self._context.jobs.failed.emit(error)

    def _agree(self, name: str) -> None:
        self.accept()
        self.agreed.emit(name)

    def _tell(self, text: str) -> None:
        self.said.setText(text)
        self.said.setProperty("role", "error")
        self.said.style().unpolish(self.said)
        self.said.style().polish(self.said)
        self.said.show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits go to the pad wherever the focus is; Enter takes the typed name."""
        if self._pin_required and self.pad.isEnabled() and self.pad.take(event):
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            focus = self.focusWidget()
            if isinstance(focus, QPushButton):
                focus.click()
            else:
                self._take_name()
            return
        super().keyPressEvent(event)
