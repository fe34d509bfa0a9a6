"""How many parts of each verdict, and the yield: fixed columns, figures of one width, nothing jumps."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from db.inspections import Counts
from engine.domain import Outcome
from gui.theme import LARGE, NORMAL, SMALL, SPACING, Theme, draw_mark, font

ROW = 3 * SPACING
ORDER = (Outcome.OK, Outcome.NG, Outcome.REVIEW, Outcome.NO_VERDICT)


class Counters(QWidget):
    """Total and yield above, the four verdicts with their shapes below."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._counts = Counts()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    @property
    def counts(self) -> Counts:
        """What is shown."""
        return self._counts

    def set_counts(self, counts: Counts) -> None:
        """Show these."""
        if counts != self._counts:
            self._counts = counts
            self.update()

    def sizeHint(self) -> QSize:
        """A headline of two figures and two rows of two."""
        return QSize(320, 6 * SPACING + 2 * ROW + SPACING)

    def paintEvent(self, event: QPaintEvent) -> None:
        """All of it, from the counts."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        half = self.width() / 2
        c = self._counts
        judged = c.ok + c.ng + c.review
        self._headline(painter, 0, "Total", f"{c.total:,}")
        self._headline(painter, half, "Yield", f"{c.yield_ * 100:.1f} %" if judged else "–")
        values = {Outcome.OK: c.ok, Outcome.NG: c.ng, Outcome.REVIEW: c.review, Outcome.NO_VERDICT: c.no_verdict}
        for index, outcome in enumerate(ORDER):
            left, top = half * (index % 2), 6 * SPACING + SPACING + ROW * (index // 2)
            self._row(painter, QRectF(left, top, half - 2 * SPACING, ROW), outcome, values[outcome])

    def _headline(self, painter: QPainter, left: float, name: str, value: str) -> None:
        painter.setPen(self._theme.colour("muted"))
        painter.setFont(font(SMALL))
        painter.drawText(QRectF(left, 0, 160, 16), Qt.AlignmentFlag.AlignLeft, name)
        painter.setPen(self._theme.colour("text"))
        painter.setFont(font(LARGE, bold=True))
        painter.drawText(QRectF(left, 18, 160, 28), Qt.AlignmentFlag.AlignLeft, value)

    def _row(self, painter: QPainter, box: QRectF, outcome: Outcome, value: int) -> None:
        side = 14.0
        mark = QRectF(box.left(), box.center().y() - side / 2, side, side)
        # Only a count that is there has a colour: a row of noughts stays calm.
        colour = self._theme.outcome_colour(outcome) if value else self._theme.colour("muted")
        draw_mark(painter, outcome, mark, colour)
        painter.setPen(self._theme.colour("muted"))
        painter.setFont(font(NORMAL))
        name = "No verdict" if outcome is Outcome.NO_VERDICT else "Review" if outcome is Outcome.REVIEW else outcome
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(box.adjusted(side + SPACING, 0, 0, 0), middle | int(Qt.AlignmentFlag.AlignLeft), str(name))
        painter.setPen(self._theme.colour("text"))
        painter.drawText(box, middle | int(Qt.AlignmentFlag.AlignRight), f"{value:,}")
