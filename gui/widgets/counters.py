"""How many parts of each verdict, and the yield: fixed columns, figures of one width, nothing jumps."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from db.inspections.table import Counts
from engine.domain.inspection import Outcome
from gui.i18n.language import number, outcome_word, percent, translate
from gui.theme.theme import LARGE, NORMAL, SMALL, SPACING, Theme, draw_mark, font, scaled
from gui.widgets.elided import elided

ORDER = (Outcome.OK, Outcome.NG, Outcome.REVIEW, Outcome.NO_VERDICT)
MARK = 14


class Counters(QWidget):
    """Total and first-pass yield, the four verdicts with their shapes, and what the corrections make of the yield.

    All figures are as the station judged; only the last line counts corrections, and says so.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._counts, self._after, self._corrections = Counts(), Counts(), 0
        small, normal, large = (QFontMetrics(font(size)).height() for size in (SMALL, NORMAL, LARGE))
        self._name, self._value, self._row, self._foot = small, large + 2, normal + SPACING // 2 + 2, small + 4
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    @property
    def counts(self) -> Counts:
        """What is shown, as the station judged."""
        return self._counts

    @property
    def foot(self) -> str:
        """The last line: how many the model does not know, and what was corrected."""
        unknown = translate("Live", "%n unknown to the model", "", self._counts.unknown) if self._counts.unknown else ""
        return " · ".join(words for words in (unknown, self.corrections) if words)

    @property
    def corrections(self) -> str:
        """The line about corrections; empty without any."""
        if not self._corrections:
            return ""
        said = translate("Live", "%n corrected by hand: yield {share}", "", self._corrections)
        return said.format(share=_yield(self._after))

    def set_counts(self, counts: Counts, after: Counts | None = None, corrections: int = 0) -> None:
        """Show these; `after` are the counts with so many corrections."""
        shown = (counts, after or counts, corrections)
        if shown != (self._counts, self._after, self._corrections):
            self._counts, self._after, self._corrections = shown
            self.setAccessibleName(
                translate("Live", "{total} parts, first-pass yield {share}").format(
                    total=number(counts.total), share=_yield(counts)
                )
            )
            self.setToolTip(
                translate(
                    "Live",
                    "As the station judged: first-pass yield = OK of all OK, NG and REVIEW. "
                    "Corrections change only the line below.",
                )
            )
            self.update()

    def sizeHint(self) -> QSize:
        """A headline of two figures, two rows of two, a line."""
        return QSize(320, self._name + self._value + SPACING // 2 + 2 * self._row + self._foot)

    def minimumSizeHint(self) -> QSize:
        """No less: it is all drawn."""
        return QSize(scaled(200), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """All of it, from the counts."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        half = self.width() / 2
        c = self._counts
        self._headline(painter, 0, translate("Live", "Parts"), number(c.total))
        self._headline(painter, half, translate("Live", "First-pass yield"), _yield(c))
        values = {Outcome.OK: c.ok, Outcome.NG: c.ng, Outcome.REVIEW: c.review, Outcome.NO_VERDICT: c.no_verdict}
        top = self._name + self._value + SPACING // 2
        gap = 2 * SPACING if self.width() > scaled(300) else SPACING
        for index, outcome in enumerate(ORDER):
            box = QRectF(half * (index % 2), top + self._row * (index // 2), half - gap, self._row)
            self._count(painter, box, outcome, values[outcome])
        painter.setPen(self._theme.colour("muted"))
        painter.setFont(font(SMALL))
        foot = QRectF(0, top + 2 * self._row, self.width(), self._foot)
        painter.drawText(foot, _LEFT, elided(self.foot, painter.font(), self.width()))

    def _headline(self, painter: QPainter, left: float, name: str, value: str) -> None:
        room = self.width() / 2 - SPACING
        painter.setPen(self._theme.colour("muted"))
        painter.setFont(font(SMALL))
        painter.drawText(QRectF(left, 0, room, self._name), _LEFT, elided(name, painter.font(), room))
        painter.setPen(self._theme.colour("text"))
        painter.setFont(font(LARGE, bold=True))
        painter.drawText(QRectF(left, self._name, room, self._value), _LEFT, value)

    def _count(self, painter: QPainter, box: QRectF, outcome: Outcome, value: int) -> None:
        side = float(scaled(MARK))
        mark = QRectF(box.left(), box.center().y() - side / 2, side, side)
        # Only a count that is there has a colour: a row of noughts stays calm.
        colour = self._theme.outcome_colour(outcome) if value else self._theme.colour("muted")
        draw_mark(painter, outcome, mark, colour)
        painter.setFont(font(NORMAL))
        painter.setPen(self._theme.colour("text"))
        figure = number(value)
        painter.drawText(box, _RIGHT, figure)
        painter.setPen(self._theme.colour("muted"))
        room = box.adjusted(side + SPACING, 0, -QFontMetrics(painter.font()).horizontalAdvance(figure) - 4, 0)
        word = outcome_word(outcome)
        if QFontMetrics(painter.font()).horizontalAdvance(word) > room.width():
            painter.setFont(font(SMALL))
        painter.drawText(room, _LEFT, elided(word, painter.font(), room.width()))


def _yield(counts: Counts) -> str:
    """In words; a dash before the first part that was judged."""
    return percent(counts.yield_) if counts.ok + counts.ng + counts.review else "–"


_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
