"""The side of a scan that says how it went: counts while it runs, agreement with the folders at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPlainTextEdit, QScrollArea, QVBoxLayout, QWidget

from engine.domain import Inspection, Outcome
from gui.pages.scan_summary import Summary
from gui.tables.confusion import CountGrid
from gui.theme import LARGE, SPACING, Theme, font
from gui.widgets.verdict_chip import outcome_icon

MAX_SKIPPED = 200


class OutcomeCounts(QWidget):
    """How many of each verdict, with its mark, in one line."""

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
        for column, outcome in enumerate(Outcome):
            word = QLabel(str(outcome))
            word.setProperty("role", "muted")
            self._numbers[outcome].setFont(font(LARGE, bold=True))
            self._numbers[outcome].setProperty("role", "large")
            grid.addWidget(self._marks[outcome], 0, 2 * column, 2, 1)
            grid.addWidget(self._numbers[outcome], 0, 2 * column + 1)
            grid.addWidget(word, 1, 2 * column + 1)
            grid.setColumnStretch(2 * column + 1, 1)
        self._draw()
        theme.changed.connect(self._draw)

    def clear(self) -> None:
        """Nothing counted."""
        self._counts.clear()
        self._show()

    def add(self, batch: Sequence[Inspection]) -> None:
        """Count these too."""
        self._counts.update(i.verdict.outcome for i in batch)
        self._show()

    def _show(self) -> None:
        for outcome, label in self._numbers.items():
            label.setText(f"{self._counts[outcome]:,}")

    def _draw(self) -> None:
        for outcome, label in self._marks.items():
            label.setPixmap(outcome_icon(self._theme, outcome, 24).pixmap(24, 24))


class ScanFigures(QScrollArea):
    """Counts, agreement, and what was skipped."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.counts = OutcomeCounts(theme)
        self.agreement = QLabel(wordWrap=True)
        self.grid = CountGrid(theme)
        self.skipped = QPlainTextEdit(readOnly=True)
        self.skipped.setAccessibleName("Skipped files")
        self.skipped.setMaximumHeight(96)
        self._skipped_title = QLabel()
        self._skipped_title.setProperty("role", "muted")
        self._skipped = 0
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        for widget in (self.counts, self.agreement, self.grid, self._skipped_title, self.skipped):
            column.addWidget(widget)
        column.addStretch(1)
        self.setWidget(inside)
        self.clear()

    def clear(self) -> None:
        """Before a scan."""
        self._skipped = 0
        self.counts.clear()
        self.skipped.clear()
        self.grid.set_table(None)
        for widget in (self.agreement, self.grid, self.skipped, self._skipped_title):
            widget.hide()

    def skip(self, reason: str) -> None:
        """One picture more that could not be read, and why (the sentence names it)."""
        self._skipped += 1
        one = self._skipped == 1
        who = (
            "1 picture that could not be read has" if one else f"{self._skipped:,} pictures that could not be read have"
        )
        self._skipped_title.setText(f"{who} NO VERDICT:")
        if self._skipped <= MAX_SKIPPED:
            self.skipped.appendPlainText(reason)
        self.skipped.show()
        self._skipped_title.show()

    def conclude(self, summary: Summary) -> None:
        """The figures of the whole scan."""
        self.grid.set_table(summary.table)
        self.grid.setVisible(summary.table is not None)
        self.agreement.setVisible(summary.table is not None)
        if summary.named:
            share = summary.agreed / summary.named
            self.agreement.setText(
                f"<b>{share:.2%}</b> as the folders say ({summary.agreed:,} of {summary.named:,}) · "
                f"{summary.escapes:,} {'escape' if summary.escapes == 1 else 'escapes'} · {summary.overkill:,} overkill"
            )
        else:
            self.agreement.setText("The sub-folders are not named like the model's classes; verdicts by sub-folder:")
