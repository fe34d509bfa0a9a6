"""A picture with an overlay: zoom at the cursor, pan, heat map, mask, contours, and a hook for drawing tools.

Every paint draws what was prepared for the present zoom: the visible part is cut out and scaled once per new picture or
view by OpenCV (area filter when smaller, single pixels when much larger), then blitted 1:1. Sizes are in frame pixels.
"""

from __future__ import annotations

from typing import Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.domain.inspection import Box, Mask, Pixels, Region
from engine.images.depth import to_uint8
from gui.i18n.language import translate
from gui.theme.theme import NORMAL, Theme, font
from gui.widgets.pictures.pixel_images import Layer, on_memory, premultiplied, tinted

OverlayStyle = Literal["heat", "mask", "contour", "off"]
STYLES: tuple[OverlayStyle, ...] = ("heat", "mask", "contour", "off")
MAX_ZOOM = 32.0
PIXELS_FROM = 3.0
"""From this zoom on single pixels are shown as squares."""
DRAG_PX = 4


class Tool(Protocol):
    """A drawing tool. Positions are frame pixels (may lie outside); `True` from press takes the mouse."""

    def press(self, x: float, y: float, buttons: Qt.MouseButton) -> bool:
        """A button went down."""
        ...

    def move(self, x: float, y: float, buttons: Qt.MouseButton) -> None:
        """The mouse moved, with or without buttons."""
        ...

    def release(self, x: float, y: float, buttons: Qt.MouseButton) -> None:
        """The button came up."""
        ...

    def paint(self, painter: QPainter) -> None:
        """Draw on top, in frame coordinates; use cosmetic pens."""
        ...


