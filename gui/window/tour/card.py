"""The guided start on screen: a card that says one thing, and a ring around what it is about. Both over the window."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gui.i18n.language import translate
from gui.theme.theme import SPACING, Theme, scaled
from gui.widgets.key_button import KeyButton
from gui.window.tour.presenter import Saying

WIDTH, WIDTH_MOST = 368, 520
RING = 3


class Pointer(QWidget):
    """A ring around one place, and a line from the card to it; the mouse goes through."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._target, self._card = QRect(), QRect()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        theme.changed.connect(self.update)
        self.hide()

    @property
    def target(self) -> QRect:
        """What is ringed, in this widget's pixels; empty = nothing."""
        return self._target

    def point(self, target: QRect, card: QRect) -> None:
        """From the card to the target."""
        if (target, card) != (self._target, self._card):
            self._target, self._card = target, card
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ring and the line."""
        if self._target.isEmpty():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.colour("accent"), RING))
        ring = self._target.adjusted(-RING, -RING, RING, RING)
        painter.drawRoundedRect(ring, 6, 6)
        painter.drawLine(*_between(self._card, ring))


class Card(QFrame):
    """One sentence of what to do, how far one is, and how to leave."""

    nextAsked = Signal()
    skipAsked = Signal()
    chosen = Signal(str)
    """One of the ways to go on at the end."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName("guide")
        self.title, self.words, self.place = QLabel(wordWrap=True), QLabel(wordWrap=True), QLabel()
        self.ahead = KeyButton(theme, translate("FirstRun", "Next"), "Return", primary=True, compact=True)
        self.skip = KeyButton(theme, translate("FirstRun", "End the tour"), "Esc", compact=True)
        self.ways: dict[str, KeyButton] = {}
        self._ways = QVBoxLayout()
        self._ways.setSpacing(SPACING)
        self.title.setProperty("role", "large")
        self.place.setProperty("role", "muted")
        for button in (self.ahead, self.skip):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.ahead.clicked.connect(self.nextAsked)
        self.skip.clicked.connect(self.skipAsked)
        acts = QHBoxLayout()
        acts.setSpacing(SPACING)
        acts.addWidget(self.place, 1)
        acts.addWidget(self.skip)
        acts.addWidget(self.ahead)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACING, 2 * SPACING, 2 * SPACING, 2 * SPACING)
        column.setSpacing(SPACING)
        column.addWidget(self.title)
        column.addWidget(self.words)
        column.addSpacing(SPACING // 2)
        column.addLayout(self._ways)
        column.addSpacing(SPACING)
        column.addLayout(acts)
        self.setFixedWidth(min(scaled(WIDTH), WIDTH_MOST))
        theme.changed.connect(self._dress)
        self._dress()
        self.hide()

    def say(self, now: Saying) -> None:
        """What to do now."""
        self.title.setText(now.title)
        self.words.setText(now.words)
        self.place.setText(now.place)
        self.ahead.setVisible(now.ahead)
        self.setAccessibleName(f"{now.title} {now.words}")

    def offer(self, ways: list[tuple[str, str, str]]) -> None:
        """Ways to go on: name, words and icon; the first has the key 1."""
        self.take_back_offer()
        for number, (name, words, icon) in enumerate(ways, start=1):
            button = KeyButton(self._theme, words, str(number), icon, compact=True)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda _checked=False, way=name: self.chosen.emit(way))
            self.ways[name] = button
            self._ways.addWidget(button)

    def take_back_offer(self) -> None:
        """No ways to choose from any more."""
        for button in self.ways.values():
            self._ways.removeWidget(button)
            button.deleteLater()
        self.ways = {}

    def fit(self) -> None:
        """As high as the words need."""
        self.resize(self.width(), self._column.totalHeightForWidth(self.width()))

    def _dress(self) -> None:
        colours = self._theme.colours
        self.setStyleSheet(
            f"QFrame#guide {{ background: {colours.raised}; border: 2px solid {colours.accent}; border-radius: 6px; }}"
        )


def _between(card: QRect, ring: QRect) -> tuple[QPointF, QPointF]:
    """The shortest line from one to the other; straight where they lie beside or above each other."""
    x = _ends(card.left(), card.right(), ring.left(), ring.right())
    y = _ends(card.top(), card.bottom(), ring.top(), ring.bottom())
    return QPointF(x[0], y[0]), QPointF(x[1], y[1])


def _ends(a: int, b: int, c: int, d: int) -> tuple[float, float]:
    """Of two spans a…b and c…d: the middle of what they share, else the ends that face each other."""
    low, high = max(a, c), min(b, d)
    if low <= high:
        return (low + high) / 2, (low + high) / 2
    return (b, c) if b < c else (a, d)
