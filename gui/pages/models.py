"""Models: the versions there are, the chosen one in full, and the one act that matters now: teach."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QSplitter,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from db.export import waiting
from db.registry import Activation, ModelVersion, activations, list_models, rollback
from db.session import Database
from engine.manifest import Manifest
from engine.package import open_package
from gui.context import AppContext, Binding
from gui.language import translate
from gui.pages.models_details import ModelDetails
from gui.pages.models_import import Importing
from gui.pages.models_why import WhyDialog
from gui.pages.teach import Teaching
from gui.tables.calm import calm_table
from gui.tables.models import ACCURACY, ESCAPES, NAME, REGISTERED, STATE, VERSION, ModelsTable
from gui.theme import SPACING
from gui.widgets.key_button import KeyButton

WIDTHS = {STATE: 88, VERSION: 132, NAME: 120, ACCURACY: 72, ESCAPES: 64, REGISTERED: 128}
LIST_WIDTH = 640
EMPTY = "No model is registered yet. Import a model (I), or start the line once: it registers the shipped one."


@dataclass(frozen=True, slots=True)
class _Found:
    """What the page reads at once."""

    models: tuple[ModelVersion, ...]
    activations: tuple[Activation, ...]
    waiting: int


class ModelsPage(QWidget):
    """List and details, or the teaching flow."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.setObjectName("page")
        self._context = context
        theme = context.theme
        self.teaching = Teaching(context, self)
        self.importing = Importing(context, self)
        self.rows = ModelsTable()
        self.table = QTableView()
        self.details = ModelDetails(theme)
        self.teach_button = KeyButton(theme, "Teach the model", "T", "teach")
        self.activate_button = KeyButton(theme, "Activate…", "A", "ok", compact=True)
        self.rollback_button = KeyButton(theme, "Roll back…", "Z", "undo", compact=True)
        self.import_button = KeyButton(theme, "Import…", "I", "import", compact=True)
        self.folder_button = KeyButton(theme, "Import folder…", "Shift+I", compact=True)
        self._empty = QLabel(EMPTY, wordWrap=True)
        self._stack = QStackedWidget()
        self._activations: tuple[Activation, ...] = ()
        self._waiting = 0
        self._wanted = ""
        self._set_up_table()
        self._lay_out()
        self._connect()
        self._show_buttons()

    # ── the page protocol ────────────────────────────────────────────────────────────────────────────────────────
    def activated(self) -> None:
        """Read the list again."""
        self._context.jobs.run(partial(_find, self._context.db), self._found)
        self.table.setFocus()

    def keys(self) -> list[Binding]:
        """Everything Models does, by key."""
        return [
            Binding("T", "Teach the model from the corrections", self.teach),
            Binding("A", "Activate the chosen model", self.ask_activate),
            Binding("X", "Reject the new model", self.teaching.ask_reject),
            Binding("Z", "Roll back to the model before", self.ask_rollback),
            Binding("I", "Import a model from a file (zip, ONNX, OpenVINO)", partial(self.importing.ask, False)),
            Binding("Shift+I", "Import a model from a folder", partial(self.importing.ask, True)),
            Binding("C", "Cancel the training", self.teaching.cancel),
            Binding("Left", "Previous model", partial(self._step, -1)),
            Binding("Right", "Next model", partial(self._step, 1)),
            Binding("Backspace", "Back to the list", self._back),
        ]

    def held(self) -> str:
        """Why the page cannot be built anew now; empty = it can."""
        return translate("Models", "A model is being taught.") if self.teaching.busy else ""

    def close_page(self) -> None:
        """End a training under way, with a checkpoint."""
        self.teaching.close()

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def current(self) -> ModelVersion | None:
        """The model the mark is on."""
        return self.rows.model(self.table.currentIndex().row())

    def teach(self) -> None:
        """Show the teaching flow; begin one when none is under way or waits for a decision."""
        self._stack.setCurrentWidget(self.teaching.view)
        if not self.teaching.busy and self.teaching.candidate is None:
            self.teaching.start()

    def ask_activate(self) -> None:
        """Why this model from now on? In the flow it is the new one."""
        if self._stack.currentWidget() is self.teaching.view:
            self.teaching.ask_activate()
            return
        model = self.current
        if model is None or model.state == "active":
            self._context.notify("info", "This model is the active one." if model else "No model is chosen.")
            return
        text = f"{model.name} {model.version} judges from the next part on."
        dialog = WhyDialog(self._context.theme, "Activate", text, "Activate", parent=self)
        dialog.agreed.connect(partial(self._context.activate, model.version))
        dialog.open()

    def ask_rollback(self) -> None:
        """Why back to the model before?"""
        text = "The model that was active before judges from the next part on."
        dialog = WhyDialog(self._context.theme, "Roll back", text, "Roll back", parent=self)
        dialog.agreed.connect(self.roll_back)
        dialog.open()

    def roll_back(self, why: str) -> None:
        """Back to the model active before, on a job; the line swaps."""
        db, by = self._context.db, self._context.operator
        self._context.jobs.run(
            lambda: rollback(db, by, why), lambda model: self._context.modelActivated.emit(model.version)
        )

    def import_package(self, path: Path) -> None:
        """Verify and register a package, or ask about a model made elsewhere; it is a candidate until activated."""
        self.importing.take(path)

    def _imported(self, model: ModelVersion) -> None:
        self._wanted = model.version
        self.activated()

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _set_up_table(self) -> None:
        table = self.table
        table.setModel(self.rows)
        calm_table(table, self._context.theme, 40)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setAccessibleName("Model versions")
        for column, width in WIDTHS.items():
            table.setColumnWidth(column, width)

    def _lay_out(self) -> None:
        acts = QHBoxLayout()
        acts.setSpacing(SPACING)
        for button in (self.activate_button, self.rollback_button, self.import_button, self.folder_button):
            acts.addWidget(button)
        acts.addStretch(1)
        left, top = QWidget(), QHBoxLayout()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        column.addWidget(self._empty)
        column.addWidget(self.table, 1)
        column.addLayout(acts)
        top.addWidget(self.teach_button)
        top.addStretch(1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(left)
        split.addWidget(self.details)
        split.setStretchFactor(1, 1)
        split.setSizes([LIST_WIDTH, 10_000])
        split.setHandleWidth(SPACING)
        split.setChildrenCollapsible(False)
        split.setStyleSheet("QSplitter::handle { background: transparent; }")
        overview = QWidget()
        page = QVBoxLayout(overview)
        page.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        page.setSpacing(SPACING)
        page.addLayout(top)
        page.addWidget(split, 1)
        self._stack.addWidget(overview)
        self._stack.addWidget(self.teaching.view)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)

    def _connect(self) -> None:
        self.teach_button.clicked.connect(self.teach)
        self.activate_button.clicked.connect(self.ask_activate)
        self.rollback_button.clicked.connect(self.ask_rollback)
        self.import_button.clicked.connect(lambda: self.importing.ask(False))
        self.folder_button.clicked.connect(lambda: self.importing.ask(True))
        self.importing.imported.connect(self._imported)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._show_current())
        self.teaching.view.back.clicked.connect(self._back)
        self.teaching.changed.connect(self._show_buttons)
        self.teaching.decided.connect(self._back)
        self._context.modelActivated.connect(self.activated)
        self._context.packageChanged.connect(self.activated)

    # ── what comes back ──────────────────────────────────────────────────────────────────────────────────────────
    def _found(self, found: _Found) -> None:
        now = self.current
        self._activations, self._waiting = found.activations, found.waiting
        self.rows.set_models(found.models)
        self._empty.setVisible(not found.models)
        self.table.setVisible(bool(found.models))
        active = next((m.version for m in found.models if m.state == "active"), "")
        wanted = self._wanted or (now.version if now else active)
        self._wanted = ""
        self._mark(max(0, self.rows.row_of(wanted)))
        self._show_current()
        self._show_buttons()

    def _show_current(self) -> None:
        model = self.current
        self._show_buttons()
        if model is not None:
            self._context.jobs.run(
                lambda: open_package(model.folder).manifest, partial(self._describe, model), self._damaged
            )

    def _describe(self, model: ModelVersion, manifest: Manifest) -> None:
        now = self.current
        if now is not None and now.version == model.version:
            self.details.show_model(model, manifest, self._activations)

    def _damaged(self, error: Exception) -> None:
        self.details.takeWidget()
        self._context.jobs.failed.emit(error)

    # ── the screen ───────────────────────────────────────────────────────────────────────────────────────────────
    def _show_buttons(self) -> None:
        model, teaching = self.current, self.teaching
        self.activate_button.setEnabled(model is not None and model.state != "active")
        self.rollback_button.setEnabled(len({a.version for a in self._activations}) > 1)
        parts = "1 correction waits" if self._waiting == 1 else f"{self._waiting:,} corrections wait"
        text = f"{parts}: teach the model" if self._waiting else "Teach the model"
        if teaching.busy:
            text = "Training" + (f" {teaching.percent} %" if teaching.percent is not None else "…") + ": show"
        elif teaching.candidate is not None:
            text = "A new model waits for your decision: show"
        urgent = bool(self._waiting) or teaching.busy or teaching.candidate is not None
        self.teach_button.setProperty("role", "primary" if urgent else "")
        self.teach_button.style().unpolish(self.teach_button)
        self.teach_button.style().polish(self.teach_button)
        self.teach_button.setText(text)
        self.teach_button.updateGeometry()

    def _step(self, rows: int) -> None:
        row = self.table.currentIndex().row() + rows
        if 0 <= row < self.rows.rowCount():
            self._mark(row)

    def _mark(self, row: int) -> None:
        flags = QItemSelectionModel.SelectionFlag
        index = self.rows.index(row, STATE)
        self.table.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)

    def _back(self) -> None:
        self._stack.setCurrentIndex(0)
        self.activated()


def _find(db: Database) -> _Found:
    return _Found(list_models(db), activations(db), waiting(db))
