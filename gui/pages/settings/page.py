"""Settings: sections in one column, a list of them at the left; every change acts and is kept at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from db.users import trail as audit
from gui.context import AppContext
from gui.forms.rows import Field
from gui.i18n.language import translate
from gui.page import Binding
from gui.pages.settings.more import TOUR, AboutPanel, DataPanel, KeysPanel, SoundPanel, TrainerPanel
from gui.pages.settings.pictures import PicturesPanel
from gui.pages.settings.presenter import Effect, SettingsPresenter
from gui.pages.settings.products.panel import ProductsPanel
from gui.pages.settings.simulated import SimulatedPanel
from gui.pages.settings.table import sections
from gui.pages.settings.users import UsersPanel
from gui.pages.settings.view import SettingsView
from gui.theme.theme import SPACING
from gui.users.operators import ask_engineer


class SettingsPage(QWidget):
    """The page: what is changed goes to the rules, and what follows of it is done."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.setObjectName("page")
        self._context = context
        self._rules = SettingsPresenter(context)
        self.products = ProductsPanel(context, self._who)
        self.sounds = SoundPanel(context)
        self.pictures = PicturesPanel(context, self._apply, self._who)
        self.simulated = SimulatedPanel(context, self._who)
        self.users = UsersPanel(context, self._who, self._apply)
        self.trainer = TrainerPanel(context)
        self.data = DataPanel(context)
        self.about = AboutPanel(context)
        self.keys_panel = KeysPanel(context)
        panels: dict[str, QWidget] = {
            "products": self.products,
            "sounds": self.sounds,
            "pictures": _stacked(self.pictures, self.simulated),
            "users": self.users,
            "trainer": self.trainer,
            "data": self.data,
            "keys": self.keys_panel,
            "about": self.about,
        }
        self.view = SettingsView(context.theme, sections(), panels, self._rules.value)
        self.rows, self.boxes = self.view.rows, self.view.boxes
        self.list, self.area = self.view.list, self.view.area
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self.view.changed.connect(self._changed)
        self.view.marked.connect(self._marked)
        self.view.unlock_button.clicked.connect(self.unlock)
        self.trainer.picked.connect(self._trainer_picked)
        self._show_lock()

    # ── the page protocol ────────────────────────────────────────────────────────────────────────────────────────
    def activated(self) -> None:
        """Read anew what changes by itself, and go where one was before."""
        self.refresh()
        self.view.go(str(self._context.memory("settings").get("section", "")))
        self.list.setFocus()

    def keys(self) -> list[Binding]:
        """Everything Settings does, by key; fields and lists by Tab."""
        return [
            Binding("U", translate("Settings", "Unlock what changes judgement and records"), self.unlock),
            Binding("T", translate("Settings", "Try the alarm's tone"), self.sounds.sound),
            Binding("N", translate("Settings", "Make a product"), partial(self._if_open, self.products.make)),
            Binding("I", translate("Settings", "Import a product"), partial(self._if_open, self.products.ask_import)),
            Binding("A", translate("Settings", "Add a user"), partial(self._if_open, self.users.add)),
            Binding(
                "X", translate("Settings", "Remove old pictures now"), partial(self._if_open, self.pictures.ask_now)
            ),
            Binding(
                "B", translate("Settings", "Choose the trainer's program"), partial(self._if_open, self.trainer.browse)
            ),
            Binding("D", translate("Settings", "Open the data folder"), self.data.open_folder),
            Binding("G", translate("Settings", "Go through the guided start again"), self._tour),
            Binding("PgUp", translate("Settings", "Previous section"), partial(self.view.step, -1)),
            Binding("PgDown", translate("Settings", "Next section"), partial(self.view.step, 1)),
        ]

    def held(self) -> str:
        """Nothing here is in the way of a new window."""
        return ""

    def close_page(self) -> None:
        """Jobs under way end by themselves."""
        self.pictures.close_panel()
        self.simulated.close_panel()

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def locked(self) -> bool:
        """Whether an engineer has to unlock first."""
        return self._rules.locked

    def unlock(self) -> None:
        """Ask for an engineer; unlocked until the page is left."""
        if self.locked:
            ask_engineer(self._context, self, self._unlocked)

    def refresh(self) -> None:
        """Show every setting as it is, and what panels find out on jobs."""
        self.view.show_values()
        self._show_lock()
        for panel in (self.products, self.pictures, self.simulated, self.users, self.trainer, self.data):
            panel.refresh()

    def _unlocked(self, name: str) -> None:
        self._rules.unlock(name)
        self._show_lock()

    def _who(self) -> str:
        return self._rules.who

    def _show_lock(self) -> None:
        self.view.show_lock(self.locked)

    def _if_open(self, act: Callable[[], None]) -> None:
        if self.locked:
            self.unlock()
        else:
            act()

    def _tour(self) -> None:
        self._context.pageAsked.emit(TOUR)

    def _marked(self, section: str) -> None:
        self._context.remember("settings", section=section)

    # ── changes ──────────────────────────────────────────────────────────────────────────────────────────────────
    def _changed(self, field: Field, value: Any) -> None:
        match self._rules.way(field.key):
            case "retention":
                self.pictures.ask(field.key, value)
            case "pin":
                self.users.require_pin(bool(value))
            case "immediately":
                self._apply(field.key, value)

    def _apply(self, key: str, value: Any) -> None:
        """Set it, keep it, act on it, note it."""
        row, who = self.rows[key], self._rules.who
        change = self._rules.put(key, value, judges=row.field.judges)
        if change is None:
            row.complain(translate("Settings", "This value cannot be used."))
            row.show_value(self._rules.value(key))
            return
        row.show_value(value)
        self._context.keep_settings()
        if change.note:
            words = partial(audit.record, self._context.db, who, "setting changed", change.note)
            self._context.jobs.run(words, self._noted)
        self._act(change.effect, value)

    def _trainer_picked(self, place: str) -> None:
        self._apply("trainer", place)

    def _noted(self, _none: None) -> None:
        """It stands in the trail."""

    def _act(self, effect: Effect, value: Any) -> None:
        match effect:
            case "theme":
                self._context.theme.choose(value)
            case "language":
                # Later: the window is built anew, and this signal's sender with it.
                QTimer.singleShot(0, self, self._speak)
            case "size":
                QTimer.singleShot(0, self, self._resize)
            case "tone":
                self.sounds.confirm()
            case "trainer":
                self.trainer.refresh()
            case "lock":
                self._show_lock()

    def _speak(self) -> None:
        self._context.language.choose(self._context.settings.language)

    def _resize(self) -> None:
        settings = self._context.settings
        self._context.theme.resize(settings.scale, touch=settings.touch)
        self._context.resized.emit()

    # ── Qt ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def hideEvent(self, event: QHideEvent) -> None:
        """Whoever leaves the page locks it."""
        super().hideEvent(event)
        self._rules.leave()
        self._show_lock()


def _stacked(*panels: QWidget) -> QWidget:
    """Several panels of one section, one below the other."""
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(SPACING)
    for panel in panels:
        column.addWidget(panel)
    return made
