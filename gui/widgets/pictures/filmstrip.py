"""The last parts, or those that were not OK, newest at the left; a click takes one out for a look.

The line goes first: a part's cell is drawn once and then only moved, and a part that is not shown paints nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.domain.inspection import Inspection, Outcome
from gui.i18n.language import outcome_word, translate
from gui.i18n.verdicts import score_word, unknown_word
from gui.theme.theme import NORMAL, SMALL, SPACING, Theme, draw_mark, draw_verdict_mark, font, scaled
from gui.widgets.elided import elided
from gui.widgets.pictures.pixel_images import as_image

KEPT = 24
CELL_WIDTH = 104
"""Least width of a cell; they widen so that a whole number fills the strip."""
PICTURE_HEIGHT = 72
CAPTION = 20
FLAT = 2.2
"""A cell so many times wider than high shows the whole picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Exhibit:
    """One part on the strip. `overruled` is what the inspector said of it, if anything."""

    inspection: Inspection
    picture: QImage | None
    overruled: Outcome | None = None


class FilmStrip(QWidget):
    """Holds up to 24 parts and shows as many as fit; the wheel and ← → reach the rest.

    It shows those that were not OK, or all of them; a part of these that was OK comes without its picture, which is
    handed in later (`bare`, `set_picture`).
    """

    chosen = Signal(str)
    """The inspection id of the part that was clicked."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._lists: dict[bool, list[Exhibit]] = {False: [], True: []}
        self._every = False
        self._held: list[Exhibit] = []
        """All parts that came while one of them is looked at."""
        self._selected = ""
        self._first = 0
        self._drawn: dict[tuple[Exhibit, bool], QPixmap] = {}
        """The cells on screen, by part and whether it is the one looked at."""
        self._picture_height = PICTURE_HEIGHT
        self.set_picture_height(PICTURE_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_every(False)
        theme.changed.connect(self._anew)

    @property
    def parts(self) -> tuple[Exhibit, ...]:
        """What is held, newest first."""
        return tuple(self._parts)

    @property
    def selected(self) -> str:
        """The inspection id that is taken out for a look; empty when none is."""
        return self._selected

    @property
    def every(self) -> bool:
        """Whether all parts are shown, not only those that were not OK."""
        return self._every

    @property
    def bare(self) -> tuple[str, ...]:
        """The ids in view that have no picture yet."""
        shown = self._parts[self._first : self._first + self._fitting()]
        return tuple(p.inspection.id for p in shown if p.picture is None) if self._every else ()

    @property
    def _parts(self) -> list[Exhibit]:
        return self._lists[self._every]

    def sizeHint(self) -> QSize:
        """One row of cells."""
        return QSize(8 * CELL_WIDTH, self.height())

    @property
    def picture_height(self) -> int:
        """Of the pictures in it, in pixels."""
        return self._picture_height

    def set_picture_height(self, height: int) -> None:
        """Larger pictures on a larger screen, in pixels."""
        self._picture_height = height
        self.setFixedHeight(height + scaled(CAPTION) + SPACING)
        self._anew()

    def show_every(self, every: bool) -> None:
        """All parts, or those that were not OK."""
        self._every, self._first = every, 0
        self.setAccessibleName(
            translate("Live", "Film strip: the last parts")
            if every
            else translate("Live", "Film strip: the last NG and REVIEW parts")
        )
        self.update()

    def recall(self, parts: Sequence[Exhibit]) -> None:
        """Parts of earlier that were not OK, newest first, behind those that are here already."""
        mine = self._lists[False]
        known = {p.inspection.id for p in mine}
        self._lists[False] = [*mine, *(p for p in parts if p.inspection.id not in known)][:KEPT]
        self.update()

    def forget(self, gone: Callable[[Inspection], bool]) -> None:
        """These parts are not there any more."""
        for every, parts in self._lists.items():
            self._lists[every] = [part for part in parts if not gone(part.inspection)]
        self._held = [part for part in self._held if not gone(part.inspection)]
        self._first = 0
        self.update()

    def add(self, inspection: Inspection, thumbnail: NDArray[np.uint8] | None) -> None:
        """Put a part in front; the 25th leaves. While one is looked at, the parts in view keep their places."""
        image = None if thumbnail is None else as_image(np.ascontiguousarray(thumbnail))
        exhibit = Exhibit(inspection, image)
        seen = self._every
        if self._every and self._selected:
            # Fast lines would carry the part that is looked at away.
            self._held = [exhibit, *self._held][:KEPT]
            seen = False
        else:
            self._lists[True] = [exhibit, *self._lists[True]][:KEPT]
        if inspection.verdict.unknown or inspection.verdict.outcome in (Outcome.NG, Outcome.REVIEW):
            self._add_defect(exhibit)
            seen = seen or not self._every
        if seen:
            self.update()

    def set_picture(self, inspection_id: str, picture: QImage) -> None:
        """The small picture of a part that came without."""
        for index, part in enumerate(self._lists[True]):
            if part.inspection.id == inspection_id:
                self._lists[True][index] = replace(part, picture=picture)
        self.update()

    def _add_defect(self, exhibit: Exhibit) -> None:
        parts = self._lists[False]
        parts.insert(0, exhibit)
        chosen = not self._every and self._selected
        if chosen and any(p.inspection.id == self._selected for p in parts[:KEPT]):
            self._first = min(self._first + 1, KEPT - 1)
        del parts[KEPT:]

    def mark(self, inspection_id: str, overruled: Outcome | None) -> None:
        """Show what the inspector said of a part; None takes it back."""
        for parts in self._lists.values():
            for index, part in enumerate(parts):
                if part.inspection.id == inspection_id:
                    parts[index] = replace(part, overruled=overruled)
        self.update()

    def select(self, inspection_id: str) -> None:
        """Frame this part; empty: none, and back to the newest."""
        self._selected = inspection_id
        if not inspection_id and self._held:
            self._lists[True] = [*self._held, *self._lists[True]][:KEPT]
            self._held = []
        index = self._index()
        if index is None:
            self._first = 0
        else:
            self._first = max(min(self._first, index), index - self._fitting() + 1)
        self.update()

    def neighbour(self, step: int) -> str:
        """The id `step` cells further (older is +1) from the selected part, or the newest when none is selected."""
        index = self._index()
        wanted = 0 if index is None else min(max(index + step, 0), len(self._parts) - 1)
        return self._parts[wanted].inspection.id if self._parts else ""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the clicked part."""
        index = self._first + int(event.position().x() // (self._cell_width() + SPACING))
        if event.button() is Qt.MouseButton.LeftButton and index < len(self._parts):
            self.chosen.emit(self._parts[index].inspection.id)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Move along."""
        step = -1 if event.angleDelta().y() > 0 else 1
        self._first = min(max(self._first + step, 0), max(0, len(self._parts) - self._fitting()))
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The cells are of another width."""
        self._anew()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The cells that fit."""
        painter = QPainter(self)
        if not self._parts:
            painter.setPen(self._theme.colour("muted"))
            painter.setFont(font(NORMAL))
            empty = translate("Live", "NG and REVIEW parts are kept here for a look")
            if self._every:
                empty = translate("Live", "The last parts are kept here for a look")
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, elided(empty, painter.font(), self.width()))
            return
        step, drawn, ratio = self._cell_width() + SPACING, self._drawn, self.devicePixelRatioF()
        self._drawn = {}
        for cell, part in enumerate(self._parts[self._first : self._first + self._fitting()]):
            key = part, part.inspection.id == self._selected
            known = drawn.get(key)
            fits = known is not None and known.devicePixelRatioF() == ratio
            self._drawn[key] = pixmap = known if known is not None and fits else self._cell(part, ratio, chosen=key[1])
            # On whole pixels: between two of them every move would blur it.
            painter.drawPixmap(round(cell * step), 0, pixmap)

    def _anew(self) -> None:
        """Every cell looks different from now on."""
        self._drawn = {}
        self.update()

    def _fitting(self) -> int:
        least = max(CELL_WIDTH * self._picture_height // PICTURE_HEIGHT, scaled(CELL_WIDTH))
        return max(1, (self.width() + SPACING) // (least + SPACING))

    def _cell_width(self) -> float:
        return (self.width() + SPACING) / self._fitting() - SPACING

    def _index(self) -> int | None:
        return next((i for i, p in enumerate(self._parts) if p.inspection.id == self._selected), None)

    def _cell(self, part: Exhibit, ratio: float, *, chosen: bool) -> QPixmap:
        """One part, drawn at `ratio` screen pixels per widget pixel."""
        width = int(self._cell_width())
        pixmap = QPixmap(round(width * ratio), round(self.height() * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(1.5, 1.5, width - 3, self._picture_height)
        painter.fillRect(box, self._theme.colour("sunken"))
        if part.picture is not None:
            _paint_picture(painter, part.picture, box)
        outcome = part.overruled or part.inspection.verdict.outcome
        painter.setPen(QPen(self._theme.colour("accent" if chosen else "line"), 3 if chosen else 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box)
        self._caption(painter, part, outcome, QRectF(0, box.bottom() + 4, width, scaled(CAPTION)))
        painter.end()
        return pixmap

    def _caption(self, painter: QPainter, part: Exhibit, outcome: Outcome, box: QRectF) -> None:
        side = float(scaled(12))
        mark = QRectF(box.left() + 1, box.center().y() - side / 2, side, side)
        verdict, colour = part.inspection.verdict, self._theme.outcome_colour(outcome)
        if part.overruled is None:
            draw_verdict_mark(painter, verdict, mark, colour)
        else:
            draw_mark(painter, outcome, mark, colour)
        painter.setPen(self._theme.colour("text"))
        painter.setFont(font(SMALL))
        text = unknown_word() if verdict.unknown else verdict.label or outcome_word(outcome)
        if part.overruled is not None:
            text = translate("Live", "you say {word}").format(word=outcome_word(part.overruled))
        scored = part.overruled is None and outcome in (Outcome.NG, Outcome.REVIEW)
        score = score_word(verdict) if scored else ""
        painter.drawText(box, _RIGHT, score)
        right = QFontMetrics(painter.font()).horizontalAdvance(score) + 6 if score else 0
        room = box.adjusted(side + 6, 0, -right, 0)
        painter.drawText(room, _LEFT, elided(text, painter.font(), room.width()))


def _paint_picture(painter: QPainter, picture: QImage, box: QRectF) -> None:
    """Filling the box; whole, where the box is so wide that little of it would be left."""
    wide = box.width() > FLAT * box.height()
    keep = Qt.AspectRatioMode.KeepAspectRatio if wide else Qt.AspectRatioMode.KeepAspectRatioByExpanding
    size = QRectF(QPointF(), QSizeF(picture.size()).scaled(box.size(), keep))
    size.moveCenter(box.center())
    painter.save()
    painter.setClipRect(box)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(size, picture)
    painter.restore()


_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
