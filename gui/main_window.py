"""The window: a rail of pages, the page, notices, the status bar; it shows what the line says and hands keys out."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QGuiApplication, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine import events
from engine.domain import ModelRef
from gui.bridge import Bridge
from gui.context import AppContext, Binding, Page
from gui.icons import icon
from gui.keys import Keyboard
from gui.line import STOPPED, Line
from gui.notify import NoticeBar
from gui.pages.live import LivePage
from gui.theme import SPACING, THEMES, ThemeName, font, stylesheet
from gui.widgets.key_overlay import KeyOverlay
from gui.widgets.status import StatusBar

RAIL_WIDTH = 72
RATE_WINDOW_S = 2.0
DISK_EVERY_MS = 30_000
THEME_WORDS: dict[ThemeName, str] = {"dark": "Dark", "light": "Light", "contrast": "High contrast"}
IMAGING_WORDS = {"warn": "  picture drifts", "review": "  picture drifts: REVIEW"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One page on the rail: its name on the command line and its word on screen. `icon` is `name` too."""

    name: str
    word: str
    widget: QWidget

    @property
    def page(self) -> Page:
        """The widget as what the window asks of it."""
        return cast(Page, self.widget)


class MainWindow(QMainWindow):
    """Made by gui/app.py with its pages; the first entry is the Live page."""

    def __init__(self, context: AppContext, bridge: Bridge, line: Line, pages: Sequence[Entry]) -> None:
        super().__init__()
        self._context, self._line = context, line
        self._entries = tuple(pages)
        self._stack, self._rail, self._body = QStackedWidget(), QWidget(), QWidget()
        self.notices = NoticeBar(context.theme)
        self.status = StatusBar(context.theme)
        self.keyboard = Keyboard(self)
        self._buttons: list[QToolButton] = []
        self._arrivals: deque[float] = deque()
        self._model = ModelRef("", "")
        self._model_ms = 0.0
        self._watched = False
        self.setWindowTitle("Lineside — demo line" if context.demo else "Lineside")
        self.setMinimumSize(1280, 720)
        self._lay_out()
        self.key_overlay = KeyOverlay(context.theme, self._body)
        self._connect(bridge)
        self._disk = QTimer(self)
        self._disk.setInterval(DISK_EVERY_MS)
        self._disk.timeout.connect(self._ask_disk)
        self._second = QTimer(self)
        self._second.setInterval(500)
        self._second.timeout.connect(self._show_rate)
        self._disk.start()
        self._second.start()
        self.apply_theme()
        self._state(line.state)
        self.go("live")

    @property
    def page(self) -> str:
        """The name of the page on screen."""
        return self._entries[self._stack.currentIndex()].name

    def go(self, name: str) -> None:
        """Show a page by its name; unknown names are ignored."""
        if self._live.picker.isVisible():
            self._live.picker.dismiss()
        for index, entry in enumerate(self._entries):
            self._buttons[index].setChecked(entry.name == name)
            if entry.name == name:
                self._stack.setCurrentIndex(index)
                self.keyboard.bind("page", entry.page.keys())
                entry.page.activated()

    def apply_theme(self) -> None:
        """Put the theme in force on the whole application."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.setPalette(self._context.theme.palette())
        application.setFont(font())
        application.setStyleSheet(stylesheet(self._context.theme.name))
        for entry, button in zip(self._entries, self._buttons, strict=False):
            button.setIcon(icon(entry.name, self._context.theme.colours.text))
        for name, button in zip(("keys", "theme"), self._buttons[len(self._entries) :], strict=True):
            button.setIcon(icon(name, self._context.theme.colours.text))

    def close_pages(self) -> None:
        """Have every page let go; the timers stop."""
        self._disk.stop()
        self._second.stop()
        for entry in self._entries:
            entry.page.close_page()

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _lay_out(self) -> None:
        rail = QVBoxLayout(self._rail)
        rail.setContentsMargins(0, SPACING, 0, SPACING)
        rail.setSpacing(0)
        self._rail.setObjectName("rail")
        self._rail.setFixedWidth(RAIL_WIDTH)
        self._rail.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        for number, entry in enumerate(self._entries, start=1):
            button = self._rail_button(entry.word, f"{entry.word}   [Ctrl+{number}]")
            button.setCheckable(True)
            button.clicked.connect(lambda _checked=False, name=entry.name: self.go(name))
            rail.addWidget(button)
            self._stack.addWidget(entry.widget)
        rail.addStretch(1)
        keys = self._rail_button("Keys", "All keys   [?]")
        keys.clicked.connect(self.toggle_keys)
        theme = self._rail_button("Theme", "Colours")
        theme.setMenu(self._theme_menu())
        theme.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        rail.addWidget(keys)
        rail.addWidget(theme)
        self._body.setObjectName("window")
        column = QVBoxLayout(self._body)
        row = QHBoxLayout()
        row.addWidget(self._rail)
        row.addWidget(self._stack, 1)
        for layout in (column, row):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(0)
        column.addLayout(row, 1)
        column.addWidget(self.notices)
        column.addWidget(self.status)
        self.setCentralWidget(self._body)

    def _rail_button(self, word: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(word)
        button.setToolTip(tip)
        button.setIconSize(QSize(24, 24))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._buttons.append(button)
        return button

    def _theme_menu(self) -> QMenu:
        menu, group = QMenu(self), QActionGroup(self)
        for name in THEMES:
            action = QAction(THEME_WORDS[name], group)
            action.setCheckable(True)
            action.setChecked(name == self._context.theme.name)
            action.triggered.connect(lambda _checked=False, chosen=name: self.choose_theme(chosen))
            menu.addAction(action)
        return menu

    def _connect(self, bridge: Bridge) -> None:
        live = self._live
        bridge.drained.connect(self._follow)
        bridge.pictured.connect(live.show_picture)
        self._context.notice.connect(self.notices.tell)
        self._context.theme.changed.connect(self.apply_theme)
        self._line.stateChanged.connect(self._state)
        self._context.packageChanged.connect(self._show_model)
        self.keyboard.pressed.connect(live.mark_target)
        self.keyboard.scanned.connect(live.scan_part)
        live.fullScreen.connect(self.toggle_full_screen)
        live.picker.closed.connect(lambda: self.keyboard.grab(None))
        live.picker.opened.connect(lambda: self.keyboard.grab(live.picker.key))
        pages = [
            Binding(f"Ctrl+{number}", entry.word, partial(self.go, entry.name))
            for number, entry in enumerate(self._entries, start=1)
        ]
        own = [
            Binding("F", "Full screen", self.toggle_full_screen),
            Binding("?", "All keys", self.toggle_keys),
            Binding("Esc", "Back, close", self._escape),
        ]
        self.keyboard.bind("window", [*pages, *own])

    @property
    def _live(self) -> LivePage:
        widget = self._entries[0].widget
        assert isinstance(widget, LivePage)
        return widget

    # ── what the line says ───────────────────────────────────────────────────────────────────────────────────────
    def _follow(self, batch: list[events.StationEvent]) -> None:
        self._live.follow(batch)
        inspected = [e for e in batch if isinstance(e, events.Inspected)]
        for event in batch:
            match event:
                case events.Started(model=model) | events.ModelSwapped(model=model):
                    self._model = model
                case _:
                    pass
        if not inspected:
            return
        now = time.monotonic()
        self._arrivals.extend(now for _ in inspected)
        times = inspected[-1].inspection.times
        took = times.prepare_ms + times.infer_ms
        self._model_ms = took if not self._model_ms else self._model_ms + 0.2 * (took - self._model_ms)
        self.status.set_skipped(inspected[-1].skipped)
        self._context.recorded.emit([e.inspection for e in inspected])

    def _show_rate(self) -> None:
        now = time.monotonic()
        # A run that is over keeps its last rate: nothing arrives that could lower it.
        if self._line.state != STOPPED:
            while self._arrivals and now - self._arrivals[0] > RATE_WINDOW_S:
                self._arrivals.popleft()
            span = self._arrivals[-1] - self._arrivals[0] if len(self._arrivals) > 1 else 0.0
            self.status.set_rate((len(self._arrivals) - 1) / max(span, 0.5) if span else 0.0)
        self._show_model()

    def _show_model(self) -> None:
        package = self._context.package
        if package is not None:
            took = f"  {self._model_ms:.1f} ms" if self._model_ms else ""
            computed = " (INT8)" if package.int8_graph is not None else ""
            self.status.set_model(f"{package.manifest.name} {package.version}{computed}{took}")
        if self._line.source is not None:
            drift = IMAGING_WORDS.get(self._line.imaging[0], "")
            self.status.set_source(f"{self._line.source.description}{drift}")

    def _state(self, state: str) -> None:
        self.status.set_state(state)
        self._ask_disk()

    def _ask_disk(self) -> None:
        self._context.jobs.run(self._context.archive.free_bytes, self.status.set_disk)

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def toggle_keys(self) -> None:
        """All keys, or away with them."""
        if self.key_overlay.isVisible():
            self.key_overlay.hide()
            return
        word = self._entries[self._stack.currentIndex()].word
        tables = self.keyboard.tables
        self.key_overlay.open_with({word: tables.get("page", ()), "Everywhere": tables.get("window", ())})

    def toggle_full_screen(self) -> None:
        """Full screen and back."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _escape(self) -> None:
        if self.key_overlay.isVisible():
            self.key_overlay.hide()
        elif self._live.busy and self.page == "live":
            self._live.back()
        elif self.notices.notices:
            self.notices.dismiss()

    def choose_theme(self, name: ThemeName) -> None:
        """Another theme, now and at the next start."""
        self._context.settings.theme = name
        self._context.theme.choose(name)

    # ── Qt ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def showEvent(self, event: QShowEvent) -> None:
        """Once there is a native window its keys can be watched."""
        handle = self.windowHandle()
        if handle is not None and not self._watched:
            self._watched = True
            self.keyboard.watch(handle)
        super().showEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The key overlay covers all."""
        super().resizeEvent(event)
        self.key_overlay.setGeometry(self._body.rect())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closing the window ends the application; gui/app.py does it in order."""
        event.accept()
        QGuiApplication.quit()
