"""Settings: sections in one column, a list of them at the left; every change acts and is kept at once."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from db.users import trail as audit
from gui.context import AppContext
from gui.i18n.language import translate
from gui.page import Binding
from gui.pages.settings.fields import Field, FieldRow, put, value_of
from gui.pages.settings.more import TOUR, AboutPanel, DataPanel, KeysPanel, SoundPanel, TrainerPanel
from gui.pages.settings.pictures import PicturesPanel
from gui.pages.settings.table import Section, sections
from gui.pages.settings.users import UsersPanel
from gui.theme.theme import SPACING, scaled
from gui.users.operators import ask_engineer
from gui.widgets.key_button import KeyButton

LIST_WIDTH = 168
COLUMN_WIDTH = 800
RESIZING = ("scale", "touch")


class SettingsPage(QWidget):
    """The page. Where the station requires PINs, what touches judgement or records waits for an engineer."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.setObjectName("page")
        self._context = context
        self._engineer = ""
        self._sections = sections()
        self.rows: dict[str, FieldRow] = {}
        self.boxes: dict[str, QWidget] = {}
        self.sounds = SoundPanel(context)
        self.pictures = PicturesPanel(context, self._apply, self._who)
        self.users = UsersPanel(context, self._who, self._apply)
        self.trainer = TrainerPanel(context)
        self.data = DataPanel(context)
        self.about = AboutPanel(context)
        self.keys_panel = KeysPanel(context)
        self._panels: dict[str, QWidget] = {
            "sounds": self.sounds,
            "pictures": self.pictures,
            "users": self.users,
            "trainer": self.trainer,
            "data": self.data,
            "keys": self.keys_panel,
            "about": self.about,
        }
        self.list = QListWidget()
        self.area = QScrollArea(widgetResizable=True)
        self.unlock_button = KeyButton(context.theme, translate("Settings", "Unlock…"), "U", "lock", primary=True)
        self._locked = QFrame()
        self._lay_out()
        self._connect()
        self._show_lock()

    # ── the page protocol ────────────────────────────────────────────────────────────────────────────────────────
    def activated(self) -> None:
        """Read anew what changes by itself, and go where one was before."""
        self.refresh()
        self._go(str(self._context.memory("settings").get("section", self._sections[0].name)))
        self.list.setFocus()

    def keys(self) -> list[Binding]:
        """Everything Settings does, by key; fields and lists by Tab."""
        return [
            Binding("U", translate("Settings", "Unlock what changes judgement and records"), self.unlock),
            Binding("T", translate("Settings", "Try the alarm's tone"), self.sounds.sound),
            Binding("A", translate("Settings", "Add a user"), self._add_user),
            Binding("X", translate("Settings", "Remove old pictures now"), self._remove_now),
            Binding("B", translate("Settings", "Choose the trainer's program"), self._browse),
            Binding("D", translate("Settings", "Open the data folder"), self.data.open_folder),
            Binding("G", translate("Settings", "Go through the guided start again"), self._tour),
            Binding("PgUp", translate("Settings", "Previous section"), partial(self._step, -1)),
            Binding("PgDown", translate("Settings", "Next section"), partial(self._step, 1)),
        ]

    def held(self) -> str:
        """Nothing here is in the way of a new window."""
        return ""

    def close_page(self) -> None:
        """Jobs under way end by themselves."""
        self.pictures.close_panel()

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def locked(self) -> bool:
        """Whether an engineer has to unlock first."""
        return self._context.settings.pin_required and not self._engineer

    def unlock(self) -> None:
        """Ask for an engineer; unlocked until the page is left."""
        if self.locked:
            ask_engineer(self._context, self, self._unlocked)

    def refresh(self) -> None:
        """Show every setting as it is, and what panels find out on jobs."""
        for key, row in self.rows.items():
            row.show_value(value_of(self._context.settings, key))
        self._show_lock()
        for panel in (self.pictures, self.users, self.trainer, self.data):
            panel.refresh()

    def _unlocked(self, name: str) -> None:
        self._engineer = name
        self._show_lock()

    def _who(self) -> str:
        return self._engineer or self._context.operator

    def _add_user(self) -> None:
        self._if_open(self.users.add)

    def _remove_now(self) -> None:
        self._if_open(self.pictures.ask_now)

    def _browse(self) -> None:
        self._if_open(self.trainer.browse)

    def _if_open(self, act: Any) -> None:
        if self.locked:
            self.unlock()
        else:
            act()

    # ── changes ──────────────────────────────────────────────────────────────────────────────────────────────────
    def _changed(self, field: Field, value: Any) -> None:
        if field.key.startswith("retention."):
            self.pictures.ask(field.key, value)
        elif field.key == "pin_required":
            self.users.require_pin(bool(value))
        else:
            self._apply(field.key, value)

    def _apply(self, key: str, value: Any) -> None:
        """Set it, keep it, act on it, note it."""
        settings, row = self._context.settings, self.rows[key]
        before = value_of(settings, key)
        try:
            put(settings, key, value)
        except ValueError:
            row.complain(translate("Settings", "This value cannot be used."))
            row.show_value(before)
            return
        row.show_value(value)
        self._context.keep_settings()
        if row.field.judges and before != value:
            words = partial(
                audit.record, self._context.db, self._who(), "setting changed", f"{key}: {before} → {value}"
            )
            self._context.jobs.run(words, self._noted)
        self._act(key, value)

    def _noted(self, _none: None) -> None:
        """It stands in the trail."""

    def _act(self, key: str, value: Any) -> None:
        context = self._context
        if key == "theme":
            context.theme.choose(value)
        elif key == "language":
            # Later: the window is built anew, and this signal's sender with it.
            QTimer.singleShot(0, self, self._speak)
        elif key in RESIZING:
            QTimer.singleShot(0, self, self._resize)
        elif key == "sounds" and value:
            self.sounds.confirm()
        elif key == "trainer":
            self.trainer.refresh()
        elif key == "pin_required":
            if value:
                self._engineer = self._who()
            self._show_lock()

    def _speak(self) -> None:
        self._context.language.choose(self._context.settings.language)

    def _resize(self) -> None:
        settings = self._context.settings
        self._context.theme.resize(settings.scale, touch=settings.touch)
        self._context.resized.emit()

    def _show_lock(self) -> None:
        self._locked.setVisible(self.locked)
        for section in self._sections:
            if section.locked:
                self.boxes[section.name].setEnabled(not self.locked)

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
        colours, padding = self._context.theme.colours, max(scaled(8), 12 if self._context.theme.touch else 0)
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
            made = FieldRow(field, value_of(self._context.settings, field.key))
            made.changed.connect(self._changed)
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

    def _connect(self) -> None:
        self.unlock_button.clicked.connect(self.unlock)
        self.list.currentRowChanged.connect(self._chosen)
        self.list.itemClicked.connect(self._clicked)
        self.area.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.trainer.picked.connect(self._trainer_picked)
        self._context.theme.changed.connect(self._theme_changed)

    def _trainer_picked(self, place: str) -> None:
        self._apply("trainer", place)

    def _theme_changed(self) -> None:
        self.rows["theme"].show_value(self._context.theme.name)
        self._style_list()

    # ── the list of sections ─────────────────────────────────────────────────────────────────────────────────────
    def _go(self, name: str) -> None:
        row = next((at for at, section in enumerate(self._sections) if section.name == name), 0)
        self._mark(row)
        QTimer.singleShot(0, self, self._to_section)

    def _tour(self) -> None:
        self._context.pageAsked.emit(TOUR)

    def _step(self, rows: int) -> None:
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
        self._context.remember("settings", section=self._sections[max(0, row)].name)

    def _scrolled(self, value: int) -> None:
        """Mark the section at the top, or the last one at the very end."""
        bar = self.area.verticalScrollBar()
        tops = [self.boxes[section.name].y() for section in self._sections]
        at = len(tops) - 1 if value >= bar.maximum() else max(0, sum(top <= value + scaled(80) for top in tops) - 1)
        self._mark(at)

    # ── Qt ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def hideEvent(self, event: QHideEvent) -> None:
        """Whoever leaves the page locks it."""
        super().hideEvent(event)
        self._engineer = ""
        self._show_lock()
