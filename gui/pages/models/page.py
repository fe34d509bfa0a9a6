"""Models: the versions there are, the chosen one in full, and the one act that matters now: teach."""

from __future__ import annotations

from collections.abc import Sequence
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

from db.datasets.gates import Gate
from db.models.registry import Activation, ModelVersion
from engine.packages.manifest import Manifest
from gui.context import AppContext
from gui.i18n.language import number, translate
from gui.page import Binding
from gui.pages.models.acts import ModelActs
from gui.pages.models.details import ModelDetails, Report
from gui.pages.models.find import Found, chain_of, empty_words, find_all, open_manifest
from gui.pages.models.importing import Importing
from gui.pages.models.table import ACCURACY, DATA, ESCAPES, NAME, REGISTERED, SIZE, SPEED, STATE, VERSION, ModelsTable
from gui.pages.models.teach.flow import Teaching
from gui.theme.theme import SPACING, scaled
from gui.widgets.calm_table import calm_table
from gui.widgets.flow import FlowLayout
from gui.widgets.key_button import KeyButton

WIDTHS = {
    STATE: 88,
    VERSION: 132,
    NAME: 128,
    ACCURACY: 80,
    ESCAPES: 72,
    SPEED: 72,
    SIZE: 72,
    REGISTERED: 120,
    DATA: 240,
}
LIST_WIDTH = 768
DETAILS_WIDTH = 320


