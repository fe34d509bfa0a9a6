"""Painting the true defect: a mask at frame size with undo, and the brush, eraser and polygon that change it."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

import cv2
import numpy as np
from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from engine.domain.inspection import Mask

UNDO_STEPS = 20
RADII = (1, 2, 3, 5, 8, 12, 18, 27, 40, 60, 90)
"""Brush radii in frame pixels, one step of `,` and `.` apart."""
_SHADOW, _LIGHT = QColor(0, 0, 0, 200), QColor(255, 255, 255, 230)


class MaskCanvas(QObject):
    """The mask being painted: H×W uint8, 255 = defect. `changed` follows every change.

    A stroke is one step of undo, however many points it has.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mask: Mask | None = None
        self._before: deque[Mask | None] = deque(maxlen=UNDO_STEPS)
        self._size = (0, 0)

    @property
    def mask(self) -> Mask | None:
        """The painted mask; None while nothing is painted."""
        return self._mask

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the frame; (0, 0) without one."""
        return self._size

    def load(self, size: tuple[int, int], mask: Mask | None) -> None:
        """Start on another frame of `size` (height, width), with what was painted before."""
        self._size, self._mask = size, None if mask is None else mask.copy()
        self._before.clear()
        self.changed.emit()

    def begin(self) -> None:
        """Remember the mask as it is: what follows is one step of undo."""
        self._before.append(None if self._mask is None else self._mask.copy())

    def line(self, start: tuple[int, int], end: tuple[int, int], radius: int, *, erase: bool = False) -> None:
        """Draw a round stroke between two frame pixels."""
        if self._size == (0, 0) or (erase and self._mask is None):
            return
        mask = self._writable()
        cv2.line(mask, start, end, 0 if erase else 255, 2 * radius + 1)
        cv2.circle(mask, end, radius, 0 if erase else 255, -1)
        self._drop_empty()

    def polygon(self, points: list[tuple[int, int]]) -> None:
        """Fill a polygon of frame pixels as one step of undo; fewer than three points do nothing."""
        if len(points) < 3 or self._size == (0, 0):
            return
        self.begin()
        cv2.fillPoly(self._writable(), [np.array(points, np.int32)], 255)
        self._drop_empty()

    def clear(self) -> None:
        """Take everything off, as one step of undo."""
        if self._mask is not None:
            self.begin()
            self._mask = None
            self.changed.emit()

    def undo(self) -> bool:
        """Take the last step back; False when there is none."""
        if not self._before:
            return False
        self._mask = self._before.pop()
        self.changed.emit()
        return True

    def _writable(self) -> Mask:
        if self._mask is None:
            self._mask = np.zeros(self._size, np.uint8)
        return self._mask

    def _drop_empty(self) -> None:
        if self._mask is not None and not self._mask.any():
            self._mask = None
        self.changed.emit()


class BrushTool:
    """Paints (or erases) along the mouse; draws its own size at the cursor."""

    def __init__(self, canvas: MaskCanvas, *, erase: bool = False) -> None:
        self._canvas, self._erase = canvas, erase
        self._last: tuple[int, int] | None = None
        self._at: tuple[int, int] | None = None
        self.radius = RADII[4]

    def press(self, x: float, y: float, buttons: Qt.MouseButton) -> bool:
        """Begin a stroke at a frame pixel."""
        at = _pixel(x, y)
        self._canvas.begin()
        self._last = self._at = at
        self._canvas.line(at, at, self.radius, erase=self._erase)
        return True

    def move(self, x: float, y: float, buttons: Qt.MouseButton) -> None:
        """Go on with the stroke."""
        self._at = _pixel(x, y)
        if self._last is not None and buttons & Qt.MouseButton.LeftButton:
            self._canvas.line(self._last, self._at, self.radius, erase=self._erase)
            self._last = self._at

    def release(self, x: float, y: float, buttons: Qt.MouseButton) -> None:
        """End the stroke."""
        self._last = None

    def paint(self, painter: QPainter) -> None:
        """The circle the brush will cover, in frame pixels, dark and light so that it shows on any part."""
        if self._at is None:
            return
        centre = QPointF(self._at[0] + 0.5, self._at[1] + 0.5)
        for colour, width in ((_SHADOW, 3.0), (_LIGHT, 1.0)):
            painter.setPen(_cosmetic(colour, width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(centre, self.radius + 0.5, self.radius + 0.5)

    def resize(self, steps: int) -> int:
        """Larger (positive) or smaller by so many of RADII; returns the new radius."""
        nearest = min(range(len(RADII)), key=lambda i: abs(RADII[i] - self.radius))
        self.radius = RADII[max(0, min(len(RADII) - 1, nearest + steps))]
        return self.radius


class PolygonTool:
    """Click corners; a click on the first one or `close` fills the polygon, `back` takes the last corner away."""

    CLOSE_WITHIN_PX = 8

    def __init__(self, canvas: MaskCanvas, changed: Callable[[], None]) -> None:
        self._canvas, self._changed = canvas, changed
        self._points: list[tuple[int, int]] = []
        self._at: tuple[int, int] | None = None

    @property
    def points(self) -> tuple[tuple[int, int], ...]:
        """The corners so far, in frame pixels."""
        return tuple(self._points)

    def press(self, x: float, y: float, buttons: Qt.MouseButton) -> bool:
        """Add a corner, or close the polygon at its first one."""
        at = _pixel(x, y)
        first = self._points[0] if len(self._points) >= 3 else None
        if first and abs(first[0] - at[0]) + abs(first[1] - at[1]) <= self.CLOSE_WITHIN_PX:
            self.close()
        else:
            self._points.append(at)
            self._changed()
        return True

    def move(self, x: float, y: float, buttons: Qt.MouseButton) -> None:
        """Follow the cursor with the next edge."""
        self._at = _pixel(x, y)

    def release(self, x: float, y: float, buttons: Qt.MouseButton) -> None:
        """Nothing: corners are set on press."""

    def back(self) -> bool:
        """Take the last corner away; False when there is none."""
        if not self._points:
            return False
        self._points.pop()
        self._changed()
        return True

    def close(self) -> bool:
        """Fill the polygon; False when it has fewer than three corners."""
        points, self._points = self._points, []
        self._canvas.polygon(points)
        self._changed()
        return len(points) >= 3

    def cancel(self) -> None:
        """Forget the corners."""
        self._points = []
        self._changed()

    def paint(self, painter: QPainter) -> None:
        """The edges so far, the next one, and the corners."""
        corners = [QPointF(x + 0.5, y + 0.5) for x, y in self._points]
        path = [*corners, QPointF(self._at[0] + 0.5, self._at[1] + 0.5)] if self._at and corners else corners
        for colour, width in ((_SHADOW, 3.0), (_LIGHT, 1.5)):
            painter.setPen(_cosmetic(colour, width))
            painter.drawPolyline(QPolygonF(path))
        painter.setPen(_cosmetic(_LIGHT, 7.0))
        painter.drawPoints(QPolygonF(corners))


def _pixel(x: float, y: float) -> tuple[int, int]:
    return math.floor(x), math.floor(y)


def _cosmetic(colour: QColor, width: float) -> QPen:
    """A pen whose width is in screen pixels whatever the zoom."""
    pen = QPen(colour, width)
    pen.setCosmetic(True)
    return pen
