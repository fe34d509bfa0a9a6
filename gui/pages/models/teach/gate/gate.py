"""The change gate: both models judge all known parts on a job; then somebody activates or rejects, with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog

from db.datasets.gates import activate_through, reject
from db.models.registry import ModelVersion
from db.products.acts import set_challenge
from db.products.shelf import list_products
from db.runs.gate import GateDone, GateOrder, Note, compare, named_challenge
from engine.gate.gate import GateResult
from engine.names import path_of
from gui.context import AppContext
from gui.i18n.language import translate
from gui.i18n.messages import translated
from gui.jobs.jobs import Job
from gui.notify import notice_of
from gui.pages.models.teach.gate.flip_dialog import FlipDialog
from gui.pages.models.teach.gate.gate_view import GatePanel
from gui.users.operators import ask_engineer
from gui.users.why_dialog import WhyDialog


def challenge_of(context: AppContext) -> str:
    """The folder of known parts: the product's, else the one the active package names; empty = none."""
    chosen, product = context.memory("models").get("challenge"), context.product
    if product.first and product.challenge is None and isinstance(chosen, str) and chosen:
        # Chosen before there were products.
        return chosen
    return named_challenge(context.db, context.package, product)


class Gate(QObject):
    """From a candidate to a decision. `changed`: it began, moved on or ended. `decided`: activated or rejected."""

    changed = Signal()
    decided = Signal(str)
    """What became of it, in words."""

    def __init__(self, context: AppContext, panel: GatePanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context, self.panel = context, panel
        self._candidate: ModelVersion | None = None
        self._done: GateDone | None = None
        self._job: Job | None = None
        self._judged_for = ""
        """Id of the product that the figures are of."""
        panel.again.clicked.connect(self.run)
        panel.challenge.clicked.connect(self.ask_challenge)
        panel.cancel.clicked.connect(self.cancel)
        panel.activate.clicked.connect(self.ask_activate)
        panel.reject.clicked.connect(self.ask_reject)
        panel.flips.chosen.connect(self.show_flip)
        context.modelActivated.connect(self._active_changed)
        context.productChanged.connect(self._product_changed)

    @property
    def candidate(self) -> ModelVersion | None:
        """The model that waits for a decision."""
        return self._candidate

    @property
    def result(self) -> GateResult | None:
        """What the gate says; None until it ran."""
        return self._done.result if self._done else None

    @property
    def busy(self) -> bool:
        """Whether it runs now."""
        return self._job is not None

    # ── the gate ─────────────────────────────────────────────────────────────────────────────────────────────────
    def judge(self, candidate: ModelVersion, product: str = "") -> None:
        """Take this candidate and run the gate on it; one that was taught for another product than the one that is
        inspected now (by its id) waits until somebody asks."""
        self.cancel()
        self._candidate, self._done = candidate, None
        whose = product or self._context.product.id
        self._context.remember("teach", candidate=candidate.version, candidate_of=whose)
        if product in ("", self._context.product.id):
            self.run()
        else:
            self.wait_with(candidate)
            self.changed.emit()

    def wait_with(self, candidate: ModelVersion) -> None:
        """Take a candidate that waited at the last start; its gate is run when somebody asks for it."""
        self._candidate, self._done = candidate, None
        said = translate("Teach", "Model {version} waits for its gate.").format(version=candidate.version)
        known, whose = list_products(self._context.db), self._context.memory("teach").get("candidate_of")
        product = next((product.name for product in known if product.id == whose), "")
        if product and len(known) > 1:
            said = translate("Teach", "Model {version} of {product} waits for its gate.")
            said = said.format(version=candidate.version, product=product)
        self.panel.show_words(said, translate("Teach", "Run the gate (G) to see what it gains and loses."))
        self.panel.show_running(busy=False, decidable=False)

    def run(self) -> None:
        """Replay everything known on both models."""
        candidate = self._candidate
        if candidate is None or self._job is not None:
            return
        context = self._context
        settings = context.settings
        order = GateOrder(
            context.db,
            str(candidate.folder),
            recipe_path=str(context.product.recipe or ""),
            product=context.product.id,
            recipe=context.recipe,
            challenge=challenge_of(context),
            threads=settings.threads,
        )
        self._done, self._judged_for = None, context.product.id
        self.panel.show_words(translate("Teach", "Both models judge all known parts…"))
        self.panel.progress.setRange(0, 0)
        self.panel.show_running(busy=True)
        self._job = context.jobs.stream(partial(_compare, order), self._progressed, self._finished, self._failed)
        self.changed.emit()

    def cancel(self) -> None:
        """End the gate without a result."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
            self.panel.show_words(translate("Teach", "The gate was cancelled."))
            self.panel.show_running(busy=False)
            self.changed.emit()

    def _progressed(self, at: tuple[int, int]) -> None:
        done, total = at
        self.panel.progress.setRange(0, total)
        self.panel.progress.setValue(done)

    def _finished(self, done: GateDone | None) -> None:
        self._job = None
        if done is None:
            return
        self._done = done
        self.panel.show_result(done.result, "\n".join(_words(note) for note in done.notes))
        self.panel.show_running(busy=False, decidable=True)
        self.changed.emit()

    def _failed(self, error: Exception) -> None:
        self._job = None
        notice = notice_of(error)
        self.panel.show_words(notice.message, notice.remedy)
        self.panel.show_running(busy=False)
        self.changed.emit()

    def show_flip(self, index: int) -> None:
        """One changed verdict, large."""
        if self._done is not None:
            flips = [flip for known in self._done.result.sets for flip in known.flips]
            FlipDialog(self._context, flips, index, self._done.sides, self.panel).open()

    def ask_challenge(self) -> None:
        """Which folder holds the known parts?"""
        title = translate("Teach", "Folder of known parts, a sub-folder for each class")
        dialog = QFileDialog(self.panel, title, challenge_of(self._context))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.use_challenge)
        dialog.open()

    def use_challenge(self, folder: str) -> None:
        """From now on these known parts; a gate that waits for its decision runs again with them."""
        db, product, by = self._context.db, self._context.product, self._context.operator
        chosen = path_of(folder)
        self._context.take_product(replace(product, challenge=chosen))
        self._context.jobs.run(partial(set_challenge, db, product.id, chosen, by), self._context.take_product)
        if self._done is not None:
            self.run()
        self.changed.emit()

    # ── the decision ─────────────────────────────────────────────────────────────────────────────────────────────
    def ask_activate(self) -> None:
        """Who wants this model from now on, and why?"""
        if self._candidate is not None and self._done is not None:
            ask_engineer(self._context, self.panel, self._why_activate)

    def ask_reject(self) -> None:
        """Why not?"""
        if self._candidate is None or self._done is None:
            return
        title = translate("Teach", "Reject")
        text = translate("Teach", "Model {version} stays in the list as rejected; the reason and the figures are kept.")
        dialog = self._dialog(title, text, self._context.operator, fixed=False)
        dialog.decided.connect(self.reject)
        dialog.open()

    def activate(self, why: str, by: str) -> None:
        """Use the new model, and keep what the gate said."""
        if self._candidate is None or self._done is None:
            return
        result, version = self._done.result, self._candidate.version
        product = self._context.product.id
        work = partial(activate_through, self._context.db, version, result.before, by, why, result.plain(), product)
        self._context.jobs.run(work, self._activated)

    def reject(self, why: str, by: str) -> None:
        """Do not use it, and keep why."""
        if self._candidate is None or self._done is None:
            return
        result, version = self._done.result, self._candidate.version
        product = self._context.product.id
        work = partial(reject, self._context.db, version, result.before, by, why, result.plain(), product)
        self._context.jobs.run(work, self._rejected)

    def _why_activate(self, name: str) -> None:
        title = translate("Teach", "Activate")
        text = translate(
            "Teach", "Model {version} judges from the next part on. The model in use now stays in the list."
        )
        dialog = self._dialog(title, text, name, fixed=self._context.settings.pin_required)
        dialog.decided.connect(self.activate)
        dialog.open()

    def _dialog(self, act: str, text: str, name: str, *, fixed: bool) -> WhyDialog:
        version = self._candidate.version if self._candidate else ""
        dialog = WhyDialog(
            self._context.theme,
            act,
            text.format(version=version),
            act,
            required=True,
            name=name,
            name_fixed=fixed,
            parent=self.panel,
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog

    def _activated(self, model: ModelVersion) -> None:
        self._over(translate("Teach", "Model {version} is the active one now.").format(version=model.version))
        self._context.modelActivated.emit(model.version)

    def _rejected(self, model: ModelVersion) -> None:
        self._over(translate("Teach", "Model {version} is rejected.").format(version=model.version))

    def _active_changed(self, version: str) -> None:
        """Somebody activated a model in another way: it may be the candidate, and figures against another are void."""
        if self._candidate is None:
            return
        if version == self._candidate.version:
            self.cancel()
            self._over(translate("Teach", "Model {version} is the active one now.").format(version=version))
        elif self._done is not None and self._done.result.before != version:
            self.wait_with(self._candidate)
            self.changed.emit()

    def _product_changed(self) -> None:
        """Figures against another product's model decide nothing for the one that is inspected now."""
        if self._candidate is None or self._context.product.id == self._judged_for:
            return
        self.cancel()
        self.wait_with(self._candidate)
        self.changed.emit()

    def _over(self, said: str) -> None:
        self._candidate, self._done = None, None
        self._context.remember("teach", candidate="")
        self.panel.show_words(said)
        self.panel.show_running(busy=False)
        self.changed.emit()
        self.decided.emit(said)


def _compare(order: GateOrder, job: Job, report: Callable[[tuple[int, int]], None]) -> GateDone | None:
    return compare(order, lambda done, total: report((done, total)), lambda: job.cancelled)


def _words(note: Note) -> str:
    return f"{translated(note.message)} {translated(note.more)}".strip()
