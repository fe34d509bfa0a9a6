"""The buttons beside a picture: fit, zoom, overlay."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QPushButton,
    QWidget,
)

from gui.i18n.language import translate
from gui.page import Binding
from gui.theme.icons import icon
from gui.theme.theme import SPACING, Theme, scaled
from gui.widgets.key_button import key_words
from gui.widgets.pictures.image_view import OverlayStyle

TOOL = 44
TOOLS_WIDTH = 56


def style_word(style: OverlayStyle) -> str:
    """The overlay's style as it stands on screen."""
    words: dict[OverlayStyle, str] = {
        "heat": translate("Live", "Heat"),
        "mask": translate("Live", "Mask"),
        "contour": translate("Live", "Outline"),
        "off": translate("Live", "Off"),
    }
    return words[style]


class PictureTools(QWidget):
    """Buttons at the picture's side, in one column or two: overlay, opacity, zoom, strip, snapshot, full screen."""

    def __init__(self, theme: Theme, tools: list[tuple[str, Binding]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._style = QLabel()
        self._style.setProperty("role", "muted")
        self._style.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.buttons = {name: tool_button(binding) for name, binding in tools}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(SPACING // 2)
        self._columns = 0
        self.set_columns(1)
        theme.changed.connect(self._colour)
        self._colour()

    @property
    def needed(self) -> int:
        """The height of all of them in one column, in pixels."""
        return len(self.buttons) * (TOOL + SPACING // 2) + self._style.sizeHint().height()

    def set_columns(self, columns: int) -> None:
        """One column, or two where there is less height."""
        if columns == self._columns:
            return
        self._columns = columns
        rows = -(-len(self.buttons) // columns)
        middle = Qt.AlignmentFlag.AlignHCenter
        for widget in (*self.buttons.values(), self._style):
            self._grid.removeWidget(widget)
        for index, button in enumerate(self.buttons.values()):
            row = index % rows
            self._grid.addWidget(button, row + (row > 0), index // rows, middle)
        self._grid.addWidget(self._style, 1, 0, 1, columns)
        for row in range(self._grid.rowCount()):
            self._grid.setRowStretch(row, 0)
        self._grid.setRowStretch(rows + 1, 1)
        self.setFixedWidth(max(TOOLS_WIDTH * columns, scaled(TOOLS_WIDTH)))

    def set_style(self, style: OverlayStyle) -> None:
        """Name the overlay's style under its button."""
        self._style.setText(style_word(style))

    def set_checked(self, name: str, checked: bool) -> None:
        """Show that what the button switches is on."""
        self.buttons[name].setCheckable(True)
        self.buttons[name].setChecked(checked)

    def _colour(self) -> None:
        for name, button in self.buttons.items():
            button.setIcon(icon(name, self._theme.colours.text))


def tool_button(binding: Binding) -> QPushButton:
    """A 44-px icon button; its tip names what it does and its key."""
    button = QPushButton()
    button.setProperty("role", "tool")
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setIconSize(QSize(24, 24))
    button.setToolTip(f"{binding.text}   [{key_words(binding.sequence)}]")
    button.setAccessibleName(binding.text)
    button.clicked.connect(_dropping(binding.act))
    return button


def _dropping(act: Callable[[], object]) -> Callable[[], None]:
    """`clicked` passes whether the button is checked; the acts take nothing."""

    def call() -> None:
        act()

    return call
