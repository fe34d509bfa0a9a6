"""Parts whose verdict changed, as pictures in groups: let through, lost, gained, other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QLabel, QVBoxLayout, QWidget

from engine.domain.inspection import Outcome, Verdict
from engine.gate.gate import Flip, VerdictChange
from gui.i18n.language import number, outcome_word, translate
from gui.i18n.verdicts import score_word, verdict_word
from gui.theme.theme import SMALL, SPACING, Theme, draw_mark, draw_verdict_mark, font, scaled
from gui.widgets.pictures.thumbnails import pixmap

PICTURE = QSize(168, 112)
MARK = 14


def group_title(name: str) -> str:
    """Of one group of flips: `let_through`, or a Change."""
    titles = {
        "let_through": translate("Teach", "Let through: defects that were stopped and are OK now"),
        str(VerdictChange.LOST): translate("Teach", "Lost: right before, not now"),
        str(VerdictChange.GAINED): translate("Teach", "Gained: right now, not before"),
        str(VerdictChange.OTHER): translate("Teach", "Another verdict, no better and no worse"),
    }
    return titles[name]


def truth_words(flip: Flip) -> str:
    """What the part is: its class, with the verdict it should have."""
    label = flip.part.label or translate("Teach", "defect")
    return translate("Teach", "is {label}").format(label=label)


def verdict_words(verdict: Verdict) -> str:
    """Word, class and score of a verdict."""
    if verdict.unknown or verdict.outcome is Outcome.NO_VERDICT:
        return verdict_word(verdict)
    return f"{outcome_word(verdict.outcome)}  {verdict.label}  {number(verdict.score, 2)}"


class FlipTile(QAbstractButton):
    """One part: its picture, what it is, and what both models say, each as shape and word."""

    def __init__(self, theme: Theme, flip: Flip, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self.flip = theme, flip
        self._picture = pixmap(flip.small)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedSize(self.sizeHint())
        before, after = flip.before.verdict, flip.after.verdict
        said = translate("Teach", "Part {id} {truth}; before: {before}; now: {after}").format(
            id=flip.part.id, truth=truth_words(flip), before=verdict_words(before), after=verdict_words(after)
        )
        self.setAccessibleName(said)
        self.setToolTip(said)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Picture and three lines."""
        line = QFontMetrics(font(SMALL)).height() + SPACING // 2
        return QSize(
            max(PICTURE.width(), scaled(PICTURE.width())) + 2 * SPACING, PICTURE.height() + 3 * line + 3 * SPACING
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Frame, picture, truth, and before → after."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        theme, flip = self._theme, self.flip
        edge = "accent" if self.hasFocus() else "ng" if flip.let_through else "line"
        painter.setPen(QPen(theme.colour(edge), 2 if edge != "line" else 1))
        painter.setBrush(theme.colour("raised"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
        place = QRect(SPACING, SPACING, self.width() - 2 * SPACING, PICTURE.height())
        painter.fillRect(place, theme.colour("sunken"))
        shown = self._picture.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
        at = QRect(place.topLeft(), shown)
        at.moveCenter(place.center())
        painter.drawPixmap(at, self._picture)
        painter.setFont(font(SMALL))
        line = QFontMetrics(painter.font()).height() + SPACING // 2
        top = place.bottom() + SPACING
        truth = Outcome.OK if flip.part.sound else Outcome.NG
        self._line(painter, top, truth, truth_words(flip), "text")
        top += line
        before, after = flip.before.verdict, flip.after.verdict
        self._change(painter, top, before, after)
        scores = " → ".join(score_word(said) or "–" for said in (before, after))
        painter.setPen(theme.colour("muted"))
        painter.drawText(QRect(SPACING, top + line, place.width(), line), _LEFT, scores)

    def _line(self, painter: QPainter, top: int, outcome: Outcome, words: str, ink: str) -> None:
        side = scaled(MARK)
        high = QFontMetrics(painter.font()).height()
        draw_mark(
            painter, outcome, QRectF(SPACING, top + (high - side) / 2, side, side), self._theme.outcome_colour(outcome)
        )
        left = SPACING + side + SPACING // 2
        painter.setPen(self._theme.colour(ink))
        room = self.width() - left - SPACING
        shown = QFontMetrics(painter.font()).elidedText(words, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRect(left, top, room, high), _LEFT, shown)

    def _change(self, painter: QPainter, top: int, before: Verdict, after: Verdict) -> None:
        side, metrics = scaled(MARK), QFontMetrics(painter.font())
        left = SPACING
        for said, ending in ((before, "→"), (after, "")):
            mark = QRectF(left, top + (metrics.height() - side) / 2, side, side)
            draw_verdict_mark(painter, said, mark, self._theme.outcome_colour(said.outcome))
            words = f"{outcome_word(said.outcome)} {ending}"
            left += side + SPACING // 2
            painter.setPen(QColor(self._theme.colour("text")))
            painter.drawText(QRect(left, top, self.width() - left, metrics.height()), _LEFT, words)
            left += metrics.horizontalAdvance(words) + SPACING // 2


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class TileArea(QWidget):
    """Tiles from left to right, in as many rows as they need."""

    def __init__(self, tiles: Sequence[FlipTile], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tiles = tuple(tiles)
        for tile in self._tiles:
            tile.setParent(self)
        self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Other columns."""
        self._place()

    def _place(self) -> None:
        size = self._tiles[0].sizeHint()
        columns = max(1, (self.width() + SPACING) // (size.width() + SPACING))
        for index, tile in enumerate(self._tiles):
            row, column = divmod(index, columns)
            tile.move(column * (size.width() + SPACING), row * (size.height() + SPACING))
        rows = -(-len(self._tiles) // columns)
        self.setFixedHeight(rows * (size.height() + SPACING))


class FlipGroups(QWidget):
    """All groups that hold something. `chosen` carries the index of the flip that was pressed."""

    chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACING)
        self.tiles: tuple[FlipTile, ...] = ()

    def show_flips(self, flips: Sequence[Flip]) -> None:
        """Replace everything; `flips` stay in their order inside a group."""
        while self._column.count():
            item = self._column.takeAt(0)
            widget = item.widget() if item else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        tiles: list[FlipTile] = []
        for name in ("let_through", *map(str, (VerdictChange.LOST, VerdictChange.GAINED, VerdictChange.OTHER))):
            members = [(i, f) for i, f in enumerate(flips) if _group(f) == name]
            if members:
                tiles += self._add_group(name, members)
        self.tiles = tuple(tiles)

    def _add_group(self, name: str, members: Sequence[tuple[int, Flip]]) -> list[FlipTile]:
        title = QLabel(f"{group_title(name)} ({number(len(members))})")
        title.setFont(font(bold=True))
        if name == "let_through":
            title.setProperty("role", "error")
        tiles = []
        for index, flip in members:
            tile = FlipTile(self._theme, flip)
            tile.clicked.connect(partial(self._press, index))
            tiles.append(tile)
        self._column.addWidget(title)
        self._column.addWidget(TileArea(tiles))
        return tiles

    def _press(self, index: int, _checked: bool = False) -> None:
        self.chosen.emit(index)


def _group(flip: Flip) -> str:
    return "let_through" if flip.let_through else str(flip.change)
