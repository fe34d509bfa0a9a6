"""Teaching the model: what would be exported → train beside → the change gate → activate or reject with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog

from db.datasets.elsewhere import export_for_elsewhere
from db.datasets.export import ExportPlan, ExportReport, export, plan
from db.inspections.table import Filter
from db.models.registry import ModelVersion, active, list_models, register_for
from db.products.shelf import Product
from db.store.session import Database
from engine.domain.inspection import utc_now
from engine.errors import InputError
from engine.training import (
    TeachOrder,
)
from gui.context import AppContext
from gui.i18n.language import number, translate
from gui.i18n.messages import translated
from gui.jobs.jobs import Job
from gui.notify import notice_of
from gui.pages.models.teach.course import Course
from gui.pages.models.teach.gate.gate import Gate, challenge_of
from gui.pages.models.teach.plan import Prospect
from gui.pages.models.teach.view import GATE, PLAN, TRAIN, TeachView
from gui.training.process import find_trainer, has_checkpoint, no_trainer

Looked = tuple[ModelVersion | None, ExportPlan]


class Teaching(QObject):
    """The flow and its view. It goes on while other pages are shown; `busy` until it ended.

    `changed`: it began, moved on or ended. `decided`: the new model was activated or rejected. What a later start needs
    (the run that was interrupted, the candidate that waits) is kept in the settings' memory under `teach`.
    """

    changed = Signal()
    decided = Signal()

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.view = TeachView(context.theme)
        self.gate = Gate(context, self.view.gate, self)
        self._course = Course(context, self.view.train, self)
        self._plan: ExportPlan | None = None
        self._working = False
        view = self.view
        view.plan.start.clicked.connect(self.start)
        view.plan.resume.clicked.connect(self.resume)
        view.plan.elsewhere.clicked.connect(self.ask_elsewhere)
        view.plan.conflicts.clicked.connect(self.show_conflicts)
        view.plan.challenge.clicked.connect(self.gate.ask_challenge)
        view.train.cancel.clicked.connect(self.cancel)
        view.train.resume.clicked.connect(self.resume)
        view.train.again.clicked.connect(self.begin)
        self._course.moved.connect(self.changed)
        self._course.ended.connect(self._ended)
        self.gate.changed.connect(self._gate_changed)
        self.gate.decided.connect(self._decided)
        context.jobs.run(partial(_waiting_candidate, context.db, context.memory("teach")), self._came_back)

    @property
    def busy(self) -> bool:
        """Whether it exports, trains or compares now."""
        return self._working or self.gate.busy

    @property
    def percent(self) -> int | None:
        """How far the training is; None where there is nothing to tell."""
        return self._course.percent

    @property
    def candidate(self) -> ModelVersion | None:
        """The new model that waits for a decision."""
        return self.gate.candidate

    @property
    def status(self) -> str:
        """The sentence of the step on screen."""
        texts = {PLAN: self.view.plan.headline, TRAIN: self.view.train.status, GATE: self.view.gate.headline}
        return texts[self.view.step].text()

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def go_on(self) -> None:
        """What the flow's key does: start what the plan shows; anew after a training that ended early."""
        if self.busy or self.candidate is not None:
            return
        if self.view.step == PLAN and self.view.plan.start.isEnabled():
            self.start()
        else:
            self.begin()

    def begin(self) -> None:
        """Look at what would be exported, and say so."""
        if self.busy:
            return
        self.view.await_plan()
        self._context.jobs.run(partial(_look, self._context.db, self._context.product), self._looked, self._plan_failed)

    def start(self) -> None:
        """Export the corrections, then train on them."""
        if self.busy:
            return
        self._reset(translate("Teach", "Exporting the parts you confirmed or overruled…"))
        db, by, product = self._context.db, self._context.operator, self._context.product
        self._context.remember("teach", product=product.id)
        folder = db.folder / "datasets" / f"corrections-{utc_now().astimezone():%Y%m%d-%H%M%S}"

        def work(_job: Job, _report: Callable[[None], None]) -> tuple[ModelVersion, ExportReport]:
            parent = active(db, product.id)
            if parent is None:
                raise InputError(
                    translate("Teach", "There is no active model to teach."),
                    translate("Teach", "Activate one of the list first."),
                )
            return parent, export(db, folder, "lineside", Filter(products=product.on_record), by=by, to_teach=True)

        self._context.jobs.stream(work, _nothing, self._exported, self._failed)

    def resume(self) -> None:
        """Go on with the run that was interrupted."""
        order = _order_of(self._context.db, self._context.memory("teach"))
        if self.busy or order is None:
            return
        self._reset(translate("Teach", "Going on from the checkpoint…"))
        self._train(replace(order, resume=True))

    def cancel(self) -> None:
        """Ask the trainer to stop, it leaves a checkpoint; or end the gate."""
        if self.gate.busy:
            self.gate.cancel()
        elif self._course.running:
            self._course.stop()
            self.view.train.status.setText(translate("Teach", "Stopping: the trainer writes a checkpoint first…"))

    def ask_elsewhere(self) -> None:
        """Where to put the data set and the model, so that another computer can train?"""
        dialog = QFileDialog(self.view, translate("Teach", "Folder or drive to export to"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.export_elsewhere)
        dialog.open()

    def export_elsewhere(self, place: str) -> None:
        """Data set, model and the command as one folder below `place`."""
        if self.busy:
            return
        self._working = True
        self.changed.emit()
        db, by, product = self._context.db, self._context.operator, self._context.product
        words = (
            translate("Teach", "On a computer with Lineside's source folder and its trainer, in this folder:"),
            translate("Teach", "Then bring the folder “taught” back and import it on the Models page (Shift+I)."),
        )

        def work(_job: Job, _report: Callable[[None], None]) -> tuple[Path, ExportReport]:
            return export_for_elsewhere(db, Path(place), by, words, product)

        self._context.jobs.stream(work, _nothing, self._carried, self._plan_failed)

    def show_conflicts(self) -> None:
        """Open Review on the pictures of which different things were said."""
        if self._plan is not None and self._plan.conflicts:
            wanted = [id for conflict in self._plan.conflicts for id in conflict]
            self._context.remember("review", wanted=wanted)
            self._context.pageAsked.emit("review")

    def close(self) -> None:
        """The page goes: the trainer ends, with a checkpoint where it can."""
        self.gate.cancel()
        self._course.close()

    # ── the plan ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _looked(self, found: Looked) -> None:
        parent, self._plan = found
        context, settings = self._context, self._context.settings
        trainer, challenge = find_trainer(settings), challenge_of(context)
        missing = no_trainer(settings)
        self.view.plan.show_prospect(
            Prospect(
                self._plan,
                parent,
                trainer.where if trainer else "",
                "" if trainer else f"{missing.message} {missing.remedy}",
                challenge,
                _order_of(context.db, context.memory("teach")) is not None and trainer is not None,
            )
        )
        self.changed.emit()

    def _carried(self, made: tuple[Path, ExportReport]) -> None:
        self._working = False
        folder, report = made
        said = translate("Teach", "%n part(s) and the model are in {folder}.", "", report.items).format(folder=folder)
        remedy = translate("Teach", "TRAIN.txt there says the command; import the new folder afterwards (Shift+I).")
        self._context.notify("info", said, remedy)
        self.begin()

    def _plan_failed(self, error: Exception) -> None:
        self._working = False
        self.changed.emit()
        self._context.jobs.failed.emit(error)

    # ── the training ─────────────────────────────────────────────────────────────────────────────────────────────
    def _reset(self, said: str) -> None:
        self._working = True
        self._course.clear()
        self.view.show_training(said, busy=True)
        self.changed.emit()

    def _exported(self, made: tuple[ModelVersion, ExportReport]) -> None:
        parent, report = made
        kinds = ", ".join(f"{number(count)} {label}" for label, count in sorted(report.by_label.items()))
        said = translate("Teach", "%n part(s) exported: {kinds}.", "", report.items)
        self._course.note(said.format(kinds=kinds))
        for id, why in report.skipped[:3]:
            self._course.note(translate("Teach", "Left out {id}: {why}.").format(id=id, why=why))
        order = _order(self._context.db, parent, report.folder.name, challenge_of(self._context))
        _remember(self._context, order, parent)
        self._train(order)

    def _train(self, order: TeachOrder) -> None:
        trainer = find_trainer(self._context.settings)
        if trainer is None:
            error = no_trainer(self._context.settings)
            self._stop_with(f"{translated(error.message)} {translated(error.remedy)}")
            return
        self.view.show_training(translate("Teach", "Starting the trainer…"), busy=True)
        self.changed.emit()
        self._course.start(order, trainer)

    def _ended(self, package: str) -> None:
        if not package:
            self._stop_with(translate("Teach", "The training did not finish. The model in use is as it was."))
            return
        self._context.remember("teach", run="")
        self.view.show_training(translate("Teach", "Checking and registering the new model…"), busy=True)
        db, by, product = self._context.db, self._context.operator, _taught_for(self._context)
        self._context.jobs.run(lambda: register_for(db, product, Path(package), by), self._registered, self._failed)

    def _registered(self, model: ModelVersion) -> None:
        self._working = False
        said = translate("Teach", "The new model {version} is trained; now it goes through the gate.")
        self._context.notify("info", said.format(version=model.version), translate("Teach", "Look on Models."))
        self.judge(model, _taught_for(self._context))

    # ── the gate ─────────────────────────────────────────────────────────────────────────────────────────────────
    def judge(self, model: ModelVersion, product: str = "") -> None:
        """Put a candidate of the list, or the new model of the product of this id, before the gate."""
        self.view.show_step(GATE)
        self.gate.judge(model, product)

    def _came_back(self, model: ModelVersion | None) -> None:
        if model is not None and self.candidate is None and not self.busy:
            self.gate.wait_with(model)
            self.view.show_step(GATE)
            self.changed.emit()

    def _gate_changed(self) -> None:
        if self.view.step == PLAN and not self.busy:
            self.begin()
        self.changed.emit()

    def _decided(self, said: str) -> None:
        self._context.notify("info", said)
        self.changed.emit()
        self.decided.emit()

    def _failed(self, error: Exception) -> None:
        notice = notice_of(error)
        self._stop_with(f"{notice.message} {notice.remedy}".strip())

    def _stop_with(self, text: str) -> None:
        self._working = False
        resumable = _order_of(self._context.db, self._context.memory("teach")) is not None
        self.view.show_training(text, busy=False, resumable=resumable)
        self.changed.emit()


def _nothing(_progress: None) -> None:
    """The work has no steps to tell of."""


def _look(db: Database, product: Product) -> Looked:
    return active(db, product.id), plan(db, product.on_record)


def _taught_for(context: AppContext) -> str:
    """Id of the product whose corrections are taught, also where the line changed over meanwhile."""
    return str(context.memory("teach").get("product") or context.product.id)


def _remember(context: AppContext, order: TeachOrder, parent: ModelVersion) -> None:
    """What going on after a restart needs."""
    context.remember("teach", run=order.dataset.name, parent=parent.version, challenge=str(order.challenge or ""))


def _waiting_candidate(db: Database, kept: dict[str, Any]) -> ModelVersion | None:
    """The candidate that waited for its decision when the program ended."""
    version = kept.get("candidate")
    return next((m for m in list_models(db) if m.version == version and m.state == "candidate"), None)


def _order(db: Database, parent: ModelVersion | None, name: str, challenge: str) -> TeachOrder:
    """Everything of a training has the data set's name: the set, the run's folder, the package."""
    folder = Path(challenge) if challenge and Path(challenge).is_dir() else None
    source = parent.folder if parent else db.folder
    return TeachOrder(
        db.folder / "datasets" / name, source, db.folder / "trained" / name, db.folder, run=db.folder / "runs" / name,
        challenge=folder,
    )  # fmt: skip


def _order_of(db: Database, kept: dict[str, Any]) -> TeachOrder | None:
    """The interrupted run that is remembered, where its checkpoint is there; what a file says is checked."""
    name, parent = kept.get("run"), kept.get("parent")
    if not isinstance(name, str) or not isinstance(parent, str) or not name or Path(name).name != name:
        return None
    order = replace(_order(db, None, name, ""), parent=db.folder / "models" / Path(parent).name)
    return order if order.run is not None and has_checkpoint(order.run) else None