class ImageView(QWidget):
    """Shows one picture, letterboxed until zoomed. Set the picture first, then its overlay and regions."""

    cursorMoved = Signal(int, int, str)
    """Frame pixel under the cursor and its value (grey, or B G R); x = -1 when the cursor left."""
    regionClicked = Signal(int)
    """Index of the region that was clicked."""
    viewChanged = Signal()
    """Zoom or pan changed."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._pixels: NDArray[np.uint8] | None = None
        self._overlay: NDArray[np.uint8] | None = None
        self._overlay_box: Box | None = None
        self._mask: NDArray[np.uint8] | None = None
        self._regions: tuple[Region, ...] = ()
        self._selected: frozenset[int] = frozenset()
        self._style: OverlayStyle = "heat"
        self._opacity = 0.55
        self._greyed = False
        self._empty = translate("Window", "No picture yet")
        self._scale: float | None = None
        """Screen pixels per frame pixel; None = fit."""
        self._centre = QPointF()
        self._grab: QPointF | None = None
        self._pressed_at = QPointF()
        self._tool: Tool | None = None
        self._tool_down = False
        self._drawn: Layer | None = None
        self._layers: list[Layer] | None = None
        self.setMinimumSize(160, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        theme.changed.connect(self.update)

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def pixels(self) -> NDArray[np.uint8] | None:
        """The picture shown, H×W or H×W×3 BGR, uint8."""
        return self._pixels

    def set_picture(self, pixels: Pixels | None) -> None:
        """Show this picture (H×W grey or H×W×3 BGR, uint8 or uint16); overlay, mask and regions of the last one go."""
        before = None if self._pixels is None else self._pixels.shape[:2]
        self._pixels = None if pixels is None else np.ascontiguousarray(to_uint8(pixels))
        self._overlay, self._mask, self._regions, self._selected = None, None, (), frozenset()
        if self._pixels is not None and self._pixels.shape[:2] != before:
            self._scale = None
        self._refresh()

    def set_overlay(self, rgba: NDArray[np.uint8] | None, roi: Box | None = None) -> None:
        """An h×w×4 RGBA map at any resolution, laid over `roi` (the whole frame where None)."""
        # Premultiplied BGRA in memory is Qt's native ARGB32: scaled and blended without a further conversion.
        self._overlay = None if rgba is None else premultiplied(rgba)
        self._overlay_box = roi
        self._layers = None
        self.update()

    def set_regions(self, regions: tuple[Region, ...], selected: frozenset[int] = frozenset()) -> None:
        """Outlines in frame pixels; drawn by the style `contour`, the selected ones by every style."""
        self._regions, self._selected = regions, selected
        self.update()

    def set_mask(self, mask: Mask | None) -> None:
        """A painted mask (H×W, 255 = defect), drawn as a tint; it may be changed in place, then call this again."""
        self._mask = mask
        self._layers = None
        self.update()

    def set_greyed(self, greyed: bool) -> None:
        """Show the picture as something of the past: the source is lost."""
        if greyed != self._greyed:
            self._greyed = greyed
            self.update()

    def set_tool(self, tool: Tool | None) -> None:
        """A drawing tool takes the left button; the middle one goes on panning. None: the left button pans."""
        self._tool, self._tool_down = tool, False
        self.setCursor(Qt.CursorShape.CrossCursor if tool else Qt.CursorShape.ArrowCursor)
        self.update()

    @property
    def greyed(self) -> bool:
        """True while the picture is shown as one of the past."""
        return self._greyed

    @property
    def overlay_style(self) -> OverlayStyle:
        """What the overlay shows: heat, mask, contour or off."""
        return self._style

    def set_style(self, style: OverlayStyle) -> None:
        """Choose what the overlay shows; the caller brings the map that goes with it (`set_overlay`)."""
        self._style = style
        self._layers = None
        self.update()

    @property
    def opacity(self) -> float:
        """Of the overlay, 0…1."""
        return self._opacity

    def set_opacity(self, opacity: float) -> None:
        """Change the overlay's opacity, 0…1."""
        self._opacity = min(1.0, max(0.0, opacity))
        self.update()

    @property
    def empty_text(self) -> str:
        """What stands there while there is no picture."""
        return self._empty

    def set_empty_text(self, text: str) -> None:
        """Change what stands there while there is no picture."""
        self._empty = text
        self.update()

    # ── zoom and pan ─────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def zoom(self) -> float:
        """Screen pixels per frame pixel."""
        if self._scale is not None:
            return self._scale
        if self._pixels is None:
            return 1.0
        height, width = self._pixels.shape[:2]
        return float(max(1e-6, min(self.width() / width, self.height() / height)))

    def fit(self) -> None:
        """The whole picture, as large as it goes."""
        self._scale = None
        self._view_changed()

    def look_like(self, other: ImageView) -> None:
        """Take over another view's zoom and place; of a picture of the same size. Tells nobody."""
        self._scale, self._centre = other._scale, QPointF(other._centre)
        self._refresh()

    def actual_size(self) -> None:
        """One frame pixel on one screen pixel."""
        self._zoom_to(1.0, QPointF(self.width() / 2, self.height() / 2))

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Closer (> 1) or further, about `at` in widget pixels (the middle where None)."""
        self._zoom_to(self.zoom * factor, at or QPointF(self.width() / 2, self.height() / 2))

    def frame_at(self, position: QPointF) -> tuple[float, float]:
        """Widget position → frame pixel (x, y); may lie outside the picture."""
        origin, zoom = self._origin(), self.zoom
        return (position.x() - origin.x()) / zoom, (position.y() - origin.y()) / zoom

    def widget_at(self, x: float, y: float) -> QPointF:
        """Frame pixel → widget position."""
        origin, zoom = self._origin(), self.zoom
        return QPointF(origin.x() + x * zoom, origin.y() + y * zoom)

    def _zoom_to(self, zoom: float, at: QPointF) -> None:
        if self._pixels is None:
            return
        height, width = self._pixels.shape[:2]
        fit = min(self.width() / width, self.height() / height)
        x, y = self.frame_at(at)
        zoom = min(MAX_ZOOM, max(min(fit, 1.0), zoom))
        self._scale = None if zoom <= fit else zoom
        if self._scale is not None:
            middle = QPointF(self.width() / 2, self.height() / 2)
            self._centre = QPointF(x + (middle.x() - at.x()) / zoom, y + (middle.y() - at.y()) / zoom)
        self._view_changed()

    def _origin(self) -> QPointF:
        """Where the frame's top left corner lies on the widget."""
        if self._pixels is None:
            return QPointF()
        height, width = self._pixels.shape[:2]
        zoom = self.zoom
        if self._scale is None:
            return QPointF((self.width() - width * zoom) / 2, (self.height() - height * zoom) / 2)
        return QPointF(self.width() / 2 - self._centre.x() * zoom, self.height() / 2 - self._centre.y() * zoom)

    def _view_changed(self) -> None:
        self._refresh()
        self.viewChanged.emit()

    def _refresh(self) -> None:
        self._drawn = self._layers = None
        self.update()

    # ── painting ─────────────────────────────────────────────────────────────────────────────────────────────────
    def paintEvent(self, event: QPaintEvent) -> None:
        """Background, picture, overlay, outlines, the tool's own drawing."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour("sunken"))
        if self._pixels is None:
            painter.setPen(self._theme.colour("muted"))
            painter.setFont(font(NORMAL))
            painter.drawText(self.rect().adjusted(16, 16, -16, -16), _CENTRED, self._empty)
            return
        self._prepare(self._pixels)
        if self._drawn is not None:
            painter.setOpacity(0.3 if self._greyed else 1.0)
            painter.drawImage(self._drawn.where, self._drawn.image)
            painter.setOpacity(self._opacity * (0.3 if self._greyed else 1.0))
            for layer in self._layers or ():
                painter.drawImage(layer.where, layer.image)
            painter.setOpacity(1.0)
        self._paint_regions(painter)
        if self._tool is not None:
            origin, zoom = self._origin(), self.zoom
            painter.translate(origin)
            painter.scale(zoom, zoom)
            self._tool.paint(painter)

    def _prepare(self, pixels: NDArray[np.uint8]) -> None:
        height, width = pixels.shape[:2]
        whole = (0.0, 0.0, float(width), float(height))
        if self._drawn is None:
            self._drawn = self._cut(pixels, whole)
        if self._layers is None:
            self._layers = []
            if self._overlay is not None and self._style in ("heat", "mask"):
                box = self._overlay_box or (0, 0, width, height)
                layer = self._cut(self._overlay, (float(box[0]), float(box[1]), float(box[2]), float(box[3])))
                self._layers += [layer] if layer else []
            if self._mask is not None:
                layer = self._cut(self._mask, whole)
                self._layers += [tinted(layer, self._theme.colour("accent"))] if layer else []

    def _cut(self, array: NDArray[np.uint8], covers: tuple[float, float, float, float]) -> Layer | None:
        """The part of `array` (which covers this x, y, w, h of the frame) that is visible, at screen resolution."""
        rows, columns = array.shape[:2]
        per_x, per_y = columns / covers[2], rows / covers[3]
        left, top = self.frame_at(QPointF(0, 0))
        right, bottom = self.frame_at(QPointF(self.width(), self.height()))
        x0, y0 = max(0, int((left - covers[0]) * per_x)), max(0, int((top - covers[1]) * per_y))
        x1 = min(columns, int(np.ceil((right - covers[0]) * per_x)) + 1)
        y1 = min(rows, int(np.ceil((bottom - covers[1]) * per_y)) + 1)
        if x1 <= x0 or y1 <= y0:
            return None
        a = self.widget_at(covers[0] + x0 / per_x, covers[1] + y0 / per_y)
        b = self.widget_at(covers[0] + x1 / per_x, covers[1] + y1 / per_y)
        ratio = self.devicePixelRatioF()
        size = (max(1, round((b.x() - a.x()) * ratio)), max(1, round((b.y() - a.y()) * ratio)))
        picture = array.ndim == 2 or array.shape[2] == 3
        # Down to half the size the linear filter sees every pixel; below that only the area filter does.
        smaller = size[0] < (x1 - x0) / 2
        blocks = picture and self.zoom >= PIXELS_FROM
        way = cv2.INTER_AREA if smaller else cv2.INTER_NEAREST if blocks else cv2.INTER_LINEAR
        scaled = np.asarray(cv2.resize(array[y0:y1, x0:x1], size, interpolation=way), dtype=np.uint8)
        return Layer(on_memory(scaled), QRectF(a, b), scaled)

    def _paint_regions(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, region in enumerate(self._regions):
            chosen = index in self._selected
            if self._style != "contour" and not chosen:
                continue
            x, y, width, height = region.box
            corners = region.contour or ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
            outline = QPolygonF([self.widget_at(cx + 0.5, cy + 0.5) for cx, cy in corners])
            # A dark line under the coloured one: it is seen on bright metal and on dark.
            painter.setPen(QPen(QColor(0, 0, 0, 160), 5 if chosen else 4))
            painter.drawPolygon(outline)
            painter.setPen(QPen(self._theme.colour("accent" if chosen else "review_fill"), 3 if chosen else 2))
            painter.drawPolygon(outline)

    # ── mouse ────────────────────────────────────────────────────────────────────────────────────────────────────
    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The tool first, then panning."""
        self._pressed_at = event.position()
        left = event.button() is Qt.MouseButton.LeftButton
        if left and self._tool is not None:
            x, y = self.frame_at(event.position())
            self._tool_down = self._tool.press(x, y, event.button())
            self.update()
            if self._tool_down:
                return
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._grab = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Draw, pan, or tell the pixel under the cursor."""
        x, y = self.frame_at(event.position())
        if self._tool is not None:
            self._tool.move(x, y, event.buttons())
            self.update()
        if self._grab is not None and self._scale is not None:
            step = event.position() - self._grab
            self._grab = event.position()
            self._centre -= step / self.zoom
            self._view_changed()
        self._tell_cursor(int(np.floor(x)), int(np.floor(y)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End of a stroke or a pan; a click without movement chooses the region under it."""
        x, y = self.frame_at(event.position())
        if self._tool_down and self._tool is not None:
            self._tool_down = False
            self._tool.release(x, y, event.button())
            self.update()
            return
        self._grab = None
        moved = (event.position() - self._pressed_at).manhattanLength()
        if moved < DRAG_PX and event.button() is Qt.MouseButton.LeftButton:
            self._click(x, y)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Between the whole picture and single pixels."""
        if self._tool is None:
            if self._scale is None:
                self._zoom_to(1.0 if self.zoom < 1.0 else 4.0, event.position())
            else:
                self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the cursor."""
        self.zoom_by(1.2 ** (event.angleDelta().y() / 120), event.position())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The fit depends on the size."""
        self._refresh()

    def _click(self, x: float, y: float) -> None:
        hits = []
        for index, region in enumerate(self._regions):
            left, top, width, height = region.box
            if left <= x <= left + width and top <= y <= top + height:
                hits.append((width * height, index))
        if hits:
            self.regionClicked.emit(min(hits)[1])

    def _tell_cursor(self, x: int, y: int) -> None:
        if self._pixels is None or not (0 <= y < self._pixels.shape[0] and 0 <= x < self._pixels.shape[1]):
            self.cursorMoved.emit(-1, -1, "")
            return
        self.cursorMoved.emit(x, y, " ".join(str(int(v)) for v in np.atleast_1d(self._pixels[y, x])))


_CENTRED = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
