"""The parts of the Live page around the picture: what goes with the part, the picture's tools, the acts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.domain import Traveller
from engine.product import Recipe
from engine.settings import StationSettings
from gui.context import Binding
from gui.icons import icon
from gui.theme import SPACING, Theme
from gui.widgets.image_view import OverlayStyle

STYLE_WORDS: dict[OverlayStyle, str] = {"heat": "Heat", "mask": "Mask", "contour": "Outline", "off": "Off"}


class TravellerStrip(QWidget):
    """Recipe, lot, part, operator, and whether it is being recorded."""

    changed = Signal(object)
    """Traveller: what goes with the next parts."""
    operatorChanged = Signal(str)

    def __init__(self, settings: StationSettings, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings, self._theme = settings, theme
        self._recipe = QLabel("–")
        self.lot, self.part, self.operator = QLineEdit(), QLineEdit(), QComboBox()
        self._dot, self._recording = QLabel(), QLabel()
        self._build()
        for box in (self.lot, self.part):
            box.editingFinished.connect(self._tell)
            box.returnPressed.connect(partial(_leave, box))
        edit = self.operator.lineEdit()
        assert edit is not None
        edit.editingFinished.connect(self._operator_said)
        edit.returnPressed.connect(partial(_leave, edit))
        theme.changed.connect(lambda: self.set_recording(self._recording.text() == "REC"))
        self.set_recording(False)

    @property
    def traveller(self) -> Traveller:
        """What goes with the next parts."""
        operator = self.operator.currentText().strip()
        return Traveller(self.lot.text().strip(), self.part.text().strip(), operator, self._settings.station)

    def set_recipe(self, recipe: Recipe | None) -> None:
        """Name the recipe in force."""
        self._recipe.setText(f"{recipe.name} {recipe.version}" if recipe else "–")

    def set_part(self, number: str) -> None:
        """A scanned part number."""
        self.part.setText(number)
        self._tell()

    def set_recording(self, recording: bool) -> None:
        """Show whether parts are being judged and stored."""
        self._recording.setText("REC" if recording else "not recording")
        colours = self._theme.colours
        self._dot.setPixmap(icon("record", colours.ng if recording else colours.line).pixmap(16, 16))

    def _build(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING)
        self.lot.setPlaceholderText("lot")
        self.part.setPlaceholderText("type or scan")
        self.operator.setEditable(True)
        self.operator.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.operator.addItems(self._settings.operators)
        self.operator.setCurrentText(self._settings.operator)
        for name, widget, stretch in (
            ("Recipe", self._recipe, 2),
            ("Lot", self.lot, 2),
            ("Part", self.part, 3),
            ("Operator", self.operator, 2),
        ):
            label = QLabel(name)
            label.setProperty("role", "muted")
            widget.setAccessibleName(name)
            widget.setMinimumWidth(64)
            widget.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            row.addWidget(label)
            row.addWidget(widget, stretch)
            row.addSpacing(SPACING)
        row.addWidget(self._dot)
        self._recording.setFixedWidth(96)
        row.addWidget(self._recording)

    def _tell(self) -> None:
        self.changed.emit(self.traveller)

    def _operator_said(self) -> None:
        name = self.operator.currentText().strip()
        if name and self.operator.findText(name) < 0:
            self.operator.addItem(name)
        self.operatorChanged.emit(name)
        self._tell()


class PictureTools(QWidget):
    """A column of buttons at the picture's side: overlay, opacity, zoom, snapshot, full screen."""

    def __init__(self, theme: Theme, tools: list[tuple[str, Binding]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._style = QLabel()
        self._style.setProperty("role", "muted")
        self._style.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._buttons: list[tuple[str, QPushButton]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING // 2)
        for index, (name, binding) in enumerate(tools):
            button = tool_button(binding)
            self._buttons.append((name, button))
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
            if index == 0:
                column.addWidget(self._style)
        column.addStretch(1)
        self.setFixedWidth(56)
        theme.changed.connect(self._colour)
        self._colour()

    def set_style(self, style: OverlayStyle) -> None:
        """Name the overlay's style under its button."""
        self._style.setText(STYLE_WORDS[style])

    def _colour(self) -> None:
        for name, button in self._buttons:
            button.setIcon(icon(name, self._theme.colours.text))


class Acts(QWidget):
    """The operator's buttons, each with its key: it is OK, it is NG, review, undo, start and pause, stop."""

    def __init__(self, theme: Theme, acts: dict[str, Binding], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.buttons: dict[str, QPushButton] = {}
        self._icons = {"ok": "ok", "ng": "ng", "review": "question", "undo": "undo", "run": "play", "stop": "stop"}
        self._icons["trigger"] = "record"
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(SPACING)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        for index, (name, binding) in enumerate(acts.items()):
            button = _act_button(binding)
            self.buttons[name] = button
            self.set_text(name, binding.text)
            alone = index == len(acts) - 1 and index % 2 == 0
            grid.addWidget(button, index // 2, index % 2, 1, 2 if alone else 1)
        theme.changed.connect(self._colour)
        self._colour()

    def set_text(self, name: str, text: str) -> None:
        """The words on one button."""
        self.buttons[name].setText(f" {text}")

    def set_icon(self, name: str, symbol: str) -> None:
        """Another icon on one button."""
        if self._icons[name] != symbol:
            self._icons[name] = symbol
            self._colour()

    def _colour(self) -> None:
        for name, button in self.buttons.items():
            button.setIcon(icon(self._icons[name], self._theme.colours.text))


class LookBar(QFrame):
    """Says that the picture is of the past: `looking at part 1,198 — Esc returns to live`."""

    def __init__(self, leave: Callable[[], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "lookbar")
        self._text = QLabel()
        back = QPushButton("Back to live   [Esc]")
        back.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        back.clicked.connect(_dropping(leave))
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * SPACING, SPACING // 2, SPACING, SPACING // 2)
        row.addWidget(self._text, 1)
        row.addWidget(back)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence shown."""
        return self._text.text()

    def tell(self, part: str) -> None:
        """Show the sentence for this part."""
        self._text.setText(f"looking at {part} — Esc returns to live")
        self.show()


class DriftBar(QFrame):
    """Says that the picture is not as the recipe's golden one, as long as that is so."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "lookbar")
        self._theme = theme
        self._mark, self._text = QLabel(), QLabel(wordWrap=True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * SPACING, SPACING // 2, SPACING, SPACING // 2)
        row.setSpacing(SPACING)
        row.addWidget(self._mark)
        row.addWidget(self._text, 1)
        theme.changed.connect(self._colour)
        self._colour()
        self.hide()

    @property
    def text(self) -> str:
        """The sentence shown; empty while the picture is fine."""
        return "" if self.isHidden() else self._text.text()

    def show_level(self, level: str, words: str) -> None:
        """`fine`, `warn` or `review`, and what drifted."""
        self._text.setText(f"Parts go to REVIEW: {words}" if level == "review" else f"{words[:1].upper()}{words[1:]}")
        self.setVisible(level != "fine")

    def _colour(self) -> None:
        self._mark.setPixmap(icon("warning", self._theme.colours.review).pixmap(16, 16))


class Aside(QLabel):
    """One quiet line for what was just done; it leaves after a while and moves nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "muted")
        self.setWordWrap(True)
        self.setFixedHeight(4 * SPACING)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.clear)

    def tell(self, text: str, seconds: float = 8.0) -> None:
        """Show it for so long."""
        self.setText(text)
        self._timer.start(int(seconds * 1000))


def _act_button(binding: Binding) -> QPushButton:
    """A wide button with its key at the right end."""
    button = QPushButton()
    button.setProperty("role", "act")
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setIconSize(QSize(20, 20))
    button.clicked.connect(_dropping(binding.act))
    cap = QLabel(binding.sequence, button)
    cap.setProperty("role", "muted")
    cap.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    row = QHBoxLayout(button)
    row.setContentsMargins(0, 0, SPACING + SPACING // 2, 0)
    row.addStretch(1)
    row.addWidget(cap)
    return button


def tool_button(binding: Binding) -> QPushButton:
    """A 44-px icon button; its tip names what it does and its key."""
    button = QPushButton()
    button.setProperty("role", "tool")
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setIconSize(QSize(24, 24))
    button.setToolTip(f"{binding.text}   [{binding.sequence}]")
    button.setAccessibleName(binding.text)
    button.clicked.connect(_dropping(binding.act))
    return button


def _leave(box: QLineEdit) -> None:
    """Enter ends the typing: the keys are acts again."""
    box.clearFocus()


def _dropping(act: Callable[[], object]) -> Callable[[], None]:
    """`clicked` passes whether the button is checked; the acts take nothing."""

    def call() -> None:
        act()

    return call
