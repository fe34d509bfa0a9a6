"""The rail of pages at the window's left: an icon and a word each, the keys at the bottom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import cast

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from gui.i18n.language import translate
from gui.page import Page
from gui.theme.icons import icon
from gui.theme.theme import SPACING, Theme, scaled

WIDTH = 72
SET_UP = ("settings", "camera")
"""Pages that stand apart at the bottom: set up once, used seldom."""


class Entry:
    """One page of the window: its name on the command line, which its icon has too, and its word on screen.

    The page itself is made when it is first asked for. `on_rail`: False for one that is reached from other pages and
    has no key of its own.
    """

    def __init__(self, name: str, word: str, make: Callable[[], QWidget], *, on_rail: bool = True) -> None:
        self.name, self.word, self.on_rail = name, word, on_rail
        self._make = make

    @property
    def made(self) -> bool:
        """Whether anybody asked for the page yet."""
        return "widget" in vars(self)

    @cached_property
    def widget(self) -> QWidget:
        """The page; made now where it was not yet."""
        return self._make()

    @property
    def page(self) -> Page:
        """The widget as what the window asks of it."""
        return cast(Page, self.widget)


class Rail(QWidget):
    """Buttons for the pages; `chosen` with the page's name, `keysAsked` for the table of keys."""

    chosen = Signal(str)
    keysAsked = Signal()

    def __init__(self, theme: Theme, entries: Sequence[Entry], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._buttons: dict[str, QToolButton] = {}
        self._alarms = 0
        self._live_word = next((entry.word for entry in entries if entry.name == "live"), "")
        self.setObjectName("rail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACING, 0, SPACING)
        column.setSpacing(0)
        entries = [entry for entry in entries if entry.on_rail]
        for entry in entries:
            if entry.name not in SET_UP:
                column.addWidget(self._page_button(entries, entry))
        column.addStretch(1)
        for entry in reversed(entries):
            if entry.name in SET_UP:
                column.addWidget(self._page_button(entries, entry))
        keys = self._button("keys", translate("Rail", "Keys"), f"{translate('Rail', 'All keys')}   [?]")
        keys.clicked.connect(self.keysAsked)
        column.addWidget(keys)
        theme.changed.connect(self.recolour)
        self.recolour()

    def sizeHint(self) -> QSize:
        """As wide as its words, and no narrower than designed."""
        return super().sizeHint().expandedTo(QSize(scaled(WIDTH), 0))

    def minimumSizeHint(self) -> QSize:
        """As wide, whatever width the pages beside it ask for, now or once they are made: it neither cuts nor jumps."""
        return super().minimumSizeHint().expandedTo(QSize(self.sizeHint().width(), 0))

    def show_page(self, name: str) -> None:
        """Mark the page that is on screen."""
        for key, button in self._buttons.items():
            button.setChecked(key == name)

    def mark_alarms(self, waiting: int) -> None:
        """Alarms nobody acknowledged: a triangle and their number in place of the Live page's icon and word."""
        self._alarms = waiting
        live = self._buttons.get("live")
        if live is not None:
            said = translate("Rail", "Alarms: {count}").format(count=waiting)
            live.setText(said if waiting else self._live_word)
            live.setAccessibleName(f"{self._live_word}, {said}" if waiting else self._live_word)
        self.recolour()

    def recolour(self) -> None:
        """The icons in the theme's colour."""
        for name, button in self._buttons.items():
            alarm = name == "live" and self._alarms
            colours = self._theme.colours
            button.setIcon(icon("warning", colours.ng) if alarm else icon(name, colours.text))

    def _page_button(self, entries: Sequence[Entry], entry: Entry) -> QToolButton:
        button = self._button(entry.name, entry.word, f"{entry.word}   [Ctrl+{entries.index(entry) + 1}]")
        button.setCheckable(True)
        button.clicked.connect(lambda _checked=False: self.chosen.emit(entry.name))
        return button

    def _button(self, name: str, word: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(word)
        button.setToolTip(tip)
        button.setAccessibleName(word)
        button.setIconSize(QSize(24, 24))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._buttons[name] = button
        return button
