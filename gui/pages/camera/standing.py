"""How a source stands, over its picture: why there is none, and when the next try is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.sources.supervisor import SourceState
from engine.station.preview import Standing
from gui.pages.camera.presenter import wait_words
from gui.theme.icons import icon
from gui.theme.theme import SPACING, Theme


class StandingPanel(QFrame):
    """Not there while all is well."""

    def __init__(self, theme: Theme, over: QWidget) -> None:
        super().__init__(over)
        self._theme = theme
        self._why, self._wait, self._mark = QLabel(wordWrap=True), QLabel(), QLabel()
        self._standing = Standing(SourceState.CLOSED)
        self._lay_out(over)
        theme.changed.connect(self._colour)
        self._colour()

    @property
    def why(self) -> str:
        """What is said; empty while all is well."""
        return self._why.text() if not self.isHidden() else ""

    @property
    def wait(self) -> str:
        """The countdown under it."""
        return self._wait.text()

    def show_standing(self, standing: Standing) -> bool:
        """True while the picture is of the past."""
        self._standing = standing
        well = standing.state is SourceState.STREAMING or not (standing.words or standing.over)
        self.setVisible(not well)
        self._why.setText(standing.words)
        return not well

    def show_time(self) -> None:
        """The countdown moves on."""
        self._wait.setText(wait_words(self._standing))
        self._wait.setVisible(bool(self._wait.text()))

    def _lay_out(self, over: QWidget) -> None:
        self.setObjectName("standing")
        self._why.setTextFormat(Qt.TextFormat.PlainText)
        self._wait.setProperty("role", "muted")
        words = QVBoxLayout()
        words.addWidget(self._why)
        words.addWidget(self._wait)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * SPACING, 2 * SPACING, 2 * SPACING, 2 * SPACING)
        row.setSpacing(2 * SPACING)
        row.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        column = QVBoxLayout(over)
        column.setContentsMargins(3 * SPACING, 3 * SPACING, 3 * SPACING, 3 * SPACING)
        column.addStretch(1)
        column.addWidget(self)
        column.addStretch(1)

    def _colour(self) -> None:
        colours = self._theme.colours
        self.setStyleSheet(
            f"QFrame#standing {{ background: {colours.raised}; border: 1px solid {colours.review};"
            " border-radius: 4px; }"
        )
        self._mark.setPixmap(icon("warning", colours.review).pixmap(24, 24))
