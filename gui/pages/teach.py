"""Teaching the model: export what was corrected → train beside → compare → activate or reject with a reason."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from db import audit
from db.export import ExportReport, export
from db.registry import ModelVersion, active, register
from engine.domain import utc_now
from engine.errors import InputError
from engine.training import (
    EpochDone,
    TrainingEvent,
    TrainingFailed,
    TrainingFinished,
    TrainingInterrupted,
    TrainingNote,
    TrainingProgress,
    TrainingStarted,
)
from gui.context import AppContext
from gui.jobs import Job
from gui.notify import notice_of
from gui.pages.models_why import WhyDialog
from gui.pages.teach_process import TeachOrder, TeachProcess, no_trainer, trainer_here
from gui.pages.teach_view import TeachView

EXPORT, TRAIN, COMPARE, DECIDE = range(4)


class Teaching(QObject):
    """The flow and its view. It goes on while other pages are shown; `busy` until it ended.

    `changed`: it began, moved on or ended. `decided`: the new model was activated or rejected.
    """

    changed = Signal()
    decided = Signal()

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.view = TeachView(context.theme)
        self._process: TeachProcess | None = None
        self._parent: ModelVersion | None = None
        self._candidate: ModelVersion | None = None
        self._package = ""
        self.busy = False
        self.percent: int | None = None
        self.view.cancel.clicked.connect(self.cancel)
        self.view.again.clicked.connect(self.start)
        self.view.activate.clicked.connect(self.ask_activate)
        self.view.reject.clicked.connect(self.ask_reject)
        self.view.show_step(EXPORT, "", busy=False)

    @property
    def candidate(self) -> ModelVersion | None:
        """The new model that waits for a decision."""
        return self._candidate

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def start(self) -> None:
        """Export the corrections, then train on them."""
        if self.busy:
            return
        self.busy, self.percent, self._candidate, self._package = True, None, None, ""
        self.view.curve.clear()
        self.view.notes.clear()
        self.view.progress.setRange(0, 0)
        self.view.show_step(EXPORT, "Exporting the parts you confirmed or overruled…", busy=True)
        self.changed.emit()
        db, by = self._context.db, self._context.operator
        folder = db.folder / "datasets" / f"corrections-{utc_now().astimezone():%Y%m%d-%H%M%S}"

        def work(_job: Job, _report: Callable[[None], None]) -> tuple[ModelVersion, ExportReport]:
            parent = active(db)
            if parent is None:
                raise InputError("There is no active model to teach.", "Activate one of the list first.")
            return parent, export(db, folder, "lineside", by=by)

        self._context.jobs.stream(work, lambda _: None, self._exported, self._failed)

    def cancel(self) -> None:
        """Ask the trainer to stop; it leaves a checkpoint."""
        if self._process is not None and self._process.running:
            self._process.stop()
            self.view.status.setText("Stopping: the trainer writes a checkpoint first…")

    def ask_activate(self) -> None:
        """Why this model from now on?"""
        model = self._candidate
        if model is None:
            return
        text = f"Model {model.version} judges from the next part on. The model in use now stays in the list."
        dialog = WhyDialog(self._context.theme, "Activate", text, "Activate", parent=self.view)
        dialog.agreed.connect(self.activate)
        dialog.open()

    def ask_reject(self) -> None:
        """Why not?"""
        if self._candidate is None:
            return
        text = f"Model {self._candidate.version} stays in the list as a candidate; the reason is kept with it."
        dialog = WhyDialog(self._context.theme, "Reject", text, "Reject", required=True, parent=self.view)
        dialog.agreed.connect(self.reject)
        dialog.open()

    def activate(self, why: str) -> None:
        """Use the new model."""
        if self._candidate is not None:
            self._context.activate(self._candidate.version, why)
            self._decide(f"Model {self._candidate.version} is being activated.")

    def reject(self, why: str) -> None:
        """Do not use it, and say why."""
        model, db, by = self._candidate, self._context.db, self._context.operator
        if model is not None:
            work = partial(audit.record, db, by, "model rejected", f"{model.version} {why}")
            self._context.jobs.run(work, lambda _: self._decide(f"Model {model.version} is rejected."))

    def close(self) -> None:
        """The window closes: the trainer ends, with a checkpoint where it can."""
        if self._process is not None:
            self._process.close()

    # ── the flow ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _exported(self, made: tuple[ModelVersion, ExportReport]) -> None:
        self._parent, report = made
        out = self._context.db.folder / "trained" / report.folder.name
        order = TeachOrder(report.folder, self._parent.folder, out, self._context.db.folder)
        kinds = ", ".join(f"{number} {label}" for label, number in sorted(report.by_label.items()))
        self._note(f"{report.items} parts exported: {kinds}.")
        for id, why in report.skipped[:3]:
            self._note(f"Left out {id}: {why}.")
        if not trainer_here():
            error = no_trainer(order)
            self._stop_with(f"{report.items} parts are exported. {error.message} {error.remedy}")
            return
        self._process = TeachProcess(order, self)
        self._process.said.connect(self._said)
        self._process.ended.connect(self._ended)
        self.view.show_step(TRAIN, f"Starting the trainer on {report.items} parts…", busy=True)
        self.changed.emit()
        self._process.start()

    def _said(self, event: TrainingEvent) -> None:
        match event:
            case TrainingStarted(train=train, validation=validation, device=device, epochs=epochs):
                at = f"{train:,} parts, {validation:,} to validate, {epochs} epochs on {device}"
                self.view.status.setText(f"Training on {at}.")
            case TrainingNote(text=text):
                self._note(text)
            case TrainingProgress(done=done, total=total, stage=stage):
                self._progress(stage, done, total)
            case EpochDone():
                self.view.curve.add(event)
            case TrainingFinished(package=package):
                self._package = package
            case TrainingInterrupted(run=run):
                self._note(f"Stopped; lineside train --resume {run} goes on from here.")
            case TrainingFailed(message=message, remedy=remedy):
                self._note(f"{message} {remedy}")
                self._context.notify("error", message, remedy)

    def _progress(self, stage: str, done: int, total: int) -> None:
        self.view.progress.setRange(0, total)
        self.view.progress.setValue(done)
        percent = round(100 * done / total) if total else None
        if percent != self.percent:
            self.percent = percent
            done_so_far = f": {stage} {percent} %" if percent is not None else ""
            self.view.title.setText(f"Teach the model{done_so_far}")
            self.changed.emit()

    def _ended(self, done: bool) -> None:
        if self._process is not None:
            self._process.deleteLater()
        self._process = None
        if not done or not self._package:
            self._stop_with("The training did not finish. The model in use is as it was.")
            return
        self.view.show_step(COMPARE, "Checking and registering the new model…", busy=True)
        db, by, package = self._context.db, self._context.operator, self._package
        self._context.jobs.run(lambda: register(db, Path(package), by), self._registered, self._failed)

    def _registered(self, model: ModelVersion) -> None:
        self.busy, self._candidate = False, model
        self.view.title.setText("Teach the model")
        self.view.compare(self._parent, model)
        said = f"The new model {model.version} is in the list as a candidate. Compare, then decide."
        self.view.show_step(DECIDE, said, busy=False)
        self._context.notify("info", f"The new model {model.version} waits for your decision.", "Look on Models.")
        self.changed.emit()

    def _decide(self, said: str) -> None:
        self._candidate = None
        self.view.show_step(EXPORT, said, busy=False)
        self.changed.emit()
        self.decided.emit()

    def _failed(self, error: Exception) -> None:
        notice = notice_of(error)
        self._stop_with(f"{notice.message} {notice.remedy}".strip())

    def _stop_with(self, text: str) -> None:
        self.busy, self.percent = False, None
        self.view.title.setText("Teach the model")
        self.view.show_step(TRAIN if self.view.curve.epochs else EXPORT, text, busy=False, failed=True)
        self.changed.emit()

    def _note(self, text: str) -> None:
        self.view.notes.appendPlainText(text)
