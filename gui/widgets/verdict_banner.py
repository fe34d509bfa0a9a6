"""The verdict, to be read at five metres: shape, word and colour, then class, score and the reason in words."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.domain import Outcome, Verdict
from gui.theme import LARGE, NORMAL, SPACING, Theme, draw_mark, font

MARGIN = 2 * SPACING
MAX_WORD_PX = 192
REASONS = 2
HEADLINE, LINE = 28.0, 18.0


class VerdictBanner(QWidget):
    """NG, REVIEW and NO VERDICT fill the banner, OK only outlines it: colour is for what needs action."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._outcome: Outcome | None = None
        self._headline = ""
        self._reasons: tuple[str, ...] = ()
        self._note = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(176)
        self.setMaximumHeight(336)
        theme.changed.connect(self.update)

    @property
    def word(self) -> str:
        """The word shown, empty before the first verdict."""
        return str(self._outcome) if self._outcome else ""

    @property
    def reason(self) -> str:
        """The reasons shown, in words."""
        return "; ".join(self._reasons)

    @property
    def note(self) -> str:
        """The note under the reasons: what the operator said, or when the next try comes."""
        return self._note

    def sizeHint(self) -> QSize:
        """Wide, and a third as high."""
        return QSize(328, 216)

    def set_verdict(self, verdict: Verdict | None, note: str = "") -> None:
        """Show this verdict; `note` stands in the corner (`your word`). None: nothing was judged yet."""
        self._note = note
        if verdict is None:
            self._outcome, self._headline, self._reasons = None, "", ()
        else:
            self._outcome, self._reasons = verdict.outcome, verdict.reasons
            # The score is that of a defect: beside a sound part's class it would read as "hardly sound".
            score = f"  {verdict.score:.2f}" if verdict.outcome in (Outcome.NG, Outcome.REVIEW) else ""
            self._headline = f"{verdict.label}{score}" if verdict.label else ""
        self.setAccessibleName(f"Verdict {self.word}. {self._headline}. {self.reason}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Mark and word on the upper part, class and reasons below."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        if self._outcome is None:
            self._paint_box(painter, box, self._theme.colour("raised"), self._theme.colour("line"), 1)
            painter.setPen(self._theme.colour("muted"))
            painter.setFont(font(LARGE))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "No part yet")
            return
        colour = self._theme.outcome_colour(self._outcome)
        calm = self._outcome is Outcome.OK
        fill, ink = (self._theme.colour("raised"), colour) if calm else (colour, self._theme.on_outcome(self._outcome))
        self._paint_box(painter, box, fill, colour, 3)
        inside = box.adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        text_height = HEADLINE + REASONS * LINE + SPACING
        self._paint_word(painter, QRectF(inside.adjusted(0, 0, 0, -text_height)), ink)
        words = QRectF(inside.left(), inside.bottom() - text_height + SPACING, inside.width(), text_height - SPACING)
        self._paint_reasons(painter, words, self._theme.colour("text") if calm else ink)

    def _paint_box(self, painter: QPainter, box: QRectF, fill: QColor, edge: QColor, width: float) -> None:
        painter.setPen(QPen(edge, width))
        painter.setBrush(fill)
        painter.drawRoundedRect(box, 4, 4)

    def _paint_word(self, painter: QPainter, box: QRectF, ink: QColor) -> None:
        """The mark at the left; the word fills what is left, on two lines where it is two words."""
        assert self._outcome is not None
        side = min(box.height(), box.width() * 0.32)
        mark = QRectF(box.left(), box.center().y() - side / 2, side, side)
        draw_mark(painter, self._outcome, mark, ink)
        room = QRectF(mark.right() + MARGIN, box.top(), box.right() - mark.right() - MARGIN, box.height())
        lines = self.word.split()
        big = _fitting(lines, room)
        painter.setFont(big)
        painter.setPen(ink)
        each = min(room.height() / len(lines), big.pixelSize() * 1.1)
        top = room.center().y() - each * len(lines) / 2
        for index, line in enumerate(lines):
            at = QRectF(room.left(), top + index * each, room.width(), each)
            painter.drawText(at, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, line)

    def _paint_reasons(self, painter: QPainter, box: QRectF, ink: QColor) -> None:
        painter.setPen(ink)
        top = box.top()
        if self._headline:
            painter.setFont(font(LARGE, bold=True))
            painter.drawText(QRectF(box.left(), top, box.width(), HEADLINE), _LEFT, self._headline)
            top += HEADLINE
        painter.setFont(font(NORMAL))
        rest = QRectF(box.left(), top, box.width(), box.bottom() - top)
        if self._note:
            rest.setBottom(rest.bottom() - LINE)
        painter.drawText(rest, int(Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap), "\n".join(self._reasons))
        if self._note:
            painter.setFont(font(NORMAL, bold=True))
            painter.drawText(QRectF(box.left(), rest.bottom(), box.width(), LINE), _LEFT, self._note)


_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)


def _fitting(lines: list[str], room: QRectF) -> QFont:
    """The largest bold type in which all lines fit the room."""
    size = min(MAX_WORD_PX, int(room.height() / len(lines)))
    made = font(max(size, LARGE), bold=True)
    widest = max(QFontMetricsF(made).horizontalAdvance(line) for line in lines)
    if widest > room.width():
        made.setPixelSize(max(LARGE, int(made.pixelSize() * room.width() / widest)))
    return made
