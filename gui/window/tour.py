"""The guided start: five small acts on the real window with the demo line, then what to inspect from now on.

It waits for the real act (the line's state, a stored override, a look at the film strip) and never does one itself. On
a line with a real source it only explains: nobody is asked to overrule a real part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

from db.inspections.overrides import in_force
from db.inspections.table import Filter, page
from gui.context import AppContext
from gui.i18n.language import translate
from gui.line import line as states
from gui.line.line import Line
from gui.pages.live.page import LivePage
from gui.theme.theme import SPACING
from gui.window.tour_card import Card, Pointer
from gui.window.window import MainWindow

ASK = "first-run"
"""`context.pageAsked` with this word starts the tour again: from the settings, from the table of keys."""
LOOK_MS = 150
START, READ, OVERRULE, UNDO, LOOK, CHOOSE = range(6)
STEPS = 5
PAGES = {"camera": "camera", "folder": "scan", "model": "models", "product": "teach-in", "demo": "live"}
TYPING = ("QLineEdit", "QComboBox", "QTextEdit", "QPlainTextEdit", "QSpinBox", "QDoubleSpinBox")


@dataclass(slots=True)
class _Seen:
    """What happened since the step began."""

    part: bool = False
    said: str = ""
    """The id of the override made in this tour."""
    looked: bool = False


class FirstRun(QObject):
    """Made once by gui/app.py, after the window; `start_if_wanted` at the start, `start` whenever somebody asks."""

    def __init__(self, context: AppContext, line: Line, window: MainWindow) -> None:
        super().__init__(window)
        self._context, self._line, self._window = context, line, window
        self._step = START
        self._on = False
        self._was_running = False
        self._seen = _Seen()
        self._card: Card | None = None
        self._pointer: Pointer | None = None
        self._watched: QObject | None = None
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)
        line.stateChanged.connect(self._state)
        context.recorded.connect(self._recorded)
        context.overridden.connect(self._overridden)
        context.language.changed.connect(self._built_anew)
        context.resized.connect(self._built_anew)
        context.pageAsked.connect(self._asked)

    @property
    def on(self) -> bool:
        """Whether the tour is on screen."""
        return self._on

    @property
    def step(self) -> int:
        """START, READ, OVERRULE, UNDO, LOOK or CHOOSE."""
        return self._step

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
        return self._line.options.source.partition(":")[0] == "demo"

    def start_if_wanted(self) -> bool:
        """Start where nobody went through it yet, on the demo line, with nothing stored; True when it did."""
        if not self._context.settings.first_run or not self.practises or page(self._context.db, Filter(), limit=1).rows:
            return False
        self.start()
        return True

    def start(self) -> None:
        """From the first step."""
        self._window.go("live")
        self._on, self._step, self._seen = True, START, _Seen()
        self._was_running = self._line.state in states.LIVE_STATES or self._line.state == states.LOADING
        self._make()
        handle = self._window.windowHandle()
        if handle is not None and self._watched is not handle:
            # After the keyboard's own filter, so that this one sees a key first.
            handle.installEventFilter(self)
            self._watched = handle
        self._timer.start()
        self._show()

    def end(self) -> None:
        """No more of it; it does not come by itself again."""
        if not self._on:
            return
        self._on = False
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

    def _state(self, state: str) -> None:
        if self._on and self._step == START and self.practises:
            if state == (states.PAUSED if self._was_running else states.RUNNING):
                self._go(READ)
            self._show()

    def _recorded(self, _parts: object) -> None:
        if self._on and not self._seen.part:
            self._seen.part = True
            self._show()

    def _overridden(self, inspection: str) -> None:
        if self._on and self.practises and self._step in (OVERRULE, UNDO):
            db = self._context.db
            self._context.jobs.run(lambda: in_force(db, inspection), self._in_force)

    def _in_force(self, found: object) -> None:
        """What is said of the part now: something new was stored, or the last word is gone."""
        said = str(getattr(found, "id", ""))
        if self._on and self._step == OVERRULE and said:
            self._seen.said = said
            self._go(UNDO)
        elif self._on and self._step == UNDO and said != self._seen.said and (not said or said < self._seen.said):
            self._go(LOOK)

    def _look(self) -> None:
        """The window may have moved, been built anew, or show another page; and what the film strip shows."""
        live = self._live
        if self._step == LOOK and self.practises and live is not None:
            if live.film.selected:
                self._seen.looked = True
            elif self._seen.looked:
                self._go(CHOOSE)
        self._place()

    def _ahead(self) -> None:
        if self._card is not None and not self._card.ahead.isHidden():
            self._go(self._step + 1)

    def _go(self, step: int) -> None:
        self._step = step
        self._show()

    def _built_anew(self) -> None:
        if self._on:
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
        if not self._on or modal or self._window.key_overlay.isVisible() or _typing():
            return None
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return None
        live = self._live
        if event.key() == Qt.Key.Key_Escape:
            return None if live is not None and self._window.page == "live" and live.busy else self.end
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self.card.ahead.isHidden():
            return self._ahead
        ways = list(self.card.ways.values())
        number = event.key() - Qt.Key.Key_1
        return ways[number].click if 0 <= number < len(ways) else None

    # ── on screen ────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def _live(self) -> LivePage | None:
        return self._window.findChild(LivePage)

    def _make(self) -> None:
        theme = self._context.theme
        self._pointer, self._card = Pointer(theme, self._window), Card(theme, self._window)
        self._card.nextAsked.connect(self._ahead)
        self._card.skipAsked.connect(self.end)
        self._card.chosen.connect(self.choose)

    def _unmake(self) -> None:
        for widget in (self._pointer, self._card):
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._pointer = self._card = None

    def _show(self) -> None:
        if not self._on or self._card is None:
            return
        title, words = self._words()
        place = translate("FirstRun", "{step} of {steps}").format(step=self._step + 1, steps=STEPS)
        waits = self.practises and self._step in (START, OVERRULE, UNDO, LOOK)
        waits = waits or (self._step == READ and self.practises and not self._seen.part)
        self._card.take_back_offer()
        if self._step == CHOOSE:
            self._card.offer(_ways())
            place, waits = "", True
        self._card.say(title, words, place, ahead=not waits)
        self._place()

    def _words(self) -> tuple[str, str]:
        started = (
            (
                translate("FirstRun", "Pause the line"),
                translate("FirstRun", "Five small acts in a minute. Parts pass the camera: press Space."),
            )
            if self._was_running
            else (
                translate("FirstRun", "Start the line"),
                translate("FirstRun", "Five small acts in a minute, on simulated parts. Press Space."),
            )
        )
        look = translate("FirstRun", "Click a part in the film strip, or press →. Esc returns to the newest part.")
        return (
            started,
            (
                translate("FirstRun", "Read the verdict"),
                translate("FirstRun", "Shape, word and colour say it, and below them why. OK, NG or REVIEW: look."),
            ),
            (
                translate("FirstRun", "Overrule it"),
                translate(
                    "FirstRun", "You know better than the model. Press O: it is OK. Or N and a digit: its defect."
                ),
            ),
            (
                translate("FirstRun", "Take it back"),
                translate("FirstRun", "Press Ctrl+Z. Your word and its taking back both stay in the history."),
            ),
            (translate("FirstRun", "Look back"), look if self._has_past else self._nothing_past()),
            (
                translate("FirstRun", "What do you want to inspect?"),
                translate("FirstRun", "You know the line now. All keys: press ?"),
            ),
        )[self._step]

    @property
    def _has_past(self) -> bool:
        live = self._live
        return live is not None and bool(live.film.parts)

    def _nothing_past(self) -> str:
        return translate(
            "FirstRun", "NG and REVIEW parts gather at the bottom. Let the line run (Space) until one comes."
        )

    def _place(self) -> None:
        if self._card is None or self._pointer is None:
            return
        live = self._live
        target = QRect()
        if live is not None and self._window.page == "live" and self._step < CHOOSE:
            target = self._target(live)
        if self._step == LOOK:
            self._card.words.setText(self._words()[1])
        self._card.fit()
        self._pointer.setGeometry(self._window.rect())
        self._card.move(self._spot(live))
        self._pointer.point(target, self._card.geometry())
        for widget in (self._pointer, self._card):
            widget.setVisible(True)
            widget.raise_()

    def _target(self, live: LivePage) -> QRect:
        buttons = live.acts.buttons
        widgets: dict[int, tuple[QWidget, ...]] = {
            START: (buttons["run"],),
            READ: (live.banner,),
            OVERRULE: (buttons["ok"], buttons["ng"]),
            UNDO: (buttons["undo"],),
            LOOK: (live.film,),
        }
        rect = QRect()
        for widget in widgets[self._step]:
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
