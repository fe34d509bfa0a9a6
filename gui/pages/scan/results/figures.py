"""How a scan went: counts while it runs, agreement with the folders at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from engine.domain.inspection import Outcome
from gui.i18n.language import number, outcome_word, translate
from gui.pages.scan.results.files import share_words, shares
from gui.pages.scan.results.summary import Summary
from gui.pages.scan.rows import ScanRow
from gui.theme.theme import LARGE, SPACING, Theme, font, scaled
from gui.widgets.charts.confusion import CountGrid
from gui.widgets.verdict_chip import outcome_icon

MARK = 24
ROOMY = 140
"""Up to this size of type in per cent four counts stand side by side."""


class OutcomeCounts(QWidget):
    """How many of each verdict, with its mark: in one line, large type in two."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._counts: Counter[Outcome] = Counter()
        self._numbers = {outcome: QLabel("0") for outcome in Outcome}
        self._marks = {outcome: QLabel() for outcome in Outcome}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACING)
        grid.setVerticalSpacing(0)
        across = len(Outcome) if scaled(100) <= ROOMY else 2
        for place, outcome in enumerate(Outcome):
            line, column = divmod(place, across)
            word = QLabel(outcome_word(outcome))
            word.setProperty("role", "muted")
            self._numbers[outcome].setFont(font(LARGE, bold=True))
            self._numbers[outcome].setProperty("role", "large")
            grid.addWidget(self._marks[outcome], 2 * line, 2 * column, 2, 1)
            grid.addWidget(self._numbers[outcome], 2 * line, 2 * column + 1)
            grid.addWidget(word, 2 * line + 1, 2 * column + 1)
            grid.setColumnStretch(2 * column + 1, 1)
        self._draw()
        theme.changed.connect(self._draw)

    def clear(self) -> None:
        """Nothing counted."""
        self._counts.clear()
        self._show()

    def add(self, batch: Sequence[ScanRow]) -> None:
        """Count these too."""
        self._counts.update(row.inspection.verdict.outcome for row in batch)
        self._show()

    def _show(self) -> None:
        for outcome, label in self._numbers.items():
            label.setText(number(self._counts[outcome]))

    def _draw(self) -> None:
        side = scaled(MARK)
        for outcome, label in self._marks.items():
            label.setPixmap(outcome_icon(self._theme, outcome, side).pixmap(side, side))


class ScanFigures(QScrollArea):
    """Agreement with its intervals, and who was taken for whom."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.agreement = QLabel(wordWrap=True)
        self.agreement.setTextFormat(Qt.TextFormat.RichText)
        self.grid = CountGrid(theme)
        inside = QWidget()
        inside.setObjectName("page")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 2 * SPACING, 0, 0)
        column.setSpacing(2 * SPACING)
        for widget in (self.agreement, self.grid):
            column.addWidget(widget)
        column.addStretch(1)
        self.setWidget(inside)
        self.clear()

    def clear(self) -> None:
        """Before a scan."""
        self.grid.set_table(None)
        self.grid.hide()
        self.agreement.setText(translate("Scan", "The figures come at the end of the scan."))

    def conclude(self, summary: Summary) -> None:
        """The figures of the whole scan."""
        self.grid.set_table(summary.table)
        self.grid.setVisible(summary.table is not None)
        if summary.table is None:
            words = translate(
                "Scan",
                "No sub-folder to compare with. Sort pictures into sub-folders named like the model's classes, "
                "scan the folder above them, and the agreement, escapes and overkill stand here.",
            )
            self.agreement.setText(words)
            return
        if not summary.agreed.of:
            words = translate("Scan", "The sub-folders are not named like the model's classes; verdicts by sub-folder:")
            self.agreement.setText(words)
            return
        lines = [
            f"<tr><td style='padding-right:16px'>{name}</td><td>{share_words(share)}</td></tr>"
            for name, share in shares(summary)
        ]
        self.agreement.setText(f"<table>{''.join(lines)}</table>")
        self.agreement.setToolTip(translate("Scan", "In brackets: the 95 % interval (Wilson)."))
