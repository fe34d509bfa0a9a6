"""What Live shows instead of plain production: that parts do not count, or that no source is chosen yet."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from engine.domain.inspection import Origin
from gui.i18n.language import origin_word, translate
from gui.page import Binding
from gui.theme.theme import SPACING, Theme, scaled
from gui.widgets.key_button import KeyButton

STRIPES = 24
"""Width of the hatched end of the bar, in pixels as designed."""


class OriginBar(QFrame):
    """`SET-UP: parts do not count`, filled and hatched at its end, as long as that is so."""

    def __init__(self, theme: Theme, back: Binding, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._word, self._text = QLabel(), QLabel(wordWrap=True)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.button = KeyButton(theme, translate("Live", "Back to production"), back.sequence, compact=True)
        self.button.clicked.connect(lambda _checked=False: back.act())
        row = QHBoxLayout(self)
        row.setContentsMargins(scaled(STRIPES) + SPACING, SPACING // 2, SPACING, SPACING // 2)
        row.setSpacing(2 * SPACING)
        row.addWidget(self._word)
        row.addWidget(self._text, 1)
        row.addWidget(self.button)
        theme.changed.connect(self._colour)
        self._colour()
        self.hide()

    @property
    def text(self) -> str:
        """What is said; empty where parts count."""
        return "" if self.isHidden() else f"{self._word.text()} {self._text.text()}"

    def show_origin(self, origin: Origin) -> None:
        """Nothing where it is production."""
        self._word.setText(origin_word(origin).upper())
        said = translate("Live", "Parts are stored, and do not count as production.")
        if origin is Origin.SIMULATED:
            said = translate("Live", "There are no such parts: they never count as production.")
        self._text.setText(said)
        self.button.setVisible(origin is not Origin.SIMULATED)
        self.setAccessibleName(f"{self._word.text()} {said}")
        self.setVisible(origin is not Origin.PRODUCTION)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The fill, and stripes for whoever does not see its colour."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour("review_fill"))
        end = self.rect()
        end.setWidth(scaled(STRIPES))
        painter.fillRect(end, QBrush(self._theme.colour("on_review"), Qt.BrushStyle.BDiagPattern))

    def _colour(self) -> None:
        ink = self._theme.colours.on_review
        self._word.setStyleSheet(f"color: {ink}; font-size: {scaled(20)}px; font-weight: bold;")
        self._text.setStyleSheet(f"color: {ink}; font-weight: bold;")


class ChooseSource(QFrame):
    """In the picture's place while no source is chosen. `asked` carries `camera`, `files` or `demo`."""

    asked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = QLabel(translate("Live", "Choose a source"), wordWrap=True)
        title.setProperty("role", "large")
        words = translate("Live", "What shall the line inspect? The choice is kept for the next start.")
        simulated = translate(
            "Live",
            "The demo line makes simulated parts: they are stored as such, never count as production, and can be "
            "removed under Settings. Started with “lineside --demo” they have a database of their own.",
        )
        self.buttons = {
            "camera": KeyButton(theme, translate("Live", "A camera…"), "", "camera", primary=True),
            "files": KeyButton(theme, translate("Live", "A folder or a video…"), "", "folder"),
            "demo": KeyButton(theme, translate("Live", "The demo line"), "", "play"),
        }
        column = QVBoxLayout(self)
        column.setContentsMargins(4 * SPACING, 4 * SPACING, 4 * SPACING, 4 * SPACING)
        column.setSpacing(2 * SPACING)
        column.addStretch(1)
        for label in (title, QLabel(words, wordWrap=True)):
            column.addWidget(label)
        for name, button in self.buttons.items():
            button.clicked.connect(lambda _checked=False, way=name: self.asked.emit(way))
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        said = QLabel(simulated, wordWrap=True)
        said.setTextFormat(Qt.TextFormat.PlainText)
        said.setProperty("role", "muted")
        column.addWidget(said)
        column.addStretch(1)
