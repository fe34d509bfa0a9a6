"""What the window holds: rail, pages, notices and status bar; built anew with the language and the size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from gui.i18n.language import translate
from gui.notify import NoticeBar
from gui.page import Binding
from gui.pages.live.page import LivePage
from gui.pages.teach_in.page import TeachInPage
from gui.theme.theme import Theme
from gui.widgets.key_overlay import KeyOverlay
from gui.widgets.status import StatusBar
from gui.window.rail import Entry, Rail

P = TypeVar("P", bound=QWidget)


class Body(QWidget):
    """Of these pages, the first of which is the Live page; one of them is on screen."""

    def __init__(self, theme: Theme, entries: Sequence[Entry]) -> None:
        super().__init__()
        self.setObjectName("window")
        self.entries = tuple(entries)
        self._stack = QStackedWidget()
        self.notices, self.status = NoticeBar(theme), StatusBar(theme)
        self.rail = Rail(theme, self.entries)
        for entry in self.entries:
            self._stack.addWidget(entry.widget)
        column, row = QVBoxLayout(self), QHBoxLayout()
        row.addWidget(self.rail)
        row.addWidget(self._stack, 1)
        for layout in (column, row):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(0)
        column.addLayout(row, 1)
        column.addWidget(self.notices)
        column.addWidget(self.status)
        self.key_overlay = KeyOverlay(theme, self)

    @property
    def live(self) -> LivePage:
        """The Live page, whichever is on screen."""
        widget = self.entries[0].widget
        assert isinstance(widget, LivePage)
        return widget

    @property
    def shown(self) -> Entry:
        """The page on screen."""
        return self.entries[self._stack.currentIndex()]

    @property
    def asking(self) -> LivePage | TeachInPage | None:
        """The page on screen, where it is one that parts on screen are judged on."""
        widget = self.shown.widget
        return widget if isinstance(widget, LivePage | TeachInPage) else None

    def page_of(self, kind: type[P]) -> P | None:
        """The page of this kind."""
        return next((entry.widget for entry in self.entries if isinstance(entry.widget, kind)), None)

    @property
    def held(self) -> str:
        """Why a page cannot be built anew now; empty = all can."""
        return next((reason for entry in self.entries if (reason := entry.page.held())), "")

    def show_page(self, name: str) -> None:
        """Put a page on screen."""
        self.rail.show_page(name)
        self._stack.setCurrentIndex([entry.name for entry in self.entries].index(name))

    def show_kiosk(self, on: bool) -> None:
        """Nothing but the page, or all again."""
        self.rail.setVisible(not on)
        self.status.setVisible(not on)
        self.live.tools.set_checked("kiosk", on)

    def toggle_keys(self, page: Sequence[Binding], everywhere: Sequence[Binding]) -> None:
        """All keys, or away with them."""
        if self.key_overlay.isVisible():
            self.key_overlay.hide()
        else:
            self.key_overlay.open_with({self.shown.word: page, translate("Window", "Everywhere"): everywhere})

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The key overlay covers all."""
        super().resizeEvent(event)
        self.key_overlay.setGeometry(self.rect())
