"""The window: a rail of pages, the page, notices, the status bar; it shows what the line says and hands keys out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import QByteArray, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QShowEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from engine import events
from gui.context import AppContext
from gui.i18n.language import translate
from gui.jobs.bridge import Bridge
from gui.line.line import Line
from gui.page import Binding, TakesFolder
from gui.theme.theme import Theme, font, stylesheet
from gui.users.operators import ask_engineer
from gui.window.body import Body
from gui.window.keys import Keyboard
from gui.window.presenter import WindowPresenter
from gui.window.rail import Entry

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
        self.presenter = WindowPresenter(self, context, line)
        self._watched = False
        self._past: list[QWidget] = []
        self.setMinimumSize(1280, 720)
        self.setAcceptDrops(True)
        self._disk = QTimer(self, interval=DISK_EVERY_MS)
        self._disk.timeout.connect(self._ask_disk)
        self._second = QTimer(self, interval=500)
        self._second.timeout.connect(self._each_half_second)
        # Before there are widgets: a style sheet that comes later goes over each of them again.
        self.apply_theme()
        self._build()
        self._connect()
        self._disk.start()
        self._second.start()
        self._restore()

    # ── what the presenter asks of it ────────────────────────────────────────────────────────────────────────────
    @property
    def page(self) -> str:
        """The name of the page on screen."""
        return self._body.pages.shown.name

    @property
    def pages(self) -> Collection[str]:
        """The names of all pages."""
        return [entry.name for entry in self._body.pages.entries]

    @property
    def held(self) -> str:
        """Why a page cannot be built anew now; empty = all can."""
        return self._body.pages.held

    def show_page(self, name: str) -> None:
        """Put a page on screen, with its keys."""
        self._body.show_page(name)
        page = self._body.pages.shown.page
        self.keyboard.bind("page", page.keys())
        page.activated()

    def dismiss_picker(self) -> None:
        """Close the question for a class, if it is open."""
        if self._body.live.picker.isVisible():
            self._body.live.picker.dismiss()

    def show_kiosk(self, on: bool) -> None:
        """The whole screen for the Live page, or the window as before."""
        full, state = Qt.WindowState.WindowFullScreen, self.windowState()
        self.setWindowState(state | full if on else state & ~full)
        self._body.show_kiosk(on)

    def ask_engineer(self, then: Callable[[], None]) -> None:
        """Somebody who may change the station says so by PIN, where the station requires PINs."""
        ask_engineer(self._context, self, lambda _who: then())

    def build_anew(self) -> None:
        """Build the content anew; the line runs on."""
        name, before = self.page, self._body
        before.pages.close_pages()
        self.keyboard.grab(None)
        self._bridge.pictured.disconnect(self._body.live.show_picture)
        self._build()
        self.apply_theme()
        before.hide()
        # Jobs of the pages before may still land on them: they go when none is under way.
        before.setParent(None)
        self._past.append(before)
        self._connect_pages()
        self.go(name)
        self._body.show_kiosk(self.presenter.kiosk)
        self._mark_alarms()
        self._state(self._line.state)
        self._show_judge()

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def go(self, name: str) -> None:
        """Show a page by its name."""
        self.presenter.go(name)

    def rebuild(self) -> None:
        """Build the content anew, in the language and size in force, as soon as no page is held."""
        self.presenter.rebuild()

    def apply_theme(self) -> None:
        """Put the theme in force on the whole application."""
        dress(self._context.theme)

    def close_pages(self) -> None:
        """Have every page let go; the timers stop."""
        self._disk.stop()
        self._second.stop()
        self._context.remember("window", geometry=bytes(self.saveGeometry().toBase64().data()).decode())
        self._body.pages.close_pages()

    def make_next(self) -> bool:
        """Make one page that nobody asked for yet; False where every page is made."""
        return self._body.pages.make_next()

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _build(self) -> None:
        demo = translate("Window", "Lineside — demo line")
        self.setWindowTitle(demo if self._context.demo else "Lineside")
        self._body = body = Body(self._context.theme, self._make_pages())
        self.rail, self.notices, self.status, self.key_overlay = body.rail, body.notices, body.status, body.key_overlay
        self.takeCentralWidget()
        self.setCentralWidget(body)

    def _connect(self) -> None:
        self._bridge.drained.connect(self._follow)
        self._context.theme.changed.connect(self.apply_theme)
        self._context.language.changed.connect(self.rebuild)
        self._context.resized.connect(self.rebuild)
        self._context.pageAsked.connect(self.go)
        self._context.keysAsked.connect(self.toggle_keys)
        self._line.stateChanged.connect(self._state)
        self._line.alarms.changed.connect(self._mark_alarms)
        self._line.alarms.raised.connect(self.presenter.alarmed)
        for changed in (self._context.packageChanged, self._context.productChanged):
            changed.connect(self._show_judge)
        self.keyboard.pressed.connect(self._mark_target)
        self.keyboard.scanned.connect(lambda text: self._body.live.scan_part(text))
        self._connect_pages()
        self._state(self._line.state)

    def _connect_pages(self) -> None:
        live = self._body.live
        self._bridge.pictured.connect(live.show_picture)
        self._context.notice.connect(self.notices.tell)
        self.rail.chosen.connect(self.go)
        self.rail.keysAsked.connect(self.toggle_keys)
        live.fullScreen.connect(self.toggle_full_screen)
        live.kiosk.connect(self.presenter.toggle_kiosk)
        live.picker.closed.connect(lambda: self.keyboard.grab(None))
        live.picker.opened.connect(lambda: self.keyboard.grab(live.picker.key))
        self.keyboard.bind("window", self._keys())

    def _keys(self) -> list[Binding]:
        """The keys of every page."""
        on_rail = enumerate((entry for entry in self._body.pages.entries if entry.on_rail), start=1)
        kiosk = translate("Window", "Only the Live page, for the line (kiosk)")
        return [
            *(Binding(f"Ctrl+{number}", entry.word, partial(self.go, entry.name)) for number, entry in on_rail),
            Binding("F", translate("Window", "Full screen"), self.toggle_full_screen),
            Binding("Ctrl+K", kiosk, self.presenter.toggle_kiosk),
            Binding("?", translate("Window", "All keys"), self.toggle_keys),
            Binding("Esc", translate("Window", "Back, close"), self._escape),
        ]

    def _restore(self) -> None:
        kept = self._context.memory("window")
        shape = kept.get("geometry")
        if isinstance(shape, str):
            self.restoreGeometry(QByteArray.fromBase64(shape.encode()))
        self.presenter.restore()

    # ── what the line says ───────────────────────────────────────────────────────────────────────────────────────
    def _follow(self, batch: list[events.StationEvent]) -> None:
        self._body.live.follow(batch)
        skipped = self.presenter.inspected(batch)
        if skipped is not None:
            self.status.set_skipped(skipped)

    def _each_half_second(self) -> None:
        rate = self.presenter.rate
        if rate is not None:
            self.status.set_rate(rate)
        self._show_judge()
        self.presenter.try_again()
        if self._past and self._context.jobs.busy == 0:
            for body in self._past:
                body.deleteLater()
            self._past.clear()

    def _show_judge(self) -> None:
        self.status.set_judge(self.presenter.judge)
        if words := self.presenter.source:
            self.status.set_source(words)

    def _state(self, state: str) -> None:
        self.status.set_state(state)
        self._ask_disk()

    def _ask_disk(self) -> None:
        self._context.jobs.run(self._context.archive.free_bytes, self.status.set_disk)

    # ── acts of its keys ─────────────────────────────────────────────────────────────────────────────────────────────
    def toggle_keys(self) -> None:
        """All keys, or away with them."""
        tables = self.keyboard.tables
        self._body.toggle_keys(tables.get("page", ()), tables.get("window", ()))

    def _mark_alarms(self) -> None:
        self.rail.mark_alarms(len(self._line.alarms.waiting))

    def toggle_full_screen(self) -> None:
        """Full screen and back."""
        if not self.presenter.kiosk:
            self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _mark_target(self) -> None:
        if (asking := self._body.asking) is not None:
            asking.mark_target()

    def _escape(self) -> None:
        if self.key_overlay.isVisible():
            self.key_overlay.hide()
        elif (asking := self._body.asking) is not None and asking.busy:
            asking.back()
        elif self.notices.notices:
            self.notices.dismiss()

    # ── Qt ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def showEvent(self, event: QShowEvent) -> None:
        """Once there is a native window its keys can be watched."""
        if (handle := self.windowHandle()) is not None and not self._watched:
            self._watched = True
            self.keyboard.watch(handle)
        super().showEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A folder may be dropped anywhere: it is for the Scan page."""
        if dropped_folder(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the folder to the Scan page; it starts nothing."""
        folder = dropped_folder(event)
        if folder is not None:
            event.acceptProposedAction()
            self.go("scan")
            cast(TakesFolder, self._body.pages.named("scan").widget).offer(folder)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closing the window ends the application; gui/app.py does it in order. From the kiosk an engineer does."""
        if self.presenter.locked:
            event.ignore()
            self.ask_engineer(QGuiApplication.quit)
            return
        event.accept()
        QGuiApplication.quit()


def dress(theme: Theme) -> None:
    """Put a theme on the whole application; a sheet that is in force already is not parsed again."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    application.setPalette(theme.palette())
    application.setFont(font())
    sheet = stylesheet(theme.name, touch=theme.touch)
    if application.styleSheet() != sheet:
        application.setStyleSheet(sheet)


def dropped_folder(event: QDropEvent) -> Path | None:
    """The first folder among what is dragged; of a file, the folder it is in."""
    paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    return next((path if path.is_dir() else path.parent for path in paths if path.exists()), None)
