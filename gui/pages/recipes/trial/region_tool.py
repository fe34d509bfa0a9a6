"""The region of a recipe drawn over a picture."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from engine.domain.inspection import Box, Contour
from engine.recipes.view import MIN_ROI
from gui.theme.theme import Theme

Mode = Literal["look", "box", "polygon", "measure"]
NEAR_PX = 10.0
"""On screen: so close to a handle takes it."""
MOST_CORNERS = 1000
SHADE = QColor(0, 0, 0, 120)
UNDER = QColor(0, 0, 0, 190)


class RegionTool(QObject):
    """Draws over the picture (image_view.Tool). Boxes and corners are in frame pixels, within the frame."""

    boxDrawn = Signal(object)
    """Box."""
    polygonDrawn = Signal(object)
    """Contour."""
    measured = Signal(float)
    """Length of the line drawn, in frame pixels."""
    redraw = Signal()

    def __init__(self, theme: Theme, zoom: Callable[[], float], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme, self._zoom = theme, zoom
        self.mode: Mode = "look"
        self.box: Box | None = None
        self.polygon: Contour = ()
        self.frame = (0, 0)
        """Height, width of the picture."""
        self._points: list[tuple[int, int]] = []
        self._line: tuple[QPointF, QPointF] | None = None
        self._at: tuple[float, float] | None = None
        self._grip: tuple[int, int] | int | None = None
        """Which sides of the box move (-1, 0, 1 each; 0, 0 = all of it), or which corner of the polygon."""
        self._start, self._before = (0.0, 0.0), (0, 0, 0, 0)

    def take(self, mode: Mode) -> None:
        """Another tool; the one in hand again puts it down."""
        self.mode = "look" if mode == self.mode else mode
        self._points, self._grip, self._line = [], None, None
        self.redraw.emit()

    def show(self, box: Box | None, polygon: Contour) -> None:
        """The region of the recipe."""
        self.box, self.polygon = box, polygon
        self.redraw.emit()

    def nudge(self, dx: int, dy: int, *, grow: bool = False) -> None:
        """Move the box by pixels, or its right and bottom sides."""
        if self.box is None:
            return
        x, y, width, height = self.box
        moved = (x, y, width + dx, height + dy) if grow else (x + dx, y + dy, width, height)
        self._draw_box(moved, keep_size=not grow)

    # ── the tool ─────────────────────────────────────────────────────────────────────────────────────────────────
    def press(self, x: float, y: float, buttons: Qt.MouseButton) -> bool:
        """Take a handle, the whole, or begin anew."""
        self._start = (x, y)
        if self.mode == "box":
            self._grip = self._side_at(x, y)
            self._before = self.box or (0, 0, 0, 0)
            if self._grip is None:
                self._before = (round(x), round(y), 0, 0)
                self._grip = (1, 1)
        elif self.mode == "polygon":
            self._press_polygon(x, y)
        elif self.mode == "measure":
            self._line = (QPointF(x, y), QPointF(x, y))
        return self.mode != "look"

    def move(self, x: float, y: float, buttons: Qt.MouseButton) -> None:
        """Drag what was taken."""
        self._at = (x, y)
        if not buttons & Qt.MouseButton.LeftButton:
            return
        if self.mode == "box" and isinstance(self._grip, tuple):
            self._drag_box(x - self._start[0], y - self._start[1])
        elif self.mode == "polygon" and isinstance(self._grip, int):
            corners = list(self.polygon)
            corners[self._grip] = self._inside(x, y)
            self.polygon = tuple(corners)
        elif self.mode == "measure" and self._line is not None:
            self._line = (self._line[0], QPointF(x, y))

    def release(self, x: float, y: float, buttons: Qt.MouseButton) -> None:
        """What was drawn is the region from now on."""
        if self.mode == "polygon" and isinstance(self._grip, int):
            self.polygonDrawn.emit(self.polygon)
        elif self.mode == "measure" and self._line is not None:
            length = math.hypot(*(self._line[1] - self._line[0]).toTuple())
            if length >= 2.0:
                self.measured.emit(length)
        self._grip = None

    def paint(self, painter: QPainter) -> None:
        """What is not inspected is dimmed; outline and handles over it."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        accent = self._theme.colour("accent")
        if self.box is not None or self.polygon:
            self._shade(painter)
        if self.box is not None:
            self._outline(painter, QPolygonF(QRectF(*self.box)), accent)
        if self.polygon:
            self._outline(painter, QPolygonF([QPointF(*p) for p in self.polygon]), accent)
        handles = self._handles() if self.mode == "box" else self.polygon if self.mode == "polygon" else ()
        for corner in handles:
            self._dot(painter, corner, accent)
        if self._points:
            tail = [self._at] if self._at is not None else []
            self._stroke(painter, [QPointF(*p) for p in [*self._points, *tail]], accent)
            for corner in self._points:
                self._dot(painter, corner, accent)
        if self._line is not None:
            self._stroke(painter, list(self._line), accent)

    # ── box ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def _handles(self) -> tuple[tuple[float, float], ...]:
        if self.box is None:
            return ()
        x, y, width, height = self.box
        places = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
        return tuple((x + (i + 1) * width / 2, y + (j + 1) * height / 2) for i, j in places)

    def _side_at(self, x: float, y: float) -> tuple[int, int] | None:
        """The sides a press here takes; 0, 0 inside, None outside."""
        if self.box is None:
            return None
        left, top, width, height = self.box
        near = NEAR_PX / self._zoom()
        if not (left - near <= x <= left + width + near and top - near <= y <= top + height + near):
            return None
        across = -1 if abs(x - left) <= near else 1 if abs(x - left - width) <= near else 0
        down = -1 if abs(y - top) <= near else 1 if abs(y - top - height) <= near else 0
        return across, down

    def _drag_box(self, dx: float, dy: float) -> None:
        assert isinstance(self._grip, tuple)
        left, top, width, height = self._before
        across, down = self._grip
        if self._grip == (0, 0):
            self._draw_box((round(left + dx), round(top + dy), width, height), keep_size=True)
            return
        sides = (left + dx * (across < 0), left + width + dx * (across > 0))
        ends = (top + dy * (down < 0), top + height + dy * (down > 0))
        x, y = round(min(sides)), round(min(ends))
        self._draw_box((x, y, round(max(sides)) - x, round(max(ends)) - y), keep_size=False)

    def _draw_box(self, box: Box, *, keep_size: bool) -> None:
        """Inside the frame, and at least as large as a recipe allows."""
        rows, columns = self.frame
        if min(rows, columns) < MIN_ROI:
            return
        x, y, width, height = box
        if keep_size:
            width, height = min(width, columns), min(height, rows)
            x, y = min(max(0, x), columns - width), min(max(0, y), rows - height)
        else:
            right, bottom = min(columns, x + width), min(rows, y + height)
            x, y = min(max(0, x), columns - MIN_ROI), min(max(0, y), rows - MIN_ROI)
            width, height = max(MIN_ROI, right - x), max(MIN_ROI, bottom - y)
        self.box = (x, y, width, height)
        self.boxDrawn.emit(self.box)
        self.redraw.emit()

    # ── polygon ──────────────────────────────────────────────────────────────────────────────────────────────────
    def _press_polygon(self, x: float, y: float) -> None:
        near = NEAR_PX / self._zoom()
        if len(self._points) >= 3 and math.dist(self._points[0], (x, y)) <= near:
            self.close_polygon()
            return
        if not self._points:
            taken = [i for i, corner in enumerate(self.polygon) if math.dist(corner, (x, y)) <= near]
            if taken:
                self._grip = taken[0]
                return
        if len(self._points) < MOST_CORNERS:
            self._points.append(self._inside(x, y))

    def close_polygon(self) -> bool:
        """The corners set so far are the region; False when they are fewer than three."""
        if len(self._points) < 3:
            return False
        self.polygon, self._points = tuple(self._points), []
        self.polygonDrawn.emit(self.polygon)
        self.redraw.emit()
        return True

    def _inside(self, x: float, y: float) -> tuple[int, int]:
        rows, columns = self.frame
        return min(max(0, round(x)), columns), min(max(0, round(y)), rows)

    # ── painting ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _shade(self, painter: QPainter) -> None:
        whole, inside = QPainterPath(), QPainterPath()
        whole.addRect(QRectF(0, 0, self.frame[1], self.frame[0]))
        inside.addRect(QRectF(*self.box) if self.box is not None else QRectF(0, 0, self.frame[1], self.frame[0]))
        if self.polygon:
            drawn = QPainterPath()
            drawn.addPolygon(QPolygonF([QPointF(*p) for p in self.polygon]))
            drawn.closeSubpath()
            inside = inside.intersected(drawn)
        painter.fillPath(whole.subtracted(inside), SHADE)

    def _outline(self, painter: QPainter, outline: QPolygonF, colour: QColor) -> None:
        for ink, width in ((UNDER, 4.0), (colour, 2.0)):
            painter.setPen(cosmetic(ink, width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolygon(outline)

    def _stroke(self, painter: QPainter, points: list[QPointF], colour: QColor) -> None:
        for ink, width in ((UNDER, 4.0), (colour, 2.0)):
            painter.setPen(cosmetic(ink, width))
            painter.drawPolyline(QPolygonF(points))

    def _dot(self, painter: QPainter, at: tuple[float, float], colour: QColor) -> None:
        for ink, width in ((UNDER, 12.0), (colour, 9.0)):
            painter.setPen(cosmetic(ink, width))
            painter.drawPoint(QPointF(*at))


def cosmetic(colour: QColor, width: float) -> QPen:
    pen = QPen(colour, width)
    pen.setCosmetic(True)
    return pen
