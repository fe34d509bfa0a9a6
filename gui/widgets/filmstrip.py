"""The last parts that were not OK, newest at the left; a click takes one out for a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.domain import Inspection, Outcome
from gui.theme import NORMAL, SMALL, SPACING, Theme, draw_mark, font
from gui.widgets.pixel_images import as_image

KEPT = 24
CELL_WIDTH = 104
"""Least width of a cell; they widen so that a whole number fills the strip."""
PICTURE_HEIGHT = 72
CAPTION = 20


@dataclass(frozen=True, slots=True, eq=False)
class Exhibit:
    """One part on the strip. `overruled` is what the inspector said of it, if anything."""

    inspection: Inspection
    picture: QImage | None
    overruled: Outcome | None = None


class FilmStrip(QWidget):
    """Holds up to 24 parts and shows as many as fit; the wheel and ← → reach the rest."""

    chosen = Signal(str)
    """The inspection id of the part that was clicked."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._parts: list[Exhibit] = []
        self._selected = ""
        self._first = 0
        self._picture_height = PICTURE_HEIGHT
        self.set_picture_height(PICTURE_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Film strip: the last NG and REVIEW parts")
        theme.changed.connect(self.update)

    @property
    def parts(self) -> tuple[Exhibit, ...]:
        """What is held, newest first."""
        return tuple(self._parts)

    @property
    def selected(self) -> str:
        """The inspection id that is taken out for a look; empty when none is."""
        return self._selected

    def sizeHint(self) -> QSize:
        """One row of cells."""
        return QSize(8 * CELL_WIDTH, self.height())

    def set_picture_height(self, height: int) -> None:
        """Larger pictures on a larger screen, in pixels."""
        self._picture_height = height
        self.setFixedHeight(height + CAPTION + SPACING)

    def recall(self, parts: Sequence[Exhibit]) -> None:
        """Parts of earlier, newest first, behind those that are here already."""
        known = {p.inspection.id for p in self._parts}
        self._parts = [*self._parts, *(p for p in parts if p.inspection.id not in known)][:KEPT]
        self.update()

    def add(self, inspection: Inspection, thumbnail: NDArray[np.uint8] | None) -> None:
        """Put a part in front; the 25th leaves. While one is looked at, the parts in view keep their places."""
        image = None if thumbnail is None else as_image(np.ascontiguousarray(thumbnail))
        self._parts.insert(0, Exhibit(inspection, image))
        if self._selected and any(p.inspection.id == self._selected for p in self._parts[:KEPT]):
            self._first = min(self._first + 1, KEPT - 1)
        del self._parts[KEPT:]
        self.update()

    def mark(self, inspection_id: str, overruled: Outcome | None) -> None:
        """Show what the inspector said of a part; None takes it back."""
        for index, part in enumerate(self._parts):
            if part.inspection.id == inspection_id:
                self._parts[index] = Exhibit(part.inspection, part.picture, overruled)
        self.update()

    def select(self, inspection_id: str) -> None:
        """Frame this part; empty: none, and back to the newest."""
        self._selected = inspection_id
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

    def paintEvent(self, event: QPaintEvent) -> None:
        """The cells that fit."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._parts:
            painter.setPen(self._theme.colour("muted"))
            painter.setFont(font(NORMAL))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "NG and REVIEW parts are kept here for a look")
            return
        width = self._cell_width()
        for cell, part in enumerate(self._parts[self._first : self._first + self._fitting()]):
            self._cell(painter, part, cell * (width + SPACING), width)

    def _fitting(self) -> int:
        least = CELL_WIDTH * self._picture_height // PICTURE_HEIGHT
        return max(1, (self.width() + SPACING) // (least + SPACING))

    def _cell_width(self) -> float:
        return (self.width() + SPACING) / self._fitting() - SPACING

    def _index(self) -> int | None:
        return next((i for i, p in enumerate(self._parts) if p.inspection.id == self._selected), None)

    def _cell(self, painter: QPainter, part: Exhibit, left: float, width: float) -> None:
        box = QRectF(left + 1.5, 1.5, width - 3, self._picture_height)
        painter.fillRect(box, self._theme.colour("sunken"))
        if part.picture is not None:
            size = part.picture.size().scaled(box.size().toSize(), Qt.AspectRatioMode.KeepAspectRatioByExpanding)
            cut = QRectF(0, 0, box.width(), box.height())
            cut.moveCenter(QRectF(0, 0, size.width(), size.height()).center())
            scale = part.picture.width() / size.width()
            source = QRectF(cut.left() * scale, cut.top() * scale, cut.width() * scale, cut.height() * scale)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(box, part.picture, source)
        outcome = part.overruled or part.inspection.verdict.outcome
        chosen = part.inspection.id == self._selected
        painter.setPen(QPen(self._theme.colour("accent" if chosen else "line"), 3 if chosen else 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box)
        self._caption(painter, part, outcome, QRectF(left, box.bottom() + 4, width, CAPTION))

    def _caption(self, painter: QPainter, part: Exhibit, outcome: Outcome, box: QRectF) -> None:
        side = 12.0
        mark = QRectF(box.left() + 1, box.center().y() - side / 2, side, side)
        draw_mark(painter, outcome, mark, self._theme.outcome_colour(outcome))
        painter.setPen(self._theme.colour("text"))
        painter.setFont(font(SMALL))
        verdict = part.inspection.verdict
        text = "you say OK" if part.overruled is Outcome.OK else verdict.label or "no verdict"
        score = "" if part.overruled or outcome is Outcome.NO_VERDICT else f"{verdict.score:.2f}"
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(box, middle | int(Qt.AlignmentFlag.AlignRight), score)
        room = box.adjusted(side + 6, 0, -36 if score else 0, 0)
        shown = QFontMetrics(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, middle | int(Qt.AlignmentFlag.AlignLeft), shown)
