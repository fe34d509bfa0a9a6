"""What the window holds: rail, pages, notices and status bar; built anew with the language and the size."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLocale
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gui.i18n.language import translate
from gui.notify import NoticeBar
from gui.page import Binding, JudgingPage
from gui.pages.live.page import LivePage
from gui.theme.theme import Theme
from gui.widgets.key_overlay import KeyOverlay
from gui.widgets.status import StatusBar
from gui.window.pages import Pages
from gui.window.rail import Entry, Rail


class Body(QWidget):
    """Of these pages, the first of which is the Live page; one of them is on screen."""

    def __init__(self, theme: Theme, entries: Sequence[Entry]) -> None:
        super().__init__()
        self.setObjectName("window")
        # What is in it takes its locale, and the window around it keeps the one it was made with.
        self.setLocale(QLocale())
        self.pages = Pages(entries)
        self.notices, self.status = NoticeBar(theme), StatusBar(theme)
        self.rail = Rail(theme, self.pages.entries)
        column, row = QVBoxLayout(self), QHBoxLayout()
        row.addWidget(self.rail)
        row.addWidget(self.pages, 1)
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
        widget = self.pages.entries[0].widget
        assert isinstance(widget, LivePage)
        return widget

    @property
    def asking(self) -> JudgingPage | None:
        """The page on screen, where it is one that parts on screen are judged on."""
        widget = self.pages.shown.widget
        return widget if isinstance(widget, JudgingPage) else None

    def show_page(self, name: str) -> None:
        """Put a page on screen."""
        self.pages.put_up(name)
        self.rail.show_page(name)

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
            self.key_overlay.open_with({self.pages.shown.word: page, translate("Window", "Everywhere"): everywhere})

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The key overlay covers all."""
        super().resizeEvent(event)
        self.key_overlay.setGeometry(self.rect())
