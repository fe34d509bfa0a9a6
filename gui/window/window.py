"""The window: a rail of pages, the page, notices, the status bar; it shows what the line says and hands keys out."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QByteArray, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from db.users.alarms import StoredAlarm
from engine import events
from engine.domain.inspection import ModelRef
from gui.context import AppContext
from gui.i18n.language import translate
from gui.i18n.messages import translated
from gui.jobs.bridge import Bridge
from gui.line.line import STOPPED, Line
from gui.notify import NoticeBar
from gui.page import Binding
from gui.pages.live.page import LivePage
from gui.pages.scan.page import ScanPage
from gui.pages.teach_in.page import TeachInPage
from gui.theme.theme import ThemeName, font, stylesheet
from gui.users.operators import ask_engineer
from gui.widgets.key_overlay import KeyOverlay
from gui.widgets.status import StatusBar
from gui.window.dropped import dropped_folder
from gui.window.keys import Keyboard
from gui.window.rail import Entry, Rail

RATE_WINDOW_S = 2.0
DISK_EVERY_MS = 30_000

MakePages = Callable[[], Sequence[Entry]]


class MainWindow(QMainWindow):
    """Made by gui/app.py with what makes its pages; the first one is the Live page.

    Its content is built anew when the language or the size of type changes; the line runs on meanwhile.
    """

    def __init__(self, context: AppContext, bridge: Bridge, line: Line, make_pages: MakePages) -> None:
        super().__init__()
        self._context, self._line, self._bridge, self._make_pages = context, line, bridge, make_pages
        self.keyboard = Keyboard(self)
        self._arrivals: deque[float] = deque()
        self._model = ModelRef("", "")
        self._model_ms = 0.0
        self._watched = self._waiting = self._kiosk = False
        self._past: list[QWidget] = []
        self.setMinimumSize(1280, 720)
        self.setAcceptDrops(True)
        self._disk = QTimer(self, interval=DISK_EVERY_MS)
        self._disk.timeout.connect(self._ask_disk)
        self._second = QTimer(self, interval=500)
        self._second.timeout.connect(self._each_half_second)
        self._build()
        self._connect()
        self._disk.start()
        self._second.start()
        self.apply_theme()
        self._restore()

    @property
    def page(self) -> str:
        """The name of the page on screen."""
        return self._entries[self._stack.currentIndex()].name

    def go(self, name: str) -> None:
        """Show a page by its name; unknown names are ignored."""
        if self._live.picker.isVisible():
            self._live.picker.dismiss()
        if self._kiosk and name != "live":
            self._context.notify(
                "info",
                translate("Window", "This station only shows the Live page now."),
                translate("Window", "Ctrl+K leads back to the other pages."),
            )
            return
        for index, entry in enumerate(self._entries):
            if entry.name == name:
                self.rail.show_page(name)
                self._stack.setCurrentIndex(index)
                self.keyboard.bind("page", entry.page.keys())
                entry.page.activated()
                self._context.remember("window", page=name)

    def apply_theme(self) -> None:
        """Put the theme in force on the whole application."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme = self._context.theme
        application.setPalette(theme.palette())
        application.setFont(font())
        sheet = stylesheet(theme.name, touch=theme.touch)
        if application.styleSheet() != sheet:
            application.setStyleSheet(sheet)

    def close_pages(self) -> None:
        """Have every page let go; the timers stop."""
        self._disk.stop()
        self._second.stop()
        self._keep_place()
        for entry in self._entries:
            entry.page.close_page()

    def rebuild(self) -> None:
        """Build the content anew, in the language and size in force; waits while a page says that it is held."""
        held = next((reason for entry in self._entries if (reason := entry.page.held())), "")
        self._waiting = bool(held)
        if held:
            self._context.notify("info", translate("Window", "The window changes as soon as this is over."), held)
            return
        name, before, entries = self.page, self._body, self._entries
        for entry in entries:
            entry.page.close_page()
        self.keyboard.grab(None)
        self._bridge.pictured.disconnect(self._live.show_picture)
        self._build()
        self.apply_theme()
        before.hide()
        # Jobs of the pages before may still land on them: they go when none is under way.
        before.setParent(None)
        self._past.append(before)
        self._connect_pages()
        self.go(name)
        self._show_kiosk()
        self._mark_alarms()
        self.status.set_state(self._line.state)
        self._show_model()

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _build(self) -> None:
        theme = self._context.theme
        demo = translate("Window", "Lineside — demo line")
        self.setWindowTitle(demo if self._context.demo else "Lineside")
        self._entries = tuple(self._make_pages())
        self._stack, self._body = QStackedWidget(), QWidget()
        self.notices, self.status = NoticeBar(theme), StatusBar(theme)
        self.rail = Rail(theme, self._entries)
        for entry in self._entries:
            self._stack.addWidget(entry.widget)
        self._body.setObjectName("window")
        column, row = QVBoxLayout(self._body), QHBoxLayout()
        row.addWidget(self.rail)
        row.addWidget(self._stack, 1)
        for layout in (column, row):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(0)
        column.addLayout(row, 1)
        column.addWidget(self.notices)
        column.addWidget(self.status)
        self.takeCentralWidget()
        self.setCentralWidget(self._body)
        self.key_overlay = KeyOverlay(theme, self._body)

    def _connect(self) -> None:
        self._bridge.drained.connect(self._follow)
        self._context.theme.changed.connect(self.apply_theme)
        self._context.language.changed.connect(self.rebuild)
        self._context.resized.connect(self.rebuild)
        self._context.pageAsked.connect(self.go)
        self._context.keysAsked.connect(self.toggle_keys)
        self._line.stateChanged.connect(self._state)
        self._line.alarms.changed.connect(self._mark_alarms)
        self._line.alarms.raised.connect(self._alarmed)
        self._context.packageChanged.connect(self._show_model)
        self.keyboard.pressed.connect(self._mark_target)
        self.keyboard.scanned.connect(lambda text: self._live.scan_part(text))
        self._connect_pages()
        self._state(self._line.state)

    def _connect_pages(self) -> None:
        live = self._live
        self._bridge.pictured.connect(live.show_picture)
        self._context.notice.connect(self.notices.tell)
        self.rail.chosen.connect(self.go)
        self.rail.keysAsked.connect(self.toggle_keys)
        live.fullScreen.connect(self.toggle_full_screen)
        live.kiosk.connect(self.toggle_kiosk)
        live.picker.closed.connect(lambda: self.keyboard.grab(None))
        live.picker.opened.connect(lambda: self.keyboard.grab(live.picker.key))
        pages = [
            Binding(f"Ctrl+{number}", entry.word, partial(self.go, entry.name))
            for number, entry in enumerate((e for e in self._entries if e.on_rail), start=1)
        ]
        own = [
            Binding("F", translate("Window", "Full screen"), self.toggle_full_screen),
            Binding("Ctrl+K", translate("Window", "Only the Live page, for the line (kiosk)"), self.toggle_kiosk),
            Binding("?", translate("Window", "All keys"), self.toggle_keys),
            Binding("Esc", translate("Window", "Back, close"), self._escape),
        ]
        self.keyboard.bind("window", [*pages, *own])

    def _restore(self) -> None:
        kept = self._context.memory("window")
        shape = kept.get("geometry")
        if isinstance(shape, str):
            self.restoreGeometry(QByteArray.fromBase64(shape.encode()))
        if kept.get("kiosk") is True:
            self._set_kiosk(True)
        known = {entry.name for entry in self._entries}
        self.go(page if (page := str(kept.get("page"))) in known and not self._kiosk else "live")

    def _keep_place(self) -> None:
        self._context.remember("window", geometry=bytes(self.saveGeometry().toBase64().data()).decode())

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

    def _each_half_second(self) -> None:
        self._show_rate()
        if self._waiting and not any(entry.page.held() for entry in self._entries):
            self.rebuild()
        if self._past and self._context.jobs.busy == 0:
            for body in self._past:
                body.deleteLater()
            self._past.clear()

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
            drift = {
                "warn": translate("Window", "picture drifts"),
                "review": translate("Window", "picture drifts: REVIEW"),
            }.get(self._line.imaging[0], "")
            self.status.set_source(f"{self._line.source.description}  {drift}".strip())

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
        self.key_overlay.open_with(
            {word: tables.get("page", ()), translate("Window", "Everywhere"): tables.get("window", ())}
        )

    @property
    def kiosk(self) -> bool:
        """Whether there is nothing but the Live page, on the whole screen."""
        return self._kiosk

    def toggle_kiosk(self) -> None:
        """Nothing but the Live page; an engineer leads back, where the station requires PINs."""
        if self._kiosk:
            ask_engineer(self._context, self, self._leave_kiosk)
        else:
            self._set_kiosk(True)
            self.go("live")

    def _leave_kiosk(self, _who: str) -> None:
        self._set_kiosk(False)

    def _set_kiosk(self, on: bool) -> None:
        self._kiosk = on
        self._context.remember("window", kiosk=on)
        full, state = Qt.WindowState.WindowFullScreen, self.windowState()
        self.setWindowState(state | full if on else state & ~full)
        self._show_kiosk()

    def _show_kiosk(self) -> None:
        self.rail.setVisible(not self._kiosk)
        self.status.setVisible(not self._kiosk)
        self._live.tools.set_checked("kiosk", self._kiosk)

    def _alarmed(self, alarm: StoredAlarm) -> None:
        """On the Live page the alarm has its own bar."""
        if self.page != "live":
            where = translate("Alarm", "Acknowledge it on the Live page.")
            self._context.notify(
                "error", translate("Alarm", "ALARM: {message}").format(message=translated(alarm.message)), where
            )

    def _mark_alarms(self) -> None:
        self.rail.mark_alarms(len(self._line.alarms.waiting))

    def toggle_full_screen(self) -> None:
        """Full screen and back."""
        if self._kiosk:
            return
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    @property
    def _asking(self) -> LivePage | TeachInPage | None:
        """The page on screen, where it is one that parts on screen are judged on."""
        widget = self._entries[self._stack.currentIndex()].widget
        return widget if isinstance(widget, LivePage | TeachInPage) else None

    def _mark_target(self) -> None:
        if self._asking is not None:
            self._asking.mark_target()

    def _escape(self) -> None:
        if self.key_overlay.isVisible():
            self.key_overlay.hide()
        elif (asking := self._asking) is not None and asking.busy:
            asking.back()
        elif self.notices.notices:
            self.notices.dismiss()

    def choose_theme(self, name: ThemeName) -> None:
        """Another theme, now and at the next start."""
        self._context.settings.theme = name
        self._context.keep_settings()
        self._context.theme.choose(name)

    # ── Qt ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def showEvent(self, event: QShowEvent) -> None:
        """Once there is a native window its keys can be watched."""
        if (handle := self.windowHandle()) is not None and not self._watched:
            self._watched = True
            self.keyboard.watch(handle)
        super().showEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The key overlay covers all."""
        super().resizeEvent(event)
        self.key_overlay.setGeometry(self._body.rect())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A folder may be dropped anywhere: it is for the Scan page."""
        if dropped_folder(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the folder to the Scan page; it starts nothing."""
        folder = dropped_folder(event)
        page = next((entry.widget for entry in self._entries if isinstance(entry.widget, ScanPage)), None)
        if folder is not None and page is not None:
            event.acceptProposedAction()
            self.go("scan")
            page.offer(folder)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closing the window ends the application; gui/app.py does it in order. From the kiosk an engineer does."""
        if self._kiosk and self._context.settings.pin_required:
            event.ignore()
            ask_engineer(self._context, self, self._close_from_kiosk)
            return
        event.accept()
        QGuiApplication.quit()

    def _close_from_kiosk(self, _who: str) -> None:
        QGuiApplication.quit()
