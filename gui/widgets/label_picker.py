"""Choosing the right class in two keys: a digit, or the letters of its name; or a new kind the model does not know."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from gui.i18n.language import translate
from gui.theme.theme import SPACING, scaled

MAX_LABEL = 60
ROW = 36
_NEW = Qt.ItemDataRole.UserRole + 1


class LabelPicker(QFrame):
    """A pop-up list of classes. `chosen` carries the class, known or new; Esc closes without one."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("labelPicker")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._classes: tuple[str, ...] = ()
        self.entry = QLineEdit(
            placeholderText=translate("Review", "Digit, letters of a class, or a new name"), maxLength=MAX_LABEL
        )
        self.entry.setAccessibleName(translate("Review", "Class of the defect"))
        self.list = QListWidget()
        self.list.setUniformItemSizes(True)
        hint = QLabel(translate("Review", "1–9, 0 choose · Enter takes the marked one · Esc closes"))
        hint.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        column.setSpacing(SPACING)
        for widget in (self.entry, self.list, hint):
            column.addWidget(widget)
        self.entry.installEventFilter(self)
        self.entry.textChanged.connect(self._list)
        self.list.itemClicked.connect(self._take)
        self.list.itemActivated.connect(self._take)

    def ask(self, classes: Sequence[str], at: QPoint) -> None:
        """Open above a place on the screen with these classes, the first ten under the digits."""
        self._classes = tuple(classes)
        self.entry.clear()
        self._list("")
        rows = min(len(self._classes) + 1, 10)
        self.list.setFixedHeight(rows * scaled(ROW) + 2)
        self.resize(max(scaled(320), self.sizeHint().width()), self.sizeHint().height())
        room = self.screen().availableGeometry()
        left = max(room.left(), min(at.x(), room.right() - self.width()))
        top = max(room.top(), min(at.y() - self.height() - SPACING, room.bottom() - self.height()))
        self.move(left, top)
        self.show()
        self.entry.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Digits choose while nothing is typed; arrows move the mark, Enter takes it."""
        if watched is self.entry and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            return self._key(event)
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        key, row = event.key(), self.list.currentRow()
        if not self.entry.text() and event.text() in "1234567890" and event.text():
            index = (int(event.text()) - 1) % 10
            if index < len(self._classes):
                self._choose(self._classes[index])
            return True
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            step = 1 if key == Qt.Key.Key_Down else -1
            self.list.setCurrentRow(max(0, min(self.list.count() - 1, row + step)))
            return True
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            item = self.list.currentItem()
            if item is not None:
                self._take(item)
            return True
        if key == Qt.Key.Key_Escape:
            self.hide()
            return True
        return False

    def _list(self, typed: str) -> None:
        wanted = typed.strip()
        self.list.clear()
        found = [name for name in self._classes if wanted.lower() in name.lower()]
        found.sort(key=lambda name: not name.lower().startswith(wanted.lower()))
        for name in found:
            place = self._classes.index(name)
            digit = f"{(place + 1) % 10}" if place < 10 else " "
            item = QListWidgetItem(f"{digit}   {name}", self.list)
            item.setData(_NEW, name)
            item.setSizeHint(QSize(0, scaled(ROW)))
        if wanted and wanted.lower() not in {name.lower() for name in self._classes}:
            item = QListWidgetItem("+   " + translate("Review", "new class “{name}”").format(name=wanted), self.list)
            item.setData(_NEW, wanted)
            item.setSizeHint(QSize(0, scaled(ROW)))
        self.list.setCurrentRow(0 if self.list.count() else -1)

    def _take(self, item: QListWidgetItem) -> None:
        self._choose(str(item.data(_NEW)))

    def _choose(self, name: str) -> None:
        self.hide()
        self.chosen.emit(name)
