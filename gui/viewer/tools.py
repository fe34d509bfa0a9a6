"""The strip of tools beside the picture: overlay, view filters, painting, regions, zoom; each with its key."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QStyle, QStyleOptionButton, QStylePainter, QWidget

from gui.i18n.language import percent, translate
from gui.page import Binding
from gui.theme.icons import icon
from gui.theme.theme import SMALL, SPACING, TOUCH, Theme, font, scaled
from gui.viewer.picture import PartView
from gui.widgets.key_button import key_words
from gui.widgets.pictures.image_view import OverlayStyle

LARGE = 130
"""Per cent of the size of type from which the strip has two columns."""
WIDTH, HEIGHT, ICON = 56, 30, 20
"""As designed; in touch mode a key is as high as a finger."""

_PRINTED = {"Comma": ",", "Period": "."}


class ToolKey(QPushButton):
    """An icon and its key; without an icon the key alone, in full ink."""

    def __init__(self, theme: Theme, icon_name: str, key: str, words: str) -> None:
        super().__init__()
        self._theme, self._icon_name, self._key = theme, icon_name, key_words(key)
        width, height = scaled(WIDTH), max(scaled(HEIGHT), TOUCH if theme.touch else 0)
        self.setFixedSize(QSize(width, height))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        # The sheet's minimum for push buttons is higher than a strip of fifteen can afford.
        self.setStyleSheet(f"min-height: {height}px; max-height: {height}px; min-width: {width - 4}px; padding: 0;")
        self.setToolTip(f"{words} ({self._key})")
        self.setAccessibleName(words)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The style's frame, then icon and key."""
        painter, option = QStylePainter(self), QStyleOptionButton()
        self.initStyleOption(option)
        painter.drawControl(QStyle.ControlElement.CE_PushButtonBevel, option)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(SMALL))
        ink = self._theme.colour("text" if self.isEnabled() else "muted")
        painter.setPen(ink if not self._icon_name else self._theme.colour("muted"))
        if not self._icon_name:
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._key)
            return
        side = scaled(ICON)
        middle = (self.height() - side) // 2
        icon(self._icon_name, ink.name()).paint(painter, QRect(SPACING, middle, side, side))
        key = self.rect().adjusted(SPACING + side, 0, -4, 0)
        painter.drawText(key, Qt.AlignmentFlag.AlignCenter, self._key)