class ModelsPage(QWidget):
    """List and details, or the teaching flow."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.setObjectName("page")
        self._context = context
        self.teach_in = partial(context.pageAsked.emit, "teach-in")
        theme = context.theme
        self.teaching = Teaching(context, self)
        self.importing = Importing(context, self)
        self.acts = ModelActs(context, self)
        self.rows = ModelsTable()
        self.table = QTableView()
        self.details = ModelDetails(theme)
        self.teach_button = KeyButton(theme, translate("Models", "Teach the model"), "T", "teach")
        self.new_button = KeyButton(theme, translate("Models", "New product…"), "Shift+T", "snapshot")
        self.activate_button = KeyButton(theme, translate("Models", "Activate…"), "A", "ok", compact=True)
        self.gate_button = KeyButton(theme, translate("Models", "Change gate"), "G", "gate", compact=True)
        self.rollback_button = KeyButton(theme, translate("Models", "Roll back…"), "Z", "undo", compact=True)
        self.import_button = KeyButton(theme, translate("Models", "Import…"), "I", "import", compact=True)
        self.folder_button = KeyButton(theme, translate("Models", "Import folder…"), "Shift+I", "folder", compact=True)
        self.export_button = KeyButton(theme, translate("Models", "Export…"), "E", "export", compact=True)
        self.verify_button = KeyButton(theme, translate("Models", "Verify"), "V", "search", compact=True)
        self.speed_button = KeyButton(theme, translate("Models", "Measure speed"), "S", "play", compact=True)
        self._empty = QLabel(empty_words(), wordWrap=True)
        self._stack = QStackedWidget()
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._activations: tuple[Activation, ...] = ()
        self._gates: tuple[Gate, ...] = ()
        self._waiting = 0
        self._wanted = str(context.memory("models").get("chosen", ""))
        self._set_up_table()
        self._lay_out()
        self._connect()
        self._show_buttons()

    # ── the page protocol ────────────────────────────────────────────────────────────────────────────────────────
    def activated(self) -> None:
        """Read the list again; the keys are the table's."""
        self._read()
        self.table.setFocus()

    def keys(self) -> list[Binding]:
        """Everything Models does, by key."""
        flow, gate = self.teaching, self.teaching.gate
        return [
            Binding("T", translate("Models", "Teach the model from the corrections; go on"), self.teach),
            Binding(
                "Shift+T",
                translate("Models", "Teach-in: a model for a new product"),
                partial(self._context.pageAsked.emit, "teach-in"),
            ),
            Binding("A", translate("Models", "Activate the chosen or the new model"), self.ask_activate),
            Binding("X", translate("Models", "Reject the new model"), gate.ask_reject),
            Binding("Z", translate("Models", "Roll back to the model before"), self.acts.ask_rollback),
            Binding("G", translate("Models", "Change gate: try the chosen model on all known parts"), self.judge),
            Binding("K", translate("Models", "Choose the challenge set"), gate.ask_challenge),
            Binding("I", translate("Models", "Import a model from a file (zip, ONNX, OpenVINO)"), self.ask_file),
            Binding("Shift+I", translate("Models", "Import a model from a folder"), self.ask_folder),
            Binding("E", translate("Models", "Export the chosen model as a zip"), self.export),
            Binding("V", translate("Models", "Verify the chosen model's files"), self.verify),
            Binding("S", translate("Models", "Measure the chosen model's speed"), self.measure),
            Binding("C", translate("Models", "Cancel the training or the gate"), flow.cancel),
            Binding("R", translate("Models", "Go on with the interrupted training"), flow.resume),
            Binding("W", translate("Models", "Export to train elsewhere"), self._elsewhere),
            Binding("D", translate("Models", "Show the parts held back in Review"), flow.show_conflicts),
            Binding("Left", translate("Models", "Previous model"), partial(self._step, -1)),
            Binding("Right", translate("Models", "Next model"), partial(self._step, 1)),
            Binding("Backspace", translate("Models", "Back to the list"), self._back),
        ]

    def held(self) -> str:
        """Why the page cannot be built anew now; empty = it can."""
        return translate("Models", "A model is being taught or tried.") if self.teaching.busy else ""

    def close_page(self) -> None:
        """End a training under way, with a checkpoint."""
        self._context.remember("models", split=self._split.sizes())
        self.teaching.close()

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def current(self) -> ModelVersion | None:
        """The model the mark is on."""
        return self.rows.model(self.table.currentIndex().row())

    @property
    def in_flow(self) -> bool:
        """Whether the teaching flow is on screen, not the list."""
        return self._stack.currentWidget() is self.teaching.view

    def teach(self) -> None:
        """Show the teaching flow; there, go on with its next step."""
        shown = self.in_flow
        self._show_flow()
        if shown:
            self.teaching.go_on()
        elif not self.teaching.busy and self.teaching.candidate is None:
            self.teaching.begin()

    def judge(self) -> None:
        """Put the chosen model before the gate; in the flow, run it again."""
        if self.in_flow and self.teaching.candidate is not None:
            self.teaching.gate.run()
            return
        model = self.current
        if self.teaching.busy or self.in_flow or model is None:
            return
        if model.state == "active":
            self._context.notify("info", translate("Models", "This model is the active one."))
            return
        self._show_flow()
        self.teaching.judge(model)

    def ask_activate(self) -> None:
        """Why this model from now on? In the flow it is the new one; one that saw no gate is asked to go there."""
        if self.in_flow:
            self.teaching.gate.ask_activate()
            return
        model = self.current
        if model is None or model.state == "active":
            none = translate("Models", "No model is chosen.")
            self._context.notify("info", translate("Models", "This model is the active one.") if model else none)
            return
        waits = self.teaching.candidate
        if waits is not None and waits.version == model.version and self.teaching.gate.result is not None:
            self.teach()
            return
        active = next((m.version for m in self.rows.models if m.state == "active"), "")
        self.acts.ask_activate(model, active)

    def import_package(self, path: Path) -> None:
        """Verify and register a package, or ask about a model made elsewhere; it is a candidate until activated."""
        self.importing.take(path)

    def ask_file(self) -> None:
        """Which file to import?"""
        self.importing.ask(False)

    def ask_folder(self) -> None:
        """Which folder to import?"""
        self.importing.ask(True)

    def export(self) -> None:
        """The chosen model as a zip."""
        if self.current is not None:
            self.acts.ask_export(self.current)

    def verify(self) -> None:
        """The chosen model's hashes."""
        if self.current is not None:
            self.acts.verify(self.current)

    def measure(self) -> None:
        """The chosen model's speed."""
        if self.current is not None:
            self.acts.measure(self.current)

    def _elsewhere(self) -> None:
        if self.in_flow and self.teaching.view.plan.elsewhere.isVisible():
            self.teaching.ask_elsewhere()

    def _imported(self, model: ModelVersion) -> None:
        self._wanted = model.version
        self._stack.setCurrentIndex(0)
        self.activated()

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _read(self) -> None:
        """Also while another page is on screen, whose focus it must not take."""
        self._context.jobs.run(partial(find_all, self._context.db), self._found)

    def _set_up_table(self) -> None:
        table = self.table
        table.setModel(self.rows)
        calm_table(table, self._context.theme, scaled(40))
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setAccessibleName(translate("Models", "Model versions"))
        for column, width in WIDTHS.items():
            table.setColumnWidth(column, scaled(width))

    def _lay_out(self) -> None:
        top, split = QHBoxLayout(), self._split
        top.addWidget(self.teach_button)
        top.addWidget(self.new_button)
        top.addStretch(1)
        acts = (self.activate_button, self.gate_button, self.rollback_button, self.import_button, self.folder_button)
        own = (self.export_button, self.verify_button, self.speed_button)
        right = _column((self.details,), own)
        right.setMinimumWidth(min(scaled(DETAILS_WIDTH), 440))
        split.addWidget(_column((self._empty, self.table), acts))
        split.addWidget(right)
        split.setStretchFactor(1, 1)
        split.setSizes(self._kept_split())
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

    def _kept_split(self) -> list[int]:
        sizes = self._context.memory("models").get("split")
        found = [s for s in sizes if isinstance(s, int) and s > 0] if isinstance(sizes, list) else []
        return found if len(found) == 2 else [scaled(LIST_WIDTH), 10_000]

    def _connect(self) -> None:
        pressed = {
            self.teach_button: self.teach,
            self.new_button: self.teach_in,
            self.activate_button: self.ask_activate,
            self.gate_button: self.judge,
            self.rollback_button: self.acts.ask_rollback,
            self.import_button: self.ask_file,
            self.folder_button: self.ask_folder,
            self.export_button: self.export,
            self.verify_button: self.verify,
            self.speed_button: self.measure,
            self.teaching.view.plan.bring: self.ask_folder,
        }
        for button, act in pressed.items():
            button.clicked.connect(act)
        self.importing.imported.connect(self._imported)
        self.acts.measured.connect(self._read)
        self.acts.gateWanted.connect(self.judge)
        self.table.selectionModel().currentRowChanged.connect(self._chosen)
        self.teaching.changed.connect(self._show_buttons)
        self.teaching.decided.connect(self._read)
        self.teaching.view.back.clicked.connect(self._back)
        self._context.modelActivated.connect(self._read)
        self._context.packageChanged.connect(self._read)

    # ── what comes back ──────────────────────────────────────────────────────────────────────────────────────────
    def _found(self, found: Found) -> None:
        now = self.current
        self._activations, self._gates, self._waiting = found.activations, found.gates, found.waiting
        self.rows.set_models(found.models, found.disk)
        self._empty.setVisible(not found.models)
        self.table.setVisible(bool(found.models))
        active = next((m.version for m in found.models if m.state == "active"), "")
        wanted = self._wanted if self.rows.row_of(self._wanted) >= 0 else (now.version if now else active)
        self._wanted = ""
        self._mark(max(0, self.rows.row_of(wanted)))
        self._show_current()

    def _chosen(self) -> None:
        if self.current is not None and not self._wanted:
            self._context.remember("models", chosen=self.current.version)
        self._show_current()

    def _show_current(self) -> None:
        model = self.current
        self._show_buttons()
        if model is not None:
            self._context.jobs.run(partial(open_manifest, model), self._describe, self._damaged)

    def _describe(self, found: tuple[ModelVersion, Manifest]) -> None:
        model, manifest = found
        now = self.current
        if now is not None and now.version == model.version:
            gates = tuple(g for g in self._gates if g.candidate == model.version)
            chain = chain_of(model, self.rows.models)
            disk = self.rows.disk(model.version)
            self.details.show_report(Report(model, manifest, disk, chain, gates, self._activations))

    def _damaged(self, error: Exception) -> None:
        self.details.takeWidget()
        self._context.jobs.failed.emit(error)

    # ── the screen ───────────────────────────────────────────────────────────────────────────────────────────────
    def _show_buttons(self) -> None:
        model, teaching = self.current, self.teaching
        other = model is not None and model.state != "active"
        self.activate_button.setEnabled(other)
        self.gate_button.setEnabled(other and not teaching.busy)
        self.rollback_button.setEnabled(len({a.version for a in self._activations}) > 1)
        for button in (self.export_button, self.verify_button, self.speed_button):
            button.setEnabled(model is not None)
        urgent = bool(self._waiting) or teaching.busy or teaching.candidate is not None
        self.teach_button.setProperty("role", "primary" if urgent else "")
        self.teach_button.style().unpolish(self.teach_button)
        self.teach_button.style().polish(self.teach_button)
        self.teach_button.setText(self._teach_words())
        self.teach_button.updateGeometry()

    def _teach_words(self) -> str:
        teaching = self.teaching
        if teaching.gate.busy:
            return translate("Models", "The gate runs: show")
        if teaching.busy:
            percent = "…" if teaching.percent is None else f" {number(teaching.percent)} %"
            return translate("Models", "Training{percent}: show").format(percent=percent)
        if teaching.candidate is not None:
            return translate("Models", "A new model waits for your decision: show")
        if self._waiting:
            return translate("Models", "%n correction(s) wait: teach the model", "", self._waiting)
        return translate("Models", "Teach the model")

    def _step(self, rows: int) -> None:
        row = self.table.currentIndex().row() + rows
        if not self.in_flow and 0 <= row < self.rows.rowCount():
            self._mark(row)

    def _mark(self, row: int) -> None:
        flags = QItemSelectionModel.SelectionFlag
        index = self.rows.index(row, STATE)
        self.table.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)

    def _show_flow(self) -> None:
        self._stack.setCurrentWidget(self.teaching.view)
        self.teaching.view.setFocus()

    def _back(self) -> None:
        self._stack.setCurrentIndex(0)
        self.activated()


def _column(above: Sequence[QWidget], buttons: Sequence[QWidget]) -> QWidget:
    """Widgets, the last with all the room, over a row of buttons that wraps."""
    made, acts = QWidget(), FlowLayout()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(SPACING)
    for widget in above:
        column.addWidget(widget, int(widget is above[-1]))
    for button in buttons:
        acts.addWidget(button)
    column.addLayout(acts)
    return made
