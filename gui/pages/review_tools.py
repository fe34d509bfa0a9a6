"""The strip of tools beside the picture: overlay, view filters, painting, regions, zoom; each with its key."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QStyle, QStyleOptionButton, QStylePainter, QWidget

from gui.context import Binding
from gui.icons import icon
from gui.pages.review_picture import PartView
from gui.theme import SMALL, SPACING, Theme, font
from gui.widgets.key_button import CAP_NAMES

WIDTH, HEIGHT, ICON = 56, 30, 20

_PRINTED = {"Comma": ",", "Period": "."}


class ToolKey(QPushButton):
    """An icon and its key; without an icon the key alone, in full ink."""

    def __init__(self, theme: Theme, icon_name: str, key: str, words: str) -> None:
        super().__init__()
        self._theme, self._icon_name, self._key = theme, icon_name, CAP_NAMES.get(key, key)
        self.setFixedSize(QSize(WIDTH, HEIGHT))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        # The sheet's minimum for push buttons is higher than a strip of fifteen can afford.
        self.setStyleSheet(f"min-height: {HEIGHT}px; max-height: {HEIGHT}px; min-width: {WIDTH - 4}px; padding: 0;")
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
        middle = (self.height() - ICON) // 2
        icon(self._icon_name, ink.name()).paint(painter, QRect(SPACING, middle, ICON, ICON))
        key = self.rect().adjusted(SPACING + ICON, 0, -4, 0)
        painter.drawText(key, Qt.AlignmentFlag.AlignCenter, self._key)


class ToolStrip(QWidget):
    """All tools of a PartView. `editable` False (Scan): overlay, filters and zoom only."""

    def __init__(
        self,
        theme: Theme,
        part: PartView,
        regions: Callable[[str], None] | None = None,
        explain: Callable[[], object] | None = None,
    ) -> None:
        super().__init__()
        self._part, self._theme, self._regions, self._explain = part, theme, regions, explain
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        self._bindings: list[Binding] = []
        self._checked: dict[str, ToolKey] = {}
        self._row = self._column = 0
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
        self._add("overlay", "H", "Next overlay style", part.next_style)
        self._label(self._style)
        self._add("lighter", "[", "Lighter overlay", partial(part.change_opacity, -1))
        self._add("stronger", "]", "Stronger overlay", partial(part.change_opacity, 1))
        self._checked["contrast"] = self._add(
            "theme", "K", "Local contrast, view only", partial(part.toggle_filter, "contrast")
        )
        self._checked["edges"] = self._add("contour", "D", "Edges, view only", partial(part.toggle_filter, "edges"))
        self._add("", ";", "Less of the view filter", partial(part.adjust_filter, -1))
        self._add("", "'", "More of the view filter", partial(part.adjust_filter, 1))
        self._add("minus", "-", "Zoom out", partial(view.zoom_by, 1 / 1.25))
        self._add("plus", "+", "Zoom in", partial(view.zoom_by, 1.25))
        self._add("fit", "0", "Whole picture", view.fit)
        self._add("search", "=", "One to one", view.actual_size)
        if self._explain is not None:
            self._add("question", "M", "Explain by Grad-CAM and others", self._explain)
        if self._regions is not None:
            self._build_painting(self._regions)

    def _build_painting(self, regions: Callable[[str], None]) -> None:
        part = self._part
        self._gap()
        tools = (("brush", "B", "Paint the defect"), ("erase", "E", "Erase paint"), ("polygon", "P", "Paint a polygon"))
        for name, key, words in tools:
            self._checked[name] = self._add(name, key, words, partial(part.take_tool, name))
        self._add("undo", "Delete", "Take all paint off", part.canvas.clear)
        self._add("", "Comma", "Smaller brush", partial(part.resize_brush, -1))
        self._add("", "Period", "Larger brush", partial(part.resize_brush, 1))
        self._label(self._brush, wide=True)
        self._gap()
        self._add("next", "G", "Select the next region", partial(regions, "next"))
        self._label(self._region)
        self._add("ok", "A", "The region is a defect", partial(regions, "accept"))
        self._add("close", "X", "The region is no defect", partial(regions, "reject"))

    def _add(self, icon_name: str, key: str, words: str, act: Callable[[], object]) -> ToolKey:
        button = ToolKey(self._theme, icon_name, key, words)
        button.clicked.connect(lambda: act())
        self._theme.changed.connect(button.update)
        self._put(button)
        self._bindings.append(Binding(_PRINTED.get(key, key), words, act))
        return button

    def _put(self, widget: QWidget) -> None:
        self._grid.addWidget(widget, self._row, self._column)
        self._row, self._column = (self._row + 1, 0) if self._column else (self._row, 1)

    def _label(self, label: QLabel, *, wide: bool = False) -> None:
        if wide:
            self._end_row()
            self._grid.addWidget(label, self._row, 0, 1, 2)
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

    def show_region(self, selected: int | None, count: int) -> None:
        """Which region is selected, of how many."""
        self._region.setText("" if not count else f"{'–' if selected is None else selected + 1} of {count}")

    def _look(self) -> None:
        part = self._part
        on = {"contrast": part.filter.kind == "contrast", "edges": part.filter.kind == "edges"}
        for name, button in self._checked.items():
            button.setCheckable(True)
            button.setChecked(on.get(name, part.tool == name))
        style = part.view.overlay_style
        self._style.setText(style if style in ("off", "contour") else f"{style}\n{part.view.opacity:.0%}")
        self._brush.setText(f"brush {part.brush_px} px")
