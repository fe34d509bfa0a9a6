"""Models: the versions there are, the chosen one in full, and the one act that matters now: teach."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from db.models.registry import ModelVersion
from engine.packages.manifest import Manifest
from gui.context import AppContext
from gui.i18n.language import translate
from gui.page import Binding
from gui.pages.models.acts import ModelActs
from gui.pages.models.importing import Importing
from gui.pages.models.presenter import Flow, Found, ModelsPresenter, find_all, open_manifest
from gui.pages.models.teach.flow import Teaching
from gui.pages.models.view import ModelsView
from gui.pages.models.whose import Whose
from gui.widgets.columns import kept_widths


class ModelsPage(QWidget):
    """List and details, or the teaching flow."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.setObjectName("page")
        self._context = context
        kept = context.memory("models")
        self.teaching = Teaching(context, self)
        self._rules = ModelsPresenter(str(kept.get("chosen", "")))
        self.view = ModelsView(context.theme, kept_widths(kept.get("split"), 2))
        self.whose = Whose(context, self.view, self)
        self.importing = Importing(context, self.whose, self)
        self.acts = ModelActs(context, self.whose, self)
        self.rows, self.table, self.details = self.view.rows, self.view.table, self.view.details
        self.teach_button = self.view.teach_button
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.teaching.view)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)
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
            Binding("Shift+T", translate("Models", "Teach-in: a model for a new product"), self.teach_in),
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
        self.teaching.close()

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def current(self) -> ModelVersion | None:
        """The model the mark is on."""
        return self.view.current

    @property
    def in_flow(self) -> bool:
        """Whether the teaching flow is on screen, not the list."""
        return self._stack.currentWidget() is self.teaching.view

    def teach_in(self) -> None:
        """To the page where a model for a new product begins."""
        self._context.pageAsked.emit("teach-in")

    def teach(self) -> None:
        """Show the teaching flow; there, go on with its next step."""
        if self.whose.refuses(self._flow()):
            return
        wanted = self._rules.teach(self._flow())
        self._show_flow()
        match wanted:
            case "next":
                self.teaching.go_on()
            case "begin":
                self.teaching.begin()

    def judge(self) -> None:
        """Put the chosen model before the gate; in the flow, run it again."""
        model = self.current
        if self.whose.refuses(self._flow()):
            return
        match self._rules.judge(self._flow(), model):
            case "again":
                self.teaching.gate.run()
            case "active":
                self._context.notify("info", translate("Models", "This model is the active one."))
            case "gate" if model is not None:
                self._show_flow()
                self.teaching.judge(model)

    def ask_activate(self) -> None:
        """Why this model from now on? In the flow it is the new one; one that saw no gate is asked to go there."""
        model = self.current
        match self._rules.activate(self._flow(), model):
            case "flow":
                self.teaching.gate.ask_activate()
            case "none":
                self._context.notify("info", translate("Models", "No model is chosen."))
            case "active":
                self._context.notify("info", translate("Models", "This model is the active one."))
            case "decide":
                self.teach()
            case "ask" if model is not None:
                self.acts.ask_activate(model, self._rules.active)

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
        self._rules.wanted = model.version
        self._stack.setCurrentIndex(0)
        self.activated()

    # ── what comes back ──────────────────────────────────────────────────────────────────────────────────────────
    def _read(self) -> None:
        """Also while another page is on screen, whose focus it must not take."""
        self._context.jobs.run(partial(find_all, self._context.db, self.whose.product), self._found)

    def _found(self, found: Found) -> None:
        now = self.current
        if not self.whose.takes(found):
            return
        self.view.show_models(found)
        wanted = self._rules.take(found, now.version if now else "")
        self.view.mark(max(0, self.rows.row_of(wanted)))
        self._show_current()

    def _chosen(self) -> None:
        if self.current is not None and not self._rules.wanted:
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
            self.details.show_report(self._rules.report(model, manifest))

    def _damaged(self, error: Exception) -> None:
        self.details.takeWidget()
        self._context.jobs.failed.emit(error)

    # ── the screen ───────────────────────────────────────────────────────────────────────────────────────────────
    def _flow(self) -> Flow:
        teaching, waits = self.teaching, self.teaching.candidate
        return Flow(
            shown=self.in_flow,
            busy=teaching.busy,
            at_gate=teaching.gate.busy,
            percent=teaching.percent,
            candidate=waits.version if waits is not None else "",
            tried=teaching.gate.result is not None,
        )

    def _show_buttons(self) -> None:
        self.view.show_buttons(self._rules.buttons(self._flow(), self.current))

    def _step(self, rows: int) -> None:
        if not self.in_flow:
            self.view.step(rows)

    def _show_flow(self) -> None:
        self._stack.setCurrentWidget(self.teaching.view)
        self.teaching.view.setFocus()

    def _back(self) -> None:
        self._stack.setCurrentIndex(0)
        self.activated()

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _connect(self) -> None:
        # Only what somebody moved: a page that was never on screen has no widths yet.
        self.view.columns.moved.connect(lambda widths: self._context.remember("models", split=widths))
        view = self.view
        pressed = {
            view.teach_button: self.teach,
            view.new_button: self.teach_in,
            view.activate_button: self.ask_activate,
            view.gate_button: self.judge,
            view.rollback_button: self.acts.ask_rollback,
            view.import_button: self.ask_file,
            view.folder_button: self.ask_folder,
            view.export_button: self.export,
            view.verify_button: self.verify,
            view.speed_button: self.measure,
            self.teaching.view.plan.bring: self.ask_folder,
        }
        for button, act in pressed.items():
            button.clicked.connect(act)
        self.importing.imported.connect(self._imported)
        self.acts.measured.connect(self._read)
        self.acts.gateWanted.connect(self.judge)
        view.chosen.connect(self._chosen)
        self.teaching.changed.connect(self._show_buttons)
        self.teaching.decided.connect(self._read)
        self.teaching.view.back.clicked.connect(self._back)
        self._context.modelActivated.connect(self._read)
        self._context.packageChanged.connect(self._read)
        self.whose.changed.connect(self._read)
