"""How many parts of each verdict, and the yield: fixed columns, figures of one width, nothing jumps."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from db.inspections.table import Counts
from engine.domain.inspection import Outcome
from gui.i18n.language import number, outcome_word, percent, translate
from gui.theme.large_type import large_type
from gui.theme.theme import LARGE, SMALL, SPACING, Theme, draw_mark, font, scaled
from gui.widgets.elided import elided

ORDER = (Outcome.OK, Outcome.NG, Outcome.REVIEW, Outcome.NO_VERDICT)
FIGURE, FIGURE_TALL = 28, 46
"""Pixels of the figures as designed, and where the window is tall: read from two metres."""
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


class Counters(QWidget):
    """Total and first-pass yield, the four verdicts with their shapes, and what the corrections make of the yield.

    All figures are as the station judged; only the last line counts corrections, and says so.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._counts, self._after, self._corrections = Counts(), Counts(), 0
        self._tall, self._figure, self._name = False, FIGURE, QFontMetrics(font(SMALL)).height()
        self._value = self._row = self._foot = 0
        self.set_tall(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def set_tall(self, tall: bool) -> None:
        """Larger figures where the window has the room; type that is large already stays as it is."""
        self._tall, self._figure = tall and not large_type(), LARGE
        if not large_type():
            self._figure = FIGURE_TALL if tall else FIGURE
        self._value = QFontMetrics(font(self._figure)).ascent() + SPACING // 2
        self._row = self._value + (self._name + SPACING // 2 if self._tall else 0)
        self._foot = self._name + 4
        self.updateGeometry()
        self.update()

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
        self._say(painter, QRectF(left, 0, room, self._name), name)
        self._tell(painter, QRectF(left, self._name, room, self._value), value)

    def _count(self, painter: QPainter, box: QRectF, outcome: Outcome, value: int) -> None:
        """Mark and figure; the word below, or behind it in what room is left."""
        side = self._value * 0.6
        upper = QRectF(box.left(), box.top(), box.width(), self._value)
        # Only a count that is there has a colour: a row of noughts stays calm.
        colour = self._theme.outcome_colour(outcome) if value else self._theme.colour("muted")
        draw_mark(painter, outcome, QRectF(box.left(), upper.center().y() - side / 2, side, side), colour)
        wide = self._tell(painter, upper.adjusted(side + SPACING, 0, 0, 0), number(value))
        if self._tall:
            self._say(painter, QRectF(box.left(), upper.bottom(), box.width(), self._name), outcome_word(outcome))
        else:
            # Up to three digits move no word that has the room for it.
            word, three = outcome_word(outcome), QFontMetrics(font(self._figure, bold=True)).horizontalAdvance("000")
            least = upper.width() - side - 2 * SPACING - QFontMetrics(font(SMALL)).horizontalAdvance(word)
            self._say(painter, upper.adjusted(side + 2 * SPACING + max(wide, min(three, least)), 0, 0, 0), word)

    def _tell(self, painter: QPainter, box: QRectF, figure: str) -> float:
        """A figure, as large as its place lets it be; returns its width."""
        painter.setPen(self._theme.colour("text"))
        type_ = font(self._figure, bold=True)
        wide = QFontMetrics(type_).horizontalAdvance(figure)
        if wide > box.width():
            type_.setPixelSize(max(1, int(type_.pixelSize() * box.width() / wide)))
        painter.setFont(type_)
        painter.drawText(box, _LEFT, figure)
        return min(float(wide), box.width())

    def _say(self, painter: QPainter, box: QRectF, word: str) -> None:
        painter.setPen(self._theme.colour("muted"))
        painter.setFont(font(SMALL))
        if box.width() > 0:
            painter.drawText(box, _LEFT, elided(word, painter.font(), box.width()))


def _yield(counts: Counts) -> str:
    """In words; a dash before the first part that was judged."""
    return percent(counts.yield_) if counts.ok + counts.ng + counts.review else "–"
