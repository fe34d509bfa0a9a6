"""What collecting shows: the live picture, the classes with their counts, the last pictures taken."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from db.datasets.collection import OK, WANTED_NG, WANTED_OK, Item, Stock
from gui.i18n.language import number, translate
from gui.theme.large_type import large_type, scrolling
from gui.theme.theme import SPACING, Theme, scaled
from gui.widgets.key_button import KeyButton
from gui.widgets.pictures.image_view import ImageView

SIDE, SIDE_MOST = 336, 480
SHOWN = 48
"""Pictures in the strip; older ones are in the folder."""
SHOT = QSize(96, 72)
DIGITS = "1234567890"
ITEM = Qt.ItemDataRole.UserRole
MAX_NAME = 40


class CollectView(QWidget):
    """Widgets only; gui/pages/teach_in/page.py says what happens."""

    takeAs = Signal(str)
    """A class's button was clicked."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.view = ImageView(theme)
        self.said = QLabel(wordWrap=True)
        self.source = QLabel(wordWrap=True)
        self.run = KeyButton(theme, translate("TeachIn", "Start the line"), "Space", "play", compact=True)
        self.other = KeyButton(theme, translate("TeachIn", "Another source…"), "S", "camera", compact=True)
        self.ok = KeyButton(theme, translate("TeachIn", "It is OK"), "O", "ok")
        self.ng = KeyButton(theme, translate("TeachIn", "It is NG…"), "N", "ng")
        self.undo = KeyButton(theme, translate("TeachIn", "Take back"), "Ctrl+Z", "undo", compact=True)
        self.delete = KeyButton(theme, translate("TeachIn", "Delete picture"), "Delete", "close", compact=True)
        self.train = KeyButton(theme, translate("TeachIn", "Train"), "T", "teach")
        self.name = QLineEdit(maxLength=MAX_NAME)
        self.ask = QLabel(wordWrap=True)
        self.auto, self.every = QCheckBox(), QSpinBox()
        self.lack = QLabel(wordWrap=True)
        self.strip = QListWidget()
        self.counts: dict[str, QLabel] = {}
        self._classes = QVBoxLayout()
        self._labels: tuple[str, ...] = ()
        self._bars: dict[str, QProgressBar] = {}
        self._set_up()
        self._lay_out()
        self.show_stock(Stock())
        self.show_asking(False)

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────
    def show_stock(self, stock: Stock) -> None:
        """Counts per class and what is still wanted."""
        if stock.classes != self._labels:
            self._labels = stock.classes
            self._build_classes()
        for label in stock.classes:
            wanted, have = (WANTED_OK if label == OK else WANTED_NG), stock.count(label)
            text = translate("TeachIn", "{have} of {wanted}").format(have=number(have), wanted=number(wanted))
            self.counts[label].setText(text)
            self._bars[label].setRange(0, wanted)
            self._bars[label].setValue(min(have, wanted))
        self.lack.setText(_lack(stock))
        self.train.setEnabled(stock.enough)
        ready = stock.enough and not stock.missing
        self.train.setProperty("role", "primary" if ready else "")
        self.train.style().unpolish(self.train)
        self.train.style().polish(self.train)
        self.undo.setEnabled(bool(stock.items))
        self.delete.setEnabled(bool(stock.items))

    def show_asking(self, asking: bool) -> None:
        """Whether a class is being asked for: one more key says it."""
        named = len(self._labels) > 1
        digits = translate("TeachIn", "Which defect? Press its digit, or N again for a new name. Backspace leaves it.")
        first = translate("TeachIn", "Which defect? Type its name, then Enter. Backspace leaves it.")
        self.ask.setText(digits if named else first)
        self.ask.setVisible(asking)
        self.name.setVisible(asking)

    def show_strip(self, shots: list[tuple[Item, QImage]]) -> None:
        """The last pictures, newest first."""
        row = self.strip.currentRow()
        self.strip.clear()
        for item, image in shots:
            entry = QListWidgetItem(QIcon(QPixmap.fromImage(image)), label_word(item.label))
            entry.setData(ITEM, item)
            entry.setToolTip(label_word(item.label))
            self.strip.addItem(entry)
        if 0 <= row < self.strip.count():
            self.strip.setCurrentRow(row)

    @property
    def chosen(self) -> Item | None:
        """The picture marked in the strip."""
        entry = self.strip.currentItem()
        found = entry.data(ITEM) if entry is not None else None
        return found if isinstance(found, Item) else None

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _set_up(self) -> None:
        for label in (self.said, self.source, self.ask, self.lack):
            label.setTextFormat(Qt.TextFormat.PlainText)
        for label in (self.said, self.lack):
            label.setProperty("role", "muted")
        self.name.setPlaceholderText(translate("TeachIn", "scratch, dent, …"))
        self.name.setAccessibleName(translate("TeachIn", "Name of a new defect class"))
        self.auto.setText(translate("TeachIn", "Take as OK by itself  [K]"))
        self.auto.setAccessibleName(translate("TeachIn", "Take as OK by itself"))
        self.every.setRange(1, 10_000)
        self.every.setValue(10)
        # The style sheet's padding does not reach into a spin box.
        self.every.lineEdit().setTextMargins(SPACING - 2, 0, 0, 0)
        self.every.setAccessibleName(translate("TeachIn", "One part in so many"))
        self.every.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.view.set_empty_text(translate("TeachIn", "No picture yet. Space starts the line."))
        strip = self.strip
        strip.setViewMode(QListView.ViewMode.IconMode)
        strip.setFlow(QListView.Flow.LeftToRight)
        strip.setWrapping(False)
        strip.setMovement(QListView.Movement.Static)
        strip.setIconSize(SHOT)
        strip.setUniformItemSizes(True)
        strip.setGridSize(QSize(SHOT.width() + 2 * SPACING, SHOT.height() + scaled(24)))
        strip.setFixedHeight(SHOT.height() + scaled(24) + 3 * SPACING)
        strip.setAccessibleName(translate("TeachIn", "Collected pictures, newest first"))

    def _lay_out(self) -> None:
        frame = QFrame()
        frame.setProperty("role", "picture")
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(2, 2, 2, 2)
        inside.addWidget(self.view)
        left = QVBoxLayout()
        left.setSpacing(SPACING)
        left.addWidget(frame, 1)
        left.addWidget(self.said)
        left.addWidget(self.strip)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * SPACING)
        row.addLayout(left, 1)
        row.addWidget(self._side())

    def _side(self) -> QWidget:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, SPACING, 0)
        column.setSpacing(SPACING)
        word = QLabel(translate("TeachIn", "One part in"))
        word.setProperty("role", "muted")
        automatic, take = QHBoxLayout(), QBoxLayout(QBoxLayout.Direction.LeftToRight)
        if large_type():
            take.setDirection(QBoxLayout.Direction.TopToBottom)
        automatic.setSpacing(SPACING)
        take.setSpacing(SPACING)
        automatic.addWidget(word, 1)
        automatic.addWidget(self.every, 1)
        take.addWidget(self.ok, 1)
        take.addWidget(self.ng, 1)
        self._classes.setSpacing(SPACING)
        above: tuple[QWidget, ...] = (self.source, self.run, self.other, _line())
        asked: tuple[QWidget, ...] = (self.ask, self.name)
        below: tuple[QWidget, ...] = (self.undo, self.delete, _line(), self.auto)
        for part in above:
            column.addWidget(part)
        column.addLayout(take)
        for part in asked:
            column.addWidget(part)
        column.addLayout(self._classes)
        for part in below:
            column.addWidget(part)
        column.addLayout(automatic)
        column.addStretch(1)
        side = QWidget()
        outer = QVBoxLayout(side)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(SPACING)
        outer.addWidget(scrolling(inside), 1)
        outer.addWidget(self.lack)
        outer.addWidget(self.train)
        side.setFixedWidth(min(scaled(SIDE), SIDE_MOST))
        return side

    def _build_classes(self) -> None:
        while self._classes.count():
            entry = self._classes.takeAt(0)
            widget = entry.widget() if entry else None
            if widget is not None:
                widget.deleteLater()
        self.counts, self._bars = {}, {}
        for place, label in enumerate(self._labels):
            self._classes.addWidget(self._class_row(place, label))

    def _class_row(self, place: int, label: str) -> QWidget:
        row = QWidget()
        grid = QVBoxLayout(row)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(SPACING // 2)
        head = QHBoxLayout()
        digit = DIGITS[place - 1] if 0 < place <= len(DIGITS) else ""
        key = "O" if label == OK else f"N {digit}" if digit else ""
        button = KeyButton(self._theme, label_word(label), key, compact=True)
        button.setAccessibleName(translate("TeachIn", "Take as {name}").format(name=label_word(label)))
        button.clicked.connect(lambda _checked=False, name=label: self.takeAs.emit(name))
        self.counts[label], self._bars[label] = QLabel(), QProgressBar(textVisible=False)
        head.addWidget(button, 1)
        head.addSpacing(SPACING)
        head.addWidget(self.counts[label])
        self._bars[label].setFixedHeight(4)
        self._bars[label].setStyleSheet("min-height: 4px; border: none;")
        grid.addLayout(head)
        grid.addWidget(self._bars[label])
        return row


def label_word(label: str) -> str:
    """A class as it stands on screen."""
    return translate("Outcome", "OK") if label == OK else label


def _lack(stock: Stock) -> str:
    missing = stock.missing
    if len(stock.classes) == 1:
        return translate("TeachIn", "Show good parts (O) and at least one kind of defect (N).")
    if not missing:
        return translate("TeachIn", "Enough for a first model. More pictures make it better.")
    parts = ", ".join(f"{number(count)} {label_word(label)}" for label, count in missing.items())
    return translate("TeachIn", "Still wanted: {parts}.").format(parts=parts)


def _line() -> QFrame:
    line = QFrame()
    line.setProperty("role", "line")
    line.setFixedHeight(1)
    return line
