"""The verdict, to be read at five metres: shape, word and colour, then class, score and the reason in words."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.domain.inspection import Outcome, Verdict
from gui.i18n.language import number, outcome_word, translate
from gui.i18n.messages import translated
from gui.i18n.verdicts import unknown_word, verdict_word
from gui.theme.theme import LARGE, NORMAL, SPACING, Theme, draw_verdict_mark, font, scaled
from gui.widgets.elided import elided, lines_of

MARGIN = 2 * SPACING
MAX_WORD_PX = 192
REASONS = 2
HEADLINE, LINE = 28.0, 18.0
LEAST, MOST = 140, 336
"""Height in pixels."""
LEAST_WORD = 96
"""Pixels of height that are the word's before class and score have a line of their own: the reasons name them too."""


class VerdictBanner(QWidget):
    """NG, REVIEW and NO VERDICT fill the banner, OK only outlines it: colour is for what needs action."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._verdict: Verdict | None = None
        self._headline = ""
        self._reasons: tuple[str, ...] = ()
        self._note = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(LEAST)
        self.setMaximumHeight(max(MOST, scaled(MOST * 0.7)))
        theme.changed.connect(self.update)

    @property
    def word(self) -> str:
        """The word shown, empty before the first verdict."""
        return verdict_word(self._verdict) if self._verdict else ""

    @property
    def reason(self) -> str:
        """The reasons shown, in words."""
        return "; ".join(self._reasons)

    @property
    def note(self) -> str:
        """The note under the reasons: what the operator said, or when the next try comes."""
        return self._note

    @property
    def whole(self) -> int:
        """From this height on, in pixels, class and score have a line of their own."""
        return scaled(HEADLINE + REASONS * LINE) + LEAST_WORD + 2 * MARGIN + 3

    def sizeHint(self) -> QSize:
        """Wide, and a third as high."""
        return QSize(328, 216)

    def set_verdict(self, verdict: Verdict | None, note: str = "") -> None:
        """Show this verdict; `note` stands in the corner (`your word`). None: nothing was judged yet."""
        if verdict is not None and (verdict, note) == (self._verdict, self._note):
            return
        self._note, self._verdict = note, verdict
        if verdict is None:
            self._headline, self._reasons = "", ()
        else:
            self._reasons = tuple(map(translated, verdict.reasons))
            # The score is that of a defect: beside a sound part's class it would read as "hardly sound".
            score = f"  {number(verdict.score, 2)}" if verdict.outcome in (Outcome.NG, Outcome.REVIEW) else ""
            known = verdict.label.casefold() == str(verdict.outcome).casefold()
            self._headline = f"{verdict.label}{score}" if verdict.label and not known else ""
        said = [word for word in (self.word, self._headline, self.reason, note) if word]
        self.setAccessibleName(translate("Live", "Verdict: {words}").format(words=". ".join(said)))
        self.setToolTip("\n".join(word for word in (self._headline, *self._reasons, note) if word))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Mark and word on the upper part, class and reasons below."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        verdict = self._verdict
        if verdict is None:
            self._paint_box(painter, box, self._theme.colour("raised"), self._theme.colour("line"), 1)
            painter.setPen(self._theme.colour("muted"))
            painter.setFont(font(LARGE))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, translate("Live", "No part yet"))
            return
        colour = self._theme.outcome_colour(verdict.outcome)
        calm = verdict.outcome is Outcome.OK
        fill = self._theme.colour("raised") if calm else self._theme.fill_colour(verdict.outcome)
        ink = colour if calm else self._theme.on_outcome(verdict.outcome)
        self._paint_box(painter, box, fill, colour if calm else fill, 3)
        if verdict.unknown:
            self._paint_frame(painter, box, ink)
        margin = MARGIN if self.height() >= LEAST + 2 * SPACING else SPACING
        inside = box.adjusted(MARGIN, margin, -MARGIN, -margin)
        text_height = self._text_height(inside.height()) + SPACING
        self._paint_word(painter, verdict, QRectF(inside.adjusted(0, 0, 0, -text_height)), ink)
        words = QRectF(inside.left(), inside.bottom() - text_height + SPACING, inside.width(), text_height - SPACING)
        self._paint_reasons(painter, words, self._theme.colour("text") if calm else ink)

    def _text_height(self, room: float) -> int:
        """All of it where the word stays large; else one line for the reason, one for the note."""
        whole = scaled(HEADLINE + REASONS * LINE)
        if room - whole >= LEAST_WORD:
            return whole
        return scaled(LINE) * (2 if self._note else 1) + 2

    def _paint_box(self, painter: QPainter, box: QRectF, fill: QColor, edge: QColor, width: float) -> None:
        painter.setPen(QPen(edge, width))
        painter.setBrush(fill)
        painter.drawRoundedRect(box, 4, 4)

    def _paint_frame(self, painter: QPainter, box: QRectF, ink: QColor) -> None:
        """Dashed, as no other verdict has it: seen where the word is not read any more."""
        pen = QPen(ink, 4)
        pen.setDashPattern([3.0, 2.0])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(4, 4, -4, -4), 3, 3)

    def _paint_word(self, painter: QPainter, verdict: Verdict, box: QRectF, ink: QColor) -> None:
        """The mark at the left; the word fills what is left, on two lines where it is two words."""
        side = min(box.height(), box.width() * 0.32)
        mark = QRectF(box.left(), box.center().y() - side / 2, side, side)
        draw_verdict_mark(painter, verdict, mark, ink)
        room = QRectF(mark.right() + MARGIN, box.top(), box.right() - mark.right() - MARGIN, box.height())
        word = outcome_word(verdict.outcome)
        lines = [word, unknown_word()] if verdict.unknown else word.split()
        big = _fitting(lines, room)
        painter.setFont(big)
        painter.setPen(ink)
        each = min(room.height() / len(lines), big.pixelSize() * 1.1)
        top = room.center().y() - each * len(lines) / 2
        for index, line in enumerate(lines):
            at = QRectF(room.left(), top + index * each, room.width(), each)
            painter.drawText(at, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, line)

    def _paint_reasons(self, painter: QPainter, box: QRectF, ink: QColor) -> None:
        """As much as fits, the note first: it is about now."""
        painter.setPen(ink)
        line, top = float(scaled(LINE)), box.top()
        rows = max(1, int((box.height() + 2) / line))
        if self._headline and box.height() >= scaled(HEADLINE):
            painter.setFont(font(LARGE, bold=True))
            head = QRectF(box.left(), top, box.width(), scaled(HEADLINE))
            painter.drawText(head, _LEFT, elided(self._headline, painter.font(), box.width()))
            top += scaled(HEADLINE)
            rows = int((box.bottom() - top + 2) / line)
        if self._note and rows:
            rows -= 1
            painter.setFont(font(NORMAL, bold=True))
            note = elided(self._note, painter.font(), box.width())
            painter.drawText(QRectF(box.left(), box.bottom() - line, box.width(), line), _LEFT, note)
        painter.setFont(font(NORMAL))
        said = ("\n" if rows > 1 else "; ").join(self._reasons)
        for text in lines_of(said, painter.font(), box.width(), rows) if rows > 0 else ():
            painter.drawText(QRectF(box.left(), top, box.width(), line), _LEFT, text)
            top += line


_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)


def _fitting(lines: list[str], room: QRectF) -> QFont:
    """The largest bold type in which all lines fit the room."""
    size = min(MAX_WORD_PX, int(room.height() / len(lines)))
    made = font(LARGE, bold=True)
    made.setPixelSize(max(size, LARGE))
    widest = max(QFontMetricsF(made).horizontalAdvance(line) for line in lines)
    if widest > room.width():
        made.setPixelSize(max(LARGE, int(made.pixelSize() * room.width() / widest)))
    return made
