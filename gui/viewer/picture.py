"""One stored part on screen: picture, overlay, view filters, regions that stand or fall, and the painted mask."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from db.inspections.comments import Comment, comments_of
from db.inspections.overrides import Exported, exports_of, history, read_mask
from db.inspections.paging import Stored
from engine.domain.inspection import HeatMap, Mask, Override, Pixels, Region
from engine.errors import LinesideError
from engine.images.depth import shown
from engine.recipes.digest import is_recipe
from gui.context import AppContext
from gui.i18n.language import translate
from gui.i18n.messages import translated
from gui.viewer.filters import FilterKind, ViewFilter
from gui.viewer.overlays import drawn_map
from gui.widgets.pictures.image_view import STYLES, ImageView, OverlayStyle, Tool
from gui.widgets.pictures.mask_tools import BrushTool, MaskCanvas, PolygonTool
from gui.widgets.pictures.thumbnails import load_pixels

OPACITY_STEP = 0.1
_DARK = QColor(0, 0, 0, 190)


@dataclass(frozen=True, slots=True, eq=False)
class OpenedPart:
    """A stored part with all that its page shows. `pixels` None: `missing` says why there is no picture.

    `pixels` are the camera's own, for the model; `shown` are developed by the row's depth and mosaic, for people.
    """

    stored: Stored
    pixels: Pixels | None = field(default=None, repr=False)
    heat: HeatMap | None = field(default=None, repr=False)
    painted: Mask | None = field(default=None, repr=False)
    history: tuple[Override, ...] = ()
    comments: tuple[Comment, ...] = ()
    exports: tuple[Exported, ...] = ()
    missing: str = ""
    shown: Pixels | None = field(default=None, repr=False)


def open_part(context: AppContext, stored: Stored) -> OpenedPart:
    """Read picture, heat map, mask and history. Blocking: on a job."""
    id, frame = stored.inspection.id, stored.inspection.frame
    painted = read_mask(context.db, stored.override) if stored.override else None
    told = OpenedPart(
        stored,
        painted=painted,
        history=history(context.db, id),
        comments=comments_of(context.db, id),
        exports=exports_of(context.db, id) if stored.override else (),
    )
    recent = context.recorder.recent(id) if context.recorder else None
    if recent is not None:
        pixels, heat = recent[0].pixels, recent[1]
        return replace(told, pixels=pixels, heat=heat, shown=shown(pixels, frame))
    if not (stored.image or frame.name):
        why = translate("Review", "This picture was not kept. Keep OK pictures with the recipe's saving policy.")
        if stored.lost:
            why = translate("Review", "No picture: {why}.").format(why=translated(stored.lost))
        return replace(told, missing=why)
    try:
        pixels = load_pixels(context.archive, stored.image, frame.name)
        heat = context.archive.load_heat(stored.heat) if stored.heat else None
    except LinesideError as error:
        unwritten = translate("Review", "This picture is not written yet.")
        return replace(told, missing=unwritten if stored.pending else translated(error.message))
    return replace(told, pixels=pixels, heat=heat, shown=shown(pixels, frame))


class PartTools:
    """What draws over the picture: the regions' marks always, and the tool in hand."""

    def __init__(self) -> None:
        self.hand: Tool | None = None
        self.regions: tuple[Region, ...] = ()
        self.standing: frozenset[int] | None = None
        """Regions that stand, once the inspector said so; None = nothing was said."""

    def press(self, x: float, y: float, buttons: Qt.MouseButton) -> bool:
        """The tool in hand takes it; without one the view pans and selects."""
        return self.hand.press(x, y, buttons) if self.hand else False

    def move(self, x: float, y: float, buttons: Qt.MouseButton) -> None:
        """To the tool in hand."""
        if self.hand:
            self.hand.move(x, y, buttons)

    def release(self, x: float, y: float, buttons: Qt.MouseButton) -> None:
        """To the tool in hand."""
        if self.hand:
            self.hand.release(x, y, buttons)

    def paint(self, painter: QPainter) -> None:
        """A tick on regions that stand, a crossed-out dashed outline on those that do not."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.standing is not None:
            for index, region in enumerate(self.regions):
                _paint_told(painter, region, stands=index in self.standing)
        if self.hand:
            self.hand.paint(painter)


class PartView(QWidget):
    """An ImageView that knows parts. The overlay is the archived map; the filters change the view, never the picture.

    `regionPicked`: the region clicked. `painted`: the mask changed by hand. `lookChanged`: style, opacity or tool.
    """

    regionPicked = Signal(int)
    painted = Signal()
    lookChanged = Signal()

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.view = ImageView(context.theme)
        self.view.set_style(context.settings.overlay)
        self.view.set_opacity(context.settings.overlay_opacity)
        self.canvas = MaskCanvas(self)
        self._tools = PartTools()
        self._brush, self._eraser = BrushTool(self.canvas), BrushTool(self.canvas, erase=True)
        self._polygon = PolygonTool(self.canvas, self.view.update)
        self._opened: OpenedPart | None = None
        self._loading = False
        self.selected: int | None = None
        self.filter = ViewFilter()
        self.explanation: HeatMap | None = None
        """Shown instead of the archived map, for the part on screen only."""
        self.explained_by = ""
        self._blind = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self._caption = QLabel(self.view)
        self._caption.setStyleSheet("background: rgba(0, 0, 0, 190); color: #ffffff; padding: 4px 8px;")
        self._caption.move(8, 8)
        self._caption.hide()
        self.lookChanged.connect(self._say)
        self.canvas.changed.connect(self._mask_changed)
        self.view.regionClicked.connect(self.regionPicked)
        self.view.installEventFilter(self)
        self.view.set_tool(self._tools)
        self.view.setCursor(Qt.CursorShape.ArrowCursor)

    # ── the part ─────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def opened(self) -> OpenedPart | None:
        """The part on screen."""
        return self._opened

    def show_part(self, opened: OpenedPart | None, mask: Mask | None = None, empty: str = "") -> None:
        """Put a part on screen, with the mask painted so far; or `empty` in its place."""
        self._opened, self.selected = opened, None
        self.explanation, self.explained_by = None, ""
        self._say()
        self._polygon.cancel()
        regions = opened.stored.inspection.marks if opened and not self._blind else ()
        self._tools.regions, self._tools.standing = regions, None
        shown = opened.shown if opened else None
        if opened is None or shown is None:
            self.view.set_empty_text(opened.missing if opened else empty)
            self.view.set_picture(None)
            self._load_mask((0, 0), None)
            return
        height, width = shown.shape[:2]
        self._draw_picture(shown)
        self._load_mask((height, width), mask)
        if self.filter.kind != "none":
            self._filter()

    def show_regions(self, standing: frozenset[int] | None, selected: int | None) -> None:
        """Which regions stand (None = not told) and which one is selected."""
        self._tools.standing, self.selected = standing, selected
        self.view.set_regions(self._tools.regions, frozenset() if selected is None else frozenset((selected,)))

    def set_blind(self, blind: bool) -> None:
        """Hide the map and the regions, or show them again."""
        if blind != self._blind:
            self._blind = blind
            self._tools.regions = () if blind or self._opened is None else self._opened.stored.inspection.marks
            self._draw_overlay()
            self.show_regions(self._tools.standing, self.selected)

    # ── the look ─────────────────────────────────────────────────────────────────────────────────────────────────
    def next_style(self) -> None:
        """Heat → mask → contour → off → heat."""
        self.set_style(STYLES[(STYLES.index(self.view.overlay_style) + 1) % len(STYLES)])

    def set_style(self, style: OverlayStyle) -> None:
        """Choose the overlay."""
        self.view.set_style(style)
        self._draw_overlay()
        self.lookChanged.emit()

    def change_opacity(self, steps: int) -> None:
        """Stronger (positive) or lighter."""
        self.view.set_opacity(round(self.view.opacity + steps * OPACITY_STEP, 2))
        self.lookChanged.emit()

    def toggle_filter(self, kind: FilterKind) -> None:
        """A view filter on or off; another one goes off."""
        self.filter = self.filter.toggled(kind)
        self._filter()

    def adjust_filter(self, steps: int) -> None:
        """More or less of the filter in force."""
        self.filter = self.filter.adjusted(steps)
        self._filter()

    def explain(self, by: str, heat: HeatMap | None) -> None:
        """Lay this map over the part instead of the archived one; None takes it off again."""
        self.explanation, self.explained_by = heat, by if heat is not None else ""
        if heat is not None and self.view.overlay_style != "heat":
            self.view.set_style("heat")
        self._draw_overlay()
        self.lookChanged.emit()

    # ── tools ────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def tool(self) -> str:
        """The tool in hand: brush, erase, polygon or pan."""
        names = {id(self._brush): "brush", id(self._eraser): "erase", id(self._polygon): "polygon"}
        return names.get(id(self._tools.hand), "pan")

    def take_tool(self, name: str) -> None:
        """Take a tool; the one in hand again puts it down."""
        tools: dict[str, Tool] = {"brush": self._brush, "erase": self._eraser, "polygon": self._polygon}
        self._polygon.cancel()
        self._tools.hand = None if self.tool == name else tools.get(name)
        cross = self._tools.hand is not None
        self.view.setCursor(Qt.CursorShape.CrossCursor if cross else Qt.CursorShape.ArrowCursor)
        self.view.update()
        self.lookChanged.emit()

    def resize_brush(self, steps: int) -> None:
        """A larger or smaller brush; the eraser has the same size."""
        self._eraser.radius = self._brush.resize(steps)
        self.view.update()
        self.lookChanged.emit()

    @property
    def brush_px(self) -> int:
        """The brush's diameter in frame pixels."""
        return 2 * self._brush.radius + 1

    def close_polygon(self) -> bool:
        """Fill the polygon under way; False when there is none."""
        return bool(self._polygon.points) and self._polygon.close()

    def undo_paint(self) -> bool:
        """Take back the last corner or stroke; False when there is none."""
        return self._polygon.back() or self.canvas.undo()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Shift + wheel changes the brush instead of the zoom."""
        if isinstance(event, QWheelEvent) and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            turned = event.angleDelta()
            self.resize_brush(1 if turned.y() + turned.x() > 0 else -1)
            return True
        return super().eventFilter(watched, event)

    def _say(self) -> None:
        """Name what is shown instead of the plain picture and the model's own map."""
        words = " · ".join(part for part in (self.filter.words, self.explained_by) if part)
        self._caption.setText(words)
        self._caption.adjustSize()
        self._caption.setVisible(bool(words))

    # ── drawing ──────────────────────────────────────────────────────────────────────────────────────────────────
    def _draw_picture(self, pixels: Pixels) -> None:
        self.view.set_picture(pixels)
        self._draw_overlay()
        self.show_regions(self._tools.standing, self.selected)
        self.view.set_mask(self.canvas.mask)

    def _draw_overlay(self) -> None:
        opened, style = self._opened, self.view.overlay_style
        # Of a part the model does not know the map would show where a class is not.
        mute = opened is None or opened.shown is None or self._blind or opened.stored.inspection.verdict.unknown
        heat = None if mute or opened is None else opened.heat
        heat = heat if self.explanation is None else self.explanation
        if opened is None or heat is None or style not in ("heat", "mask"):
            self.view.set_overlay(None)
            return
        package, recipe = self._context.package, self._context.recipe
        box = recipe.view.heat_box if is_recipe(recipe, opened.stored.inspection.recipe) else None
        rgba = drawn_map(heat, style, None if self.explanation is not None else package)
        self.view.set_overlay(rgba, box)

    def _filter(self) -> None:
        opened = self._opened
        self.lookChanged.emit()
        if opened is None or opened.shown is None:
            return
        pixels, wanted = opened.shown, self.filter
        if wanted.kind == "none":
            self._draw_picture(pixels)
            return

        def done(shown: Pixels) -> None:
            if self._opened is opened and self.filter == wanted:
                self._draw_picture(shown)

        self._context.jobs.run(lambda: wanted.apply(pixels), done)

    def _load_mask(self, size: tuple[int, int], mask: Mask | None) -> None:
        self._loading = True
        self.canvas.load(size, mask)
        self._loading = False

    def _mask_changed(self) -> None:
        self.view.set_mask(self.canvas.mask)
        if not self._loading:
            self.painted.emit()


def _paint_told(painter: QPainter, region: Region, *, stands: bool) -> None:
    """The mark of a region: a tick where it stands, a cross and a dashed box where it does not (frame coordinates)."""
    x, y, width, height = region.box
    side = max(6.0, 12.0 / max(1e-6, painter.worldTransform().m11()))
    box = QRectF(x, y, width, height)
    shapes: list[QPolygonF] = []
    corner = QPointF(x + width + side * 0.4, y - side * 0.2)
    if stands:
        shapes.append(QPolygonF([corner + QPointF(0, side * 0.5), corner + QPointF(side * 0.35, side * 0.9)]))
        shapes[-1].append(corner + QPointF(side, 0))
    else:
        shapes.append(QPolygonF([corner, corner + QPointF(side, side)]))
        shapes.append(QPolygonF([corner + QPointF(side, 0), corner + QPointF(0, side)]))
    for colour, thick in ((_DARK, 4.0), (QColor("#ffffff"), 2.0)):
        pen = QPen(colour, thick)
        pen.setCosmetic(True)
        painter.setPen(pen)
        for shape in shapes:
            painter.drawPolyline(shape)
        if not stands:
            pen.setStyle(Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box)
