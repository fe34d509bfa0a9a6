"""Who may work here: added, given a role and a PIN, made inactive; never taken away."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QDialog, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from db.users.users import (
    NAME_LENGTH,
    ROLES,
    User,
    add_user,
    deactivate,
    list_users,
    may_require_pin,
    reactivate,
    set_pin,
    set_role,
)
from gui.context import AppContext
from gui.i18n.language import translate
from gui.i18n.messages import translated
from gui.notify import notice_of
from gui.theme.theme import SPACING, Theme, scaled
from gui.users.operators import heading, role_word
from gui.widgets.key_button import KeyButton
from gui.widgets.pin_pad import PinPad

STACKED = 150
"""From this size of type in per cent on."""


class UsersPanel(QWidget):
    """The users as rows. Changes run on jobs and are shown once they are stored."""

    def __init__(self, context: AppContext, who: Callable[[], str], apply: Callable[[str, Any], None]) -> None:
        super().__init__()
        self._context, self._who, self._apply = context, who, apply
        self.users: tuple[User, ...] = ()
        self._new = ""
        self.said = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.said.setProperty("role", "error")
        self.said.hide()
        self._empty = QLabel(
            translate("Settings", "No users yet: anybody works here under a name of choice. Add an engineer first."),
            wordWrap=True,
        )
        self._empty.setProperty("role", "muted")
        self.add_button = KeyButton(context.theme, translate("Settings", "Add a user…"), "A", "user", compact=True)
        self.add_button.clicked.connect(self.add)
        self._rows = QWidget()
        self._grid = QVBoxLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(SPACING)
        for widget in (self._empty, self._rows, self.said):
            self._grid.addWidget(widget)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.add_button)
        self._grid.addLayout(foot)

    def refresh(self) -> None:
        """Read them, on a job."""
        self._context.jobs.run(partial(list_users, self._context.db), self._found)

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def add(self) -> None:
        """Ask for a name and a role; then for the PIN."""
        dialog = NewUserDialog(self._context.theme, self)
        dialog.agreed.connect(self._add)
        dialog.open()

    def ask_pin(self, name: str) -> None:
        """Ask for a new PIN, twice."""
        dialog = NewPinDialog(self._context.theme, name, self)
        dialog.agreed.connect(partial(self._set_pin, name))
        dialog.open()

    def require_pin(self, wanted: bool) -> None:
        """Switch the requirement; on only where an engineer could switch it off again."""
        if not wanted:
            self._apply("pin_required", False)
            return
        self._context.jobs.run(partial(may_require_pin, self._context.db), self._may_require)

    def _may_require(self, may: bool) -> None:
        self._apply("pin_required", may)
        if not may:
            self._tell(translate("Settings", "First give an active engineer a PIN."))

    def _add(self, name: str, role: str) -> None:
        self._new = name
        known = next(r for r in ROLES if r == role)
        self._run(partial(add_user, self._context.db, name, known, "", self._who()), self._added)

    def _added(self, user: User) -> None:
        self._done()
        self.ask_pin(user.name)

    def _set_pin(self, name: str, pin: str) -> None:
        self._run(partial(set_pin, self._context.db, name, pin, self._who()), self._done)

    def _set_role(self, name: str, box: QComboBox, _index: int) -> None:
        role = next(r for r in ROLES if r == box.currentData())
        required = self._context.settings.pin_required
        self._run(partial(set_role, self._context.db, name, role, self._who(), pin_required=required), self._done)

    def _set_active(self, name: str, active: bool, _checked: bool = False) -> None:
        db, required = self._context.db, self._context.settings.pin_required
        if active:
            self._run(partial(reactivate, db, name, self._who()), self._done)
        else:
            self._run(partial(deactivate, db, name, self._who(), pin_required=required), self._done)

    def _run(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self._tell("")
        self._context.jobs.run(work, done, self._failed)

    def _done(self, _result: object = None) -> None:
        self.refresh()

    def _failed(self, error: Exception) -> None:
        notice = notice_of(error)
        self._tell(f"{translated(notice.message)} {translated(notice.remedy)}".strip())
        self.refresh()

    def _tell(self, text: str) -> None:
        self.said.setText(text)
        self.said.setVisible(bool(text))

    # ── the screen ───────────────────────────────────────────────────────────────────────────────────────────────
    def _found(self, users: tuple[User, ...]) -> None:
        """A new grid of rows in the place of the one before."""
        self.users = users
        self._empty.setVisible(not users)
        before, self._rows = self._rows, QWidget()
        grid = QGridLayout(self._rows)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACING)
        grid.setVerticalSpacing(SPACING)
        grid.setColumnStretch(0, 1)
        for row, user in enumerate(users):
            self._add_row(grid, row, user)
        self._grid.replaceWidget(before, self._rows)
        before.hide()
        before.deleteLater()

    def _add_row(self, grid: QGridLayout, row: int, user: User) -> None:
        theme = self._context.theme
        state = translate("Settings", "PIN set") if user.has_pin else translate("Settings", "no PIN")
        if not user.active:
            state = translate("Settings", "inactive")
        name, said = QLabel(user.name, textFormat=Qt.TextFormat.PlainText), QLabel(state)
        said.setProperty("role", "muted")
        roles = QComboBox()
        for role in ROLES:
            roles.addItem(role_word(role), role)
        roles.setCurrentIndex(ROLES.index(user.role))
        roles.setAccessibleName(translate("Settings", "Role of {name}").format(name=user.name))
        roles.activated.connect(partial(self._set_role, user.name, roles))
        pin = KeyButton(theme, translate("Settings", "PIN…"), compact=True)
        pin.setAccessibleName(translate("Settings", "PIN of {name}").format(name=user.name))
        pin.clicked.connect(partial(self._ask_pin, user.name))
        act = translate("Settings", "Deactivate") if user.active else translate("Settings", "Activate")
        active = KeyButton(theme, act, compact=True)
        active.setAccessibleName(f"{act}: {user.name}")
        active.clicked.connect(partial(self._set_active, user.name, not user.active))
        roles.setEnabled(user.active)
        pin.setEnabled(user.active)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(name)
        words.addWidget(said)
        # Large type needs a line of its own for the acts.
        below = scaled(100) >= STACKED
        grid.addLayout(words, 2 * row, 0, 1, 4 if below else 1)
        acts: tuple[QWidget, ...] = (roles, pin, active)
        for column, widget in enumerate(acts, start=1):
            grid.addWidget(widget, 2 * row + below, column)

    def _ask_pin(self, name: str, _checked: bool = False) -> None:
        self.ask_pin(name)


class NewUserDialog(QDialog):
    """Open it with `open()`. `agreed` carries the name and the role."""

    agreed = Signal(str, str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Settings", "Add a user"))
        self.name = QLineEdit(maxLength=NAME_LENGTH, placeholderText=translate("Settings", "Name"))
        self.name.setAccessibleName(translate("Settings", "Name"))
        self.role = QComboBox()
        self.role.setAccessibleName(translate("Settings", "Role"))
        for role in ROLES:
            self.role.addItem(role_word(role), role)
        helps = QLabel(
            translate(
                "Settings",
                "Operators watch and correct. Reviewers look back too. Engineers confirm models, recipes and rules.",
            ),
            wordWrap=True,
        )
        helps.setProperty("role", "muted")
        self.go = KeyButton(theme, translate("Settings", "Add"), "Return", primary=True)
        self.go.setDefault(True)
        self.go.setEnabled(False)
        self.go.clicked.connect(self._agree)
        self.name.textChanged.connect(self._typed)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACING, 3 * SPACING, 3 * SPACING, 2 * SPACING)
        column.setSpacing(2 * SPACING)
        for widget in (heading(self.windowTitle()), self.name, self.role, helps):
            column.addWidget(widget)
        column.addLayout(_foot(theme, self, self.go))
        self.setMinimumWidth(scaled(400))

    def _typed(self, text: str) -> None:
        self.go.setEnabled(bool(text.strip()))

    def _agree(self) -> None:
        self.accept()
        self.agreed.emit(self.name.text(), str(self.role.currentData()))


class NewPinDialog(QDialog):
    """Open it with `open()`: a new PIN twice. `agreed` carries it."""

    agreed = Signal(str)

    def __init__(self, theme: Theme, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Settings", "PIN of {name}").format(name=name))
        self._first = ""
        self.pad = PinPad(theme)
        self.said = QLabel(wordWrap=True)
        self._begin(translate("Settings", "4 to 12 digits."))
        self.pad.submitted.connect(self._typed)
        words, row = QVBoxLayout(), QHBoxLayout()
        words.setSpacing(2 * SPACING)
        words.addWidget(heading(self.windowTitle()))
        words.addWidget(self.said)
        words.addStretch(1)
        row.setSpacing(3 * SPACING)
        row.addLayout(words, 1)
        row.addWidget(self.pad)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACING, 3 * SPACING, 3 * SPACING, 2 * SPACING)
        column.setSpacing(2 * SPACING)
        column.addLayout(row, 1)
        column.addLayout(_foot(theme, self))
        self.setMinimumWidth(scaled(440))
        self.pad.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits go to the pad wherever the focus is."""
        if not self.pad.take(event):
            super().keyPressEvent(event)

    def _begin(self, said: str) -> None:
        self._first = ""
        self.said.setText(said)
        self.pad.start(translate("Settings", "New PIN"))

    def _typed(self, pin: str) -> None:
        if not self._first:
            self._first = pin
            self.said.setText(translate("Settings", "Type it once more."))
            self.pad.start(translate("Settings", "The same PIN again"))
        elif pin == self._first:
            self._first = ""
            self.accept()
            self.agreed.emit(pin)
        else:
            self._begin(translate("Settings", "The two were not the same. Type the new PIN again."))


def _foot(theme: Theme, dialog: QDialog, *acts: KeyButton) -> QHBoxLayout:
    cancel = KeyButton(theme, translate("Settings", "Cancel"), "Esc")
    cancel.setAutoDefault(False)
    cancel.clicked.connect(dialog.reject)
    row = QHBoxLayout()
    row.setSpacing(SPACING)
    row.addStretch(1)
    for button in (cancel, *acts):
        row.addWidget(button)
    return row
