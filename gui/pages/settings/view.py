"""Settings on screen: a list of the sections at the left, all of them below each other in one column at the right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QListWidget, QScrollArea, QVBoxLayout, QWidget

from gui.forms.rows import FieldRow
from gui.i18n.language import translate
from gui.pages.settings.table import Section
from gui.theme.theme import SPACING, Theme, scaled
from gui.widgets.key_button import KeyButton

LIST_WIDTH = 168
COLUMN_WIDTH = 800


class SettingsView(QWidget):
    """`changed`: field and wanted value. `marked`: the section that is on top now."""

    changed = Signal(object, object)
    marked = Signal(str)

    def __init__(
        self,
        theme: Theme,
        sections: Sequence[Section],
        panels: Mapping[str, QWidget],
        read: Callable[[str], Any],
    ) -> None:
        super().__init__()
        self._theme, self._sections, self._panels, self._read = theme, sections, panels, read
        self.rows: dict[str, FieldRow] = {}
        self.boxes: dict[str, QWidget] = {}
        self.list = QListWidget()
        self.area = QScrollArea(widgetResizable=True)
        self.unlock_button = KeyButton(theme, translate("Settings", "Unlock…"), "U", "lock", primary=True)
        self._locked = QFrame()
        self._lay_out()
        self.list.currentRowChanged.connect(self._chosen)
        self.list.itemClicked.connect(self._clicked)
        self.area.verticalScrollBar().valueChanged.connect(self._scrolled)
        theme.changed.connect(self._theme_changed)

    def show_values(self) -> None:
        """Every setting as it is."""
        for key, row in self.rows.items():
            row.show_value(self._read(key))

    def show_lock(self, locked: bool) -> None:
        """Whether what changes judgement and records waits for an engineer."""
        self._locked.setVisible(locked)
        for section in self._sections:
            if section.locked:
                self.boxes[section.name].setEnabled(not locked)

    # ── the list of sections ─────────────────────────────────────────────────────────────────────────────────────
    def go(self, name: str) -> None:
        """To this section, once the column is laid out; the first where there is none of this name."""
        row = next((at for at, section in enumerate(self._sections) if section.name == name), 0)
        self._mark(row)
        QTimer.singleShot(0, self, self._to_section)

    def step(self, rows: int) -> None:
        """So many sections down, or up."""
        self.list.setCurrentRow(min(max(0, self.list.currentRow() + rows), self.list.count() - 1))

    def _clicked(self, _item: object) -> None:
        self._to_section()

    def _chosen(self, row: int) -> None:
        if row >= 0:
            self._to_section()

    def _to_section(self) -> None:
        """Bring the chosen section to the top; the mark stays on it, though it may not get there."""
        chosen = self.list.currentRow()
        self.area.verticalScrollBar().setValue(self.boxes[self._sections[max(0, chosen)].name].y())
        self._mark(chosen)

    def _mark(self, row: int) -> None:
        self.list.blockSignals(True)
        self.list.setCurrentRow(row)
        self.list.blockSignals(False)
        self.marked.emit(self._sections[max(0, row)].name)

    def _scrolled(self, value: int) -> None:
        """Mark the section at the top, or the last one at the very end."""
        bar = self.area.verticalScrollBar()
        tops = [self.boxes[section.name].y() for section in self._sections]
        at = len(tops) - 1 if value >= bar.maximum() else max(0, sum(top <= value + scaled(80) for top in tops) - 1)
        self._mark(at)

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _lay_out(self) -> None:
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3 * SPACING)
        for section in self._sections:
            column.addWidget(self._box(section))
            self.list.addItem(section.title)
        column.addStretch(1)
        inner = QWidget()
        inner.setLayout(column)
        inner.setMaximumWidth(scaled(COLUMN_WIDTH))
        self.area.setWidget(inner)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setFixedWidth(scaled(LIST_WIDTH))
        self.list.setAccessibleName(translate("Settings", "Sections"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._style_list()
        right = QVBoxLayout()
        right.setSpacing(SPACING)
        right.addWidget(self._lock_bar())
        right.addWidget(self.area, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        row.setSpacing(2 * SPACING)
        row.addWidget(self.list)
        row.addLayout(right, 1)

    def _style_list(self) -> None:
        """As quiet as the rail: the chosen one is raised and has a bar at its left."""
        colours, padding = self._theme.colours, max(scaled(8), 12 if self._theme.touch else 0)
        self.list.setStyleSheet(
            "QListWidget { border: 1px solid transparent; background: transparent; }"
            f"QListWidget:focus {{ border-color: {colours.accent}; }}"
            f"QListWidget::item {{ padding: {padding}px {SPACING}px; border-left: 3px solid transparent;"
            f" color: {colours.muted}; }}"
            f"QListWidget::item:selected {{ background: {colours.raised}; color: {colours.text};"
            f" border-left: 3px solid {colours.accent}; }}"
        )

    def _lock_bar(self) -> QFrame:
        self._locked.setProperty("role", "panel")
        self._locked.setMaximumWidth(scaled(COLUMN_WIDTH))
        said = QLabel(translate("Settings", "What changes judgement and records waits for an engineer."), wordWrap=True)
        row = QHBoxLayout(self._locked)
        row.setContentsMargins(2 * SPACING, SPACING, SPACING, SPACING)
        row.addWidget(said, 1)
        row.addWidget(self.unlock_button)
        return self._locked

    def _box(self, section: Section) -> QWidget:
        """A heading and a panel with the section's rows, a line between each two."""
        heading = QLabel(section.title)
        heading.setProperty("role", "large")
        panel = QFrame()
        panel.setProperty("role", "panel")
        inside = QVBoxLayout(panel)
        inside.setContentsMargins(2 * SPACING, 2 * SPACING, 2 * SPACING, 2 * SPACING)
        inside.setSpacing(3 * SPACING // 2)
        widgets: list[QWidget] = []
        for field in section.fields:
            made = FieldRow(field, self._read(field.key))
            made.changed.connect(self.changed)
            self.rows[field.key] = made
            widgets.append(made)
        if section.name in self._panels:
            widgets.append(self._panels[section.name])
        for index, widget in enumerate(widgets):
            if index:
                line = QFrame()
                line.setProperty("role", "line")
                line.setFixedHeight(1)
                inside.addWidget(line)
            inside.addWidget(widget)
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        column.addWidget(heading)
        column.addWidget(panel)
        self.boxes[section.name] = box
        return box

    def _theme_changed(self) -> None:
        self.rows["theme"].show_value(self._theme.name)
        self._style_list()
