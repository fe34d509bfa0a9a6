"""A picture with an overlay: zoom at the cursor, pan, heat map, mask, contours, and a hook for drawing tools.

Every paint draws what was prepared for the present zoom: the visible part is cut out and scaled once per new picture or
view by OpenCV (area filter when smaller, single pixels when much larger), then blitted 1:1. Sizes are in frame pixels.
"""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.domain.inspection import Box, Mask, Pixels, Region
from engine.images.depth import to_uint8
from gui.i18n.language import translate
from gui.theme.theme import NORMAL, Theme, font
from gui.widgets.pictures.layers import Layers, paint_outlines
from gui.widgets.pictures.viewport import Viewport, smallest_at

OverlayStyle = Literal["heat", "mask", "contour", "off"]
STYLES: tuple[OverlayStyle, ...] = ("heat", "mask", "contour", "off")
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
        self._layers = Layers(theme)
        self._regions: tuple[Region, ...] = ()
        self._selected: frozenset[int] = frozenset()
        self._style: OverlayStyle = "heat"
        self._opacity = 0.55
        self._greyed = False
        self._empty = translate("Window", "No picture yet")
        self._viewport = Viewport()
        self._grab: QPointF | None = None
        self._pressed_at = QPointF()
        self._tool: Tool | None = None
        self._tool_down = False
        self.setMinimumSize(160, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        theme.changed.connect(self.update)

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def pixels(self) -> NDArray[np.uint8] | None:
        """The picture shown, H×W or H×W×3 BGR, uint8."""
        return self._layers.pixels

    def set_picture(self, pixels: Pixels | None) -> None:
        """Show this picture (H×W grey or H×W×3 BGR, uint8 or uint16); overlay, mask and regions of the last one go."""
        shown = None if pixels is None else np.ascontiguousarray(to_uint8(pixels))
        self._layers.set_picture(shown)
        self._regions, self._selected = (), frozenset()
        self._viewport.show(None if shown is None else (shown.shape[1], shown.shape[0]))
        self.update()

    def set_overlay(self, rgba: NDArray[np.uint8] | None, roi: Box | None = None) -> None:
        """An h×w×4 RGBA map at any resolution, laid over `roi` (the whole frame where None)."""
        self._layers.set_overlay(rgba, roi)
        self.update()

    def set_regions(self, regions: tuple[Region, ...], selected: frozenset[int] = frozenset()) -> None:
        """Outlines in frame pixels; drawn by the style `contour`, the selected ones by every style."""
        self._regions, self._selected = regions, selected
        self.update()

    def set_mask(self, mask: Mask | None) -> None:
        """A painted mask (H×W, 255 = defect), drawn as a tint; it may be changed in place, then call this again."""
        self._layers.set_mask(mask)
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
    def overlaid(self) -> bool:
        """True while a map lies over the picture, whatever the style shows of it."""
        return self._layers.overlaid

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
        self._layers.restyled()
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
    def _lies(self) -> Viewport:
        self._viewport.room = self.width(), self.height()
        return self._viewport

    @property
    def zoom(self) -> float:
        """Screen pixels per frame pixel."""
        return self._lies.zoom

    def fit(self) -> None:
        """The whole picture, as large as it goes."""
        self._viewport.fit()
        self._view_changed()

    def look_like(self, other: ImageView) -> None:
        """Take over another view's zoom and place; of a picture of the same size. Tells nobody."""
        self._viewport.look_like(other._viewport)
        self._refresh()

    def actual_size(self) -> None:
        """One frame pixel on one screen pixel."""
        if self._lies.zoom_to(1.0, self._viewport.middle):
            self._view_changed()

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Closer (> 1) or further, about `at` in widget pixels (the middle where None)."""
        lies = self._lies
        if lies.zoom_to(lies.zoom * factor, lies.middle if at is None else (at.x(), at.y())):
            self._view_changed()

    def frame_at(self, position: QPointF) -> tuple[float, float]:
        """Widget position → frame pixel (x, y); may lie outside the picture."""
        return self._lies.frame_at((position.x(), position.y()))

    def widget_at(self, x: float, y: float) -> QPointF:
        """Frame pixel → widget position."""
        return QPointF(*self._lies.widget_at(x, y))

    def _view_changed(self) -> None:
        self._refresh()
        self.viewChanged.emit()

    def _refresh(self) -> None:
        self._layers.moved()
        self.update()

    # ── painting ─────────────────────────────────────────────────────────────────────────────────────────────────
    def paintEvent(self, event: QPaintEvent) -> None:
        """Background, picture, overlay, outlines, the tool's own drawing."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour("sunken"))
        if self.pixels is None:
            painter.setPen(self._theme.colour("muted"))
            painter.setFont(font(NORMAL))
            painter.drawText(self.rect().adjusted(16, 16, -16, -16), _CENTRED, self._empty)
            return
        lies, overlaid = self._lies, self._style in ("heat", "mask")
        self._layers.paint(
            painter,
            lies,
            self.devicePixelRatioF(),
            overlaid=overlaid,
            opacity=self._opacity,
            greyed=self._greyed,
        )
        every = self._style == "contour"
        paint_outlines(painter, self._regions, self._selected, lies, self._theme, every=every)
        if self._tool is not None:
            painter.translate(QPointF(*lies.origin))
            painter.scale(lies.zoom, lies.zoom)
            self._tool.paint(painter)

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
        if self._grab is not None and not self._viewport.fits:
            step = event.position() - self._grab
            self._grab = event.position()
            self._viewport.pan(step.x(), step.y())
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
            hit = smallest_at(self._regions, x, y)
            if hit is not None:
                self.regionClicked.emit(hit)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Between the whole picture and single pixels."""
        at = event.position()
        if self._tool is None and self._lies.toggle((at.x(), at.y())):
            self._view_changed()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the cursor."""
        self.zoom_by(1.2 ** (event.angleDelta().y() / 120), event.position())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The fit depends on the size."""
        self._refresh()

    def _tell_cursor(self, x: int, y: int) -> None:
        pixels = self.pixels
        if pixels is None or not (0 <= y < pixels.shape[0] and 0 <= x < pixels.shape[1]):
            self.cursorMoved.emit(-1, -1, "")
            return
        self.cursorMoved.emit(x, y, " ".join(str(int(v)) for v in np.atleast_1d(pixels[y, x])))


_CENTRED = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
