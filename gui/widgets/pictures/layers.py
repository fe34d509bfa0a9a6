"""What an ImageView draws: picture, overlay and mask, cut out and scaled once per new one or new view, and outlines."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from engine.domain.inspection import Box, Mask, Region
from gui.theme.theme import Theme
from gui.widgets.pictures.pixel_images import Layer, on_memory, premultiplied, tinted
from gui.widgets.pictures.viewport import Covers, Viewport

PIXELS_FROM = 3.0
"""From this zoom on single pixels are shown as squares."""
GREYED = 0.3
"""How much of a picture of the past is left."""


class Layers:
    """Set the picture first, then its overlay and mask. Arrays are uint8."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self.pixels: NDArray[np.uint8] | None = None
        """H×W or H×W×3 BGR."""
        self._overlaid = False
        self._overlay: NDArray[np.uint8] | None = None
        """None where there is no map, or nothing to be seen of it."""
        self._overlay_box: Box | None = None
        self._mask: Mask | None = None
        self._drawn: Layer | None = None
        self._above: list[Layer] | None = None

    def set_picture(self, pixels: NDArray[np.uint8] | None) -> None:
        """Another picture; overlay and mask of the last one go."""
        self.pixels, self._overlay, self._overlaid, self._mask = pixels, None, False, None
        self.moved()

    def set_overlay(self, rgba: NDArray[np.uint8] | None, roi: Box | None) -> None:
        """An h×w×4 RGBA map laid over `roi` (the whole frame where None)."""
        self._overlaid, self._overlay_box, self._above = rgba is not None, roi, None
        # Premultiplied BGRA in memory is Qt's native ARGB32: scaled and blended without a further conversion.
        # A map that is clear all over, as most sound parts' are, is not drawn at all.
        self._overlay = premultiplied(rgba) if rgba is not None and rgba[..., 3].any() else None

    @property
    def overlaid(self) -> bool:
        """Whether there is a map."""
        return self._overlaid

    def set_mask(self, mask: Mask | None) -> None:
        """A painted mask, H×W, 255 = defect."""
        self._mask, self._above = mask, None

    def restyled(self) -> None:
        """What is seen of the overlay is another thing."""
        self._above = None

    def moved(self) -> None:
        """Zoom or place is another one."""
        self._drawn = self._above = None

    def paint(
        self, painter: QPainter, lies: Viewport, ratio: float, *, overlaid: bool, opacity: float, greyed: bool
    ) -> None:
        """The picture, then what lies above it. `ratio`: screen pixels per widget pixel; `overlaid`: with the map."""
        if self.pixels is None:
            return
        height, width = self.pixels.shape[:2]
        whole = (0.0, 0.0, float(width), float(height))
        if self._drawn is None:
            self._drawn = layer_of(self.pixels, whole, lies, ratio)
        if self._above is None:
            self._above = list(self._prepared(whole, lies, ratio, overlaid=overlaid))
        if self._drawn is not None:
            left = GREYED if greyed else 1.0
            painter.setOpacity(left)
            painter.drawImage(self._drawn.where, self._drawn.image)
            painter.setOpacity(opacity * left)
            for layer in self._above:
                painter.drawImage(layer.where, layer.image)
            painter.setOpacity(1.0)

    def _prepared(self, whole: Covers, lies: Viewport, ratio: float, *, overlaid: bool) -> list[Layer]:
        made: list[Layer] = []
        if self._overlay is not None and overlaid:
            x, y, width, height = self._overlay_box or whole
            layer = layer_of(self._overlay, (float(x), float(y), float(width), float(height)), lies, ratio)
            made += [layer] if layer else []
        if self._mask is not None:
            layer = layer_of(self._mask, whole, lies, ratio)
            made += [tinted(layer, self._theme.colour("accent"))] if layer else []
        return made


def layer_of(array: NDArray[np.uint8], covers: Covers, lies: Viewport, ratio: float) -> Layer | None:
    """The part of `array` that is visible, at screen resolution; `ratio`: screen pixels per widget pixel."""
    cut = lies.cut(array.shape[0], array.shape[1], covers)
    if cut is None:
        return None
    # Whole screen pixels: anything between them is scaled once more with every paint.
    (left, top), (right, bottom) = ((round(x * ratio), round(y * ratio)) for x, y in (cut.top_left, cut.bottom_right))
    size = max(1, right - left), max(1, bottom - top)
    picture = array.ndim == 2 or array.shape[2] == 3
    # Down to half the size the linear filter sees every pixel; below that only the area filter does.
    smaller = size[0] < (cut.x1 - cut.x0) / 2
    blocks = picture and lies.zoom >= PIXELS_FROM
    way = cv2.INTER_AREA if smaller else cv2.INTER_NEAREST if blocks else cv2.INTER_LINEAR
    part = array[cut.y0 : cut.y1, cut.x0 : cut.x1]
    scaled = np.asarray(cv2.resize(part, size, interpolation=way), dtype=np.uint8)
    return Layer(on_memory(scaled), QRectF(left / ratio, top / ratio, size[0] / ratio, size[1] / ratio), scaled)


def paint_outlines(
    painter: QPainter, regions: Sequence[Region], selected: frozenset[int], lies: Viewport, theme: Theme, *, every: bool
) -> None:
    """The outlines of the selected regions, or of `every` one."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for index, region in enumerate(regions):
        chosen = index in selected
        if not every and not chosen:
            continue
        x, y, width, height = region.box
        corners = region.contour or ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
        outline = QPolygonF([QPointF(*lies.widget_at(cx + 0.5, cy + 0.5)) for cx, cy in corners])
        # A dark line under the coloured one: it is seen on bright metal and on dark.
        painter.setPen(QPen(QColor(0, 0, 0, 160), 5 if chosen else 4))
        painter.drawPolygon(outline)
        painter.setPen(QPen(theme.colour("accent" if chosen else "review_fill"), 3 if chosen else 2))
        painter.drawPolygon(outline)
