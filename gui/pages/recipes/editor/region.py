"""The inspected region: drawn on the picture with the mouse or moved by keys, and its part of the editor."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QGridLayout, QWidget

from engine.domain.inspection import Box, Contour
from engine.domain.recipe import Recipe
from engine.recipes.view import MAX_COORDINATE, MIN_ROI
from gui.i18n.language import number, translate
from gui.pages.recipes.fields import Number, Section, large
from gui.theme.theme import SPACING, Theme
from gui.widgets.key_button import KeyButton

Mode = Literal["look", "box", "polygon", "measure"]
NEAR_PX = 10.0
"""On screen: so close to a handle takes it."""
MOST_CORNERS = 1000
_SHADE = QColor(0, 0, 0, 120)
_UNDER = QColor(0, 0, 0, 190)


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
        painter.fillPath(whole.subtracted(inside), _SHADE)

    def _outline(self, painter: QPainter, outline: QPolygonF, colour: QColor) -> None:
        for ink, width in ((_UNDER, 4.0), (colour, 2.0)):
            painter.setPen(_cosmetic(ink, width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolygon(outline)

    def _stroke(self, painter: QPainter, points: list[QPointF], colour: QColor) -> None:
        for ink, width in ((_UNDER, 4.0), (colour, 2.0)):
            painter.setPen(_cosmetic(ink, width))
            painter.drawPolyline(QPolygonF(points))

    def _dot(self, painter: QPainter, at: tuple[float, float], colour: QColor) -> None:
        for ink, width in ((_UNDER, 12.0), (colour, 9.0)):
            painter.setPen(_cosmetic(ink, width))
            painter.drawPoint(QPointF(*at))


class RegionSection(Section):
    """Buttons of the tools, the box in numbers, and the scale."""

    modeAsked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(translate("Recipes", "Region and scale"), parent)
        words = {
            "box": (translate("Recipes", "Rectangle"), "G"),
            "polygon": (translate("Recipes", "Polygon"), "P"),
            "whole": (translate("Recipes", "Whole picture"), "W"),
            "measure": (translate("Recipes", "Measure"), "M"),
        }
        self.buttons = {name: KeyButton(theme, word, key, compact=True) for name, (word, key) in words.items()}
        grid = QGridLayout()
        grid.setSpacing(SPACING)
        for index, (name, button) in enumerate(self.buttons.items()):
            button.setCheckable(name != "whole")
            button.clicked.connect(self._ask)
            grid.addWidget(button, *((index, 0) if large() else (index // 2, index % 2)))
        self.column.insertLayout(1, grid)
        sides = (
            translate("Recipes", "Left"),
            translate("Recipes", "Top"),
            translate("Recipes", "Width"),
            translate("Recipes", "Height"),
        )
        self.sides = [Number(word, 0 if i < 2 else MIN_ROI, MAX_COORDINATE, unit="px") for i, word in enumerate(sides)]
        for side in self.sides:
            self.row(side.accessibleName(), side)
            side.chosen.connect(self._typed)
        unknown = translate("Recipes", "not known")
        self.scale = Number(
            translate("Recipes", "Scale"), 0.00001, 1000.0, decimals=5, unit="mm/px", off=unknown, step=0.00001
        )
        self.row(self.scale.accessibleName(), self.scale)
        self.scale.chosen.connect(self._scaled)
        self.length = Number(translate("Recipes", "The line is"), 0.001, 1e6, decimals=3, unit="mm", off="?")
        self.length_word = self.row(self.length.accessibleName(), self.length)
        self.length.chosen.connect(self._told_length)
        self.words = self.note()
        self._line_px = 0.0
        self._show_line()

    def fill(self, recipe: Recipe) -> None:
        """Box, scale, and what else the recipe looks at."""
        view, found = recipe.view, view_words(recipe)
        for side, value in zip(self.sides, view.roi or (0, 0, MIN_ROI, MIN_ROI), strict=True):
            side.put(value)
            side.setEnabled(view.reference is None)
            self.form.setRowVisible(side, view.roi is not None)
        for button in ("box", "polygon", "whole"):
            self.buttons[button].setEnabled(view.reference is None)
        self.scale.put(recipe.limits.mm_per_px)
        self.words.setText(found)

    def show_mode(self, mode: Mode) -> None:
        """Which tool is in hand."""
        for name, button in self.buttons.items():
            button.setChecked(name == mode)

    def show_line(self, pixels: float) -> None:
        """A line was drawn: how long is it in truth?"""
        self._line_px = pixels
        self._show_line()
        self.length.put(None)
        self.length.setFocus()
        self.length.selectAll()

    def draw_box(self, box: Box) -> None:
        """The region is this box."""
        if self.recipe is not None:
            self.wish(replace(self.recipe, view=replace(self.recipe.view, roi=box)))
            self.fill(self.recipe)

    def draw_polygon(self, polygon: Contour) -> None:
        """Only what lies in here is inspected."""
        if self.recipe is not None:
            self.wish(replace(self.recipe, view=replace(self.recipe.view, polygon=polygon)))
            self.fill(self.recipe)

    def whole(self) -> None:
        """The region is the whole picture."""
        if self.recipe is not None and self.recipe.view.reference is None:
            self.wish(replace(self.recipe, view=replace(self.recipe.view, roi=None, polygon=())))
            self.fill(self.recipe)

    def _ask(self) -> None:
        sender = self.sender()
        name = next(name for name, button in self.buttons.items() if button is sender)
        self.modeAsked.emit(name)

    def _typed(self) -> None:
        x, y, width, height = (int(side.value()) for side in self.sides)
        self.draw_box((x, y, width, height))

    def _scaled(self, value: float | None) -> None:
        if self.recipe is not None:
            self.wish(replace(self.recipe, limits=replace(self.recipe.limits, mm_per_px=value)))

    def _told_length(self, value: float | None) -> None:
        if value and self._line_px:
            self.scale.put(value / self._line_px)
            self._scaled(value / self._line_px)

    def _show_line(self) -> None:
        shown = self._line_px > 0.0
        self.length.setVisible(shown)
        self.length_word.setVisible(shown)
        words = translate("Recipes", "The line of {pixels} px is").format(pixels=number(self._line_px, 1))
        self.length_word.setText(words)


def view_words(recipe: Recipe) -> str:
    """What of the picture is looked at, in words."""
    view, found = recipe.view, []
    if view.reference is not None:
        found.append(
            translate("Recipes", "The part is found first: the region lies in the golden picture and stays as it is.")
        )
    elif view.roi is None and not view.polygon:
        found.append(translate("Recipes", "The whole picture is inspected."))
    if view.polygon:
        found.append(translate("Recipes", "Polygon with %n corner(s).", "", len(view.polygon)))
    if view.tiles is not None:
        text = translate("Recipes", "Judged in tiles of {width} × {height} px.")
        found.append(text.format(width=view.tiles.width, height=view.tiles.height))
    return " ".join(found)


def _cosmetic(colour: QColor, width: float) -> QPen:
    pen = QPen(colour, width)
    pen.setCosmetic(True)
    return pen