class ToolStrip(QWidget):
    """All tools of a PartView. `editable` False (Scan): overlay, filters and zoom only."""

    def __init__(
        self,
        theme: Theme,
        part: PartView,
        regions: Callable[[str], None] | None = None,
        explain: Callable[[], object] | None = None,
        compare: Callable[[], object] | None = None,
    ) -> None:
        super().__init__()
        self._part, self._theme, self._regions = part, theme, regions
        self._explain, self._compare, self._comparing = explain, compare, False
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        self._bindings: list[Binding] = []
        self._checked: dict[str, ToolKey] = {}
        self._row = self._column = 0
        self._columns = 2 if scaled(100) > LARGE else 3
        self._style, self._brush, self._region = QLabel(), QLabel(), QLabel()
        for label in (self._style, self._brush, self._region):
            label.setProperty("role", "muted")
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._build()
        self._grid.setRowStretch(self._row + 1, 1)
        part.lookChanged.connect(self._look)
        self._look()

    @property
    def bindings(self) -> list[Binding]:
        """The strip's keys."""
        return self._bindings

    def _build(self) -> None:
        part, view = self._part, self._part.view
        self._add("overlay", "H", translate("Review", "Next overlay style"), part.next_style)
        self._label(self._style)
        self._add("lighter", "[", translate("Review", "Lighter overlay"), partial(part.change_opacity, -1))
        self._add("stronger", "]", translate("Review", "Stronger overlay"), partial(part.change_opacity, 1))
        self._checked["contrast"] = self._add(
            "theme", "K", translate("Review", "Local contrast, view only"), partial(part.toggle_filter, "contrast")
        )
        self._checked["edges"] = self._add(
            "contour", "D", translate("Review", "Edges, view only"), partial(part.toggle_filter, "edges")
        )
        self._add("", ";", translate("Review", "Less of the view filter"), partial(part.adjust_filter, -1))
        self._add("", "'", translate("Review", "More of the view filter"), partial(part.adjust_filter, 1))
        self._add("minus", "-", translate("Review", "Zoom out"), partial(view.zoom_by, 1 / 1.25))
        self._add("plus", "+", translate("Review", "Zoom in"), partial(view.zoom_by, 1.25))
        self._add("fit", "0", translate("Review", "Whole picture"), view.fit)
        self._add("search", "=", translate("Review", "One to one"), view.actual_size)
        if self._explain is not None:
            self._add("question", "M", translate("Review", "Explain by Grad-CAM and others"), self._explain)
        if self._compare is not None:
            words = translate("Review", "Two models side by side")
            self._checked["compare"] = self._add("compare", "V", words, self._compare)
        if self._regions is not None:
            self._build_painting(self._regions)

    def _build_painting(self, regions: Callable[[str], None]) -> None:
        part = self._part
        self._gap()
        tools = (
            ("brush", "B", translate("Review", "Paint the defect")),
            ("erase", "E", translate("Review", "Erase paint")),
            ("polygon", "P", translate("Review", "Paint a polygon")),
        )
        for name, key, words in tools:
            self._checked[name] = self._add(name, key, words, partial(part.take_tool, name))
        self._add("undo", "Delete", translate("Review", "Take all paint off"), part.canvas.clear)
        self._add("", "Comma", translate("Review", "Smaller brush"), partial(part.resize_brush, -1))
        self._add("", "Period", translate("Review", "Larger brush"), partial(part.resize_brush, 1))
        self._label(self._brush, wide=True)
        self._gap()
        self._add("next", "G", translate("Review", "Select the next region"), partial(regions, "next"))
        self._label(self._region)
        self._add("ok", "A", translate("Review", "The region is a defect"), partial(regions, "accept"))
        self._add("close", "X", translate("Review", "The region is no defect"), partial(regions, "reject"))

    def _add(self, icon_name: str, key: str, words: str, act: Callable[[], object]) -> ToolKey:
        button = ToolKey(self._theme, icon_name, key, words)
        button.clicked.connect(lambda: act())
        self._theme.changed.connect(button.update)
        self._put(button)
        self._bindings.append(Binding(_PRINTED.get(key, key), words, act))
        return button

    def _put(self, widget: QWidget) -> None:
        self._grid.addWidget(widget, self._row, self._column)
        last = self._column == self._columns - 1
        self._row, self._column = (self._row + 1, 0) if last else (self._row, self._column + 1)

    def _label(self, label: QLabel, *, wide: bool = False) -> None:
        if wide:
            self._end_row()
            self._grid.addWidget(label, self._row, 0, 1, self._columns)
            self._row += 1
        else:
            self._put(label)

    def _end_row(self) -> None:
        if self._column:
            self._row, self._column = self._row + 1, 0

    def _gap(self) -> None:
        self._end_row()
        self._grid.setRowMinimumHeight(self._row, SPACING)
        self._row += 1

    def show_comparing(self, on: bool) -> None:
        """Whether two models are side by side."""
        self._comparing = on
        self._look()

    def show_region(self, selected: int | None, count: int) -> None:
        """Which region is selected, of how many."""
        self._region.setText("" if not count else _region_words(selected, count))

    def _look(self) -> None:
        part = self._part
        on = {"contrast": part.filter.kind == "contrast", "edges": part.filter.kind == "edges"}
        on["compare"] = self._comparing
        for name, button in self._checked.items():
            button.setCheckable(True)
            button.setChecked(on.get(name, part.tool == name))
        style = part.view.overlay_style
        word = style_word(style)
        self._style.setText(word if style in ("off", "contour") else f"{word}\n{percent(part.view.opacity, 0)}")
        self._brush.setText(translate("Review", "brush {size} px").format(size=part.brush_px))


def style_word(style: OverlayStyle) -> str:
    """An overlay style in words."""
    words: dict[OverlayStyle, str] = {
        "heat": translate("Review", "heat"),
        "mask": translate("Review", "mask"),
        "contour": translate("Review", "contour"),
        "off": translate("Review", "off"),
    }
    return words[style]


def _region_words(selected: int | None, count: int) -> str:
    chosen = "–" if selected is None else str(selected + 1)
    return translate("Review", "{number} of {count}").format(number=chosen, count=count)
