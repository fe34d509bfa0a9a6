"""The guided start on the window: five small acts with the demo line, then what to inspect from now on.

It hears the real acts (the line's state, a stored override, a look at the film strip), and puts the card beside what
it is about.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

from db.inspections.overrides import in_force
from db.inspections.table import Filter, page
from engine.domain.inspection import Override
from engine.sources.catalogue import is_simulated
from gui.context import AppContext
from gui.i18n.language import translate
from gui.line.line import Line
from gui.pages.live.page import LivePage
from gui.theme.theme import SPACING
from gui.window.tour.card import Card, Pointer
from gui.window.tour.presenter import ABOUT, CHOOSE, LOOK, Tour
from gui.window.window import MainWindow

ASK = "first-run"
"""`context.pageAsked` with this word starts the tour again: from the settings, from the table of keys."""
LOOK_MS = 150
PAGES = {"camera": "camera", "folder": "scan", "model": "models", "product": "teach-in", "demo": "live"}
TYPING = ("QLineEdit", "QComboBox", "QTextEdit", "QPlainTextEdit", "QSpinBox", "QDoubleSpinBox")


class FirstRun(QObject):
    """Made once by gui/app.py, after the window; `start_if_wanted` at the start, `start` whenever somebody asks."""

    def __init__(self, context: AppContext, line: Line, window: MainWindow) -> None:
        super().__init__(window)
        self._context, self._line, self._window = context, line, window
        self.tour = Tour(lambda: self.practises, self._show)
        self._card: Card | None = None
        self._pointer: Pointer | None = None
        self._watched: QObject | None = None
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)
        line.stateChanged.connect(self.tour.line_is)
        context.recorded.connect(self._recorded)
        context.overridden.connect(self._overridden)
        context.language.changed.connect(self._built_anew)
        context.resized.connect(self._built_anew)
        context.pageAsked.connect(self._asked)

    @property
    def card(self) -> Card:
        """What is said now."""
        assert self._card is not None
        return self._card

    @property
    def pointer(self) -> Pointer:
        """What it is said about."""
        assert self._pointer is not None
        return self._pointer

    @property
    def practises(self) -> bool:
        """True on the demo line: its parts may be overruled for practice."""
        return is_simulated(self._line.options.source)

    def start_if_wanted(self) -> bool:
        """Start where nobody went through it yet, on the demo line, with nothing stored; True when it did."""
        if not self._context.settings.first_run or not self.practises or page(self._context.db, Filter(), limit=1).rows:
            return False
        self.start()
        return True

    def start(self) -> None:
        """From the first step."""
        self._window.go("live")
        self._make()
        handle = self._window.windowHandle()
        if handle is not None and self._watched is not handle:
            # After the keyboard's own filter, so that this one sees a key first.
            handle.installEventFilter(self)
            self._watched = handle
        self._timer.start()
        self.tour.begin(self._line.state)

    def end(self) -> None:
        """No more of it; it does not come by itself again."""
        if not self.tour.leave():
            return
        self._timer.stop()
        self._unmake()
        if self._watched is not None:
            self._watched.removeEventFilter(self)
            self._watched = None
        self._context.settings.first_run = False
        self._context.keep_settings()

    def choose(self, way: str) -> None:
        """What to inspect from now on: `camera`, `folder`, `model`, `product` or `demo`."""
        self.end()
        self._context.pageAsked.emit(PAGES[way])

    # ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────
    def _asked(self, name: str) -> None:
        if name == ASK:
            self.start()

    def _recorded(self, _parts: object) -> None:
        self.tour.part_came()

    def _overridden(self, inspection: str) -> None:
        if self.tour.wants_word:
            db = self._context.db
            self._context.jobs.run(lambda: in_force(db, inspection), self._in_force)

    def _in_force(self, found: Override | None) -> None:
        self.tour.in_force(found.id if found else "")

    def _look(self) -> None:
        """The window may have moved, been built anew, or show another page; and what the film strip shows."""
        if (live := self._live) is not None:
            self.tour.looking(bool(live.film.selected))
        self._place()

    def _built_anew(self) -> None:
        if self.tour.on:
            self._unmake()
            self._make()
            self._show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc leaves, Enter goes on, a digit chooses; all other keys are the window's."""
        if event.type() not in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress) or not isinstance(event, QKeyEvent):
            return False
        act = self._act_of(event)
        if act is None:
            return False
        event.accept()
        if event.type() is QEvent.Type.KeyPress:
            act()
        return True

    def _act_of(self, event: QKeyEvent) -> Callable[[], object] | None:
        modal = QApplication.activeModalWidget() is not None or QApplication.activePopupWidget() is not None
        if not self.tour.on or modal or self._window.key_overlay.isVisible() or _typing():
            return None
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return None
        live = self._live
        if event.key() == Qt.Key.Key_Escape:
            return None if live is not None and self._window.page == "live" and live.busy else self.end
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self.tour.waits:
            return self.tour.ahead
        ways = list(self.card.ways.values())
        number = event.key() - Qt.Key.Key_1
        return ways[number].click if 0 <= number < len(ways) else None

    # ── on screen ────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def _live(self) -> LivePage | None:
        return self._window.findChild(LivePage)

    @property
    def _has_past(self) -> bool:
        live = self._live
        return live is not None and bool(live.film.parts)

    def _make(self) -> None:
        theme = self._context.theme
        self._pointer, self._card = Pointer(theme, self._window), Card(theme, self._window)
        self._card.nextAsked.connect(self.tour.ahead)
        self._card.skipAsked.connect(self.end)
        self._card.chosen.connect(self.choose)

    def _unmake(self) -> None:
        for widget in (self._pointer, self._card):
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._pointer = self._card = None

    def _show(self) -> None:
        if not self.tour.on or self._card is None:
            return
        self._card.take_back_offer()
        if self.tour.step == CHOOSE:
            self._card.offer(_ways())
        self._card.say(self.tour.saying(self._has_past))
        self._place()

    def _place(self) -> None:
        if self._card is None or self._pointer is None:
            return
        live = self._live
        target = self._target(live) if live is not None and self._window.page == "live" else QRect()
        if self.tour.step == LOOK:
            self._card.words.setText(self.tour.saying(self._has_past).words)
        self._card.fit()
        self._pointer.setGeometry(self._window.rect())
        self._card.move(self._spot(live))
        self._pointer.point(target, self._card.geometry())
        for widget in (self._pointer, self._card):
            widget.setVisible(True)
            widget.raise_()

    def _target(self, live: LivePage) -> QRect:
        widgets: dict[str, QWidget] = {**live.acts.buttons, "banner": live.banner, "film": live.film}
        rect = QRect()
        for widget in map(widgets.__getitem__, ABOUT[self.tour.step]):
            if widget.isVisible():
                rect = rect.united(QRect(widget.mapTo(self._window, QPoint(0, 0)), widget.size()))
        return rect

    def _spot(self, live: LivePage | None) -> QPoint:
        """Over the picture, at its lower right: beside the verdict and the acts, above the film strip."""
        card = cast(Card, self._card)
        if live is None or self._window.page != "live":
            area = self._window.rect().adjusted(0, 0, 0, -8 * SPACING)
        else:
            area = QRect(live.view.mapTo(self._window, QPoint(0, 0)), live.view.size())
        x = area.right() - card.width() - 2 * SPACING
        y = area.bottom() - card.height() - 2 * SPACING
        return QPoint(max(SPACING, x), max(SPACING, y))


def _ways() -> list[tuple[str, str, str]]:
    return [
        ("camera", translate("FirstRun", "My camera"), "camera"),
        ("folder", translate("FirstRun", "A folder of pictures"), "folder"),
        ("model", translate("FirstRun", "With a model I have"), "models"),
        ("product", translate("FirstRun", "A new product: teach it in"), "teach"),
        ("demo", translate("FirstRun", "Stay on the demo line"), "live"),
    ]


def _typing() -> bool:
    """The focus is where text goes."""
    focused = QApplication.focusWidget()
    return focused is not None and any(focused.inherits(kind) for kind in TYPING)
