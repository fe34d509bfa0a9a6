"""The candidate on trial: finds it, runs the trial on a job, shows what comes of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from db.datasets.collection import Item
from db.models.registry import ModelVersion, active, list_models
from engine.packages.package import ModelPackage, open_package
from gui.context import AppContext
from gui.i18n.language import translate
from gui.jobs.jobs import Job
from gui.line.line import Line
from gui.notify import notice_of
from gui.pages.teach_in.trial.steps import TryView
from gui.pages.teach_in.trial.trial import JudgedTwice, Trial


class Trying(QObject):
    """`candidate` waits for a decision; `run` judges until `stop`."""

    found = Signal()
    """There is a candidate: of a training, or of the last time."""

    def __init__(self, context: AppContext, line: Line, view: TryView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context, self._line, self._view = context, line, view
        self.candidate: ModelVersion | None = None
        self._trial: Trial | None = None
        self._job: Job | None = None
        self._wanted = 0

    @property
    def on(self) -> bool:
        """Whether a trial runs."""
        return self._job is not None

    @property
    def tried(self) -> bool:
        """Whether the candidate judged every part held back; where none is, a part of the line at least."""
        return self.candidate is not None and len(self._view.parts) >= self._wanted and self._view.judged > 0

    def find(self, version: str) -> None:
        """The candidate of the last time, if it still is one."""
        db, product = self._context.db, self._context.product.id

        def look() -> ModelVersion | None:
            return next((m for m in list_models(db, product) if m.version == version and m.state == "candidate"), None)

        self._context.jobs.run(look, self._looked)

    def begin(self, model: ModelVersion) -> None:
        """A new one."""
        self.candidate = model
        self.found.emit()

    def run(self, held_back: tuple[Item, ...]) -> None:
        """Judge these, then the line's pictures."""
        model = self.candidate
        self.stop()
        if model is None:
            return
        self.candidate, self._wanted = model, len(held_back)
        db, load, threads = self._context.db, self._line.options.load, self._context.settings.threads
        recipe, product = self._context.recipe, self._context.product.id

        def prepare() -> tuple[Trial, str]:
            now = active(db, product)
            package: ModelPackage | None = None if now is None else open_package(now.folder)
            made = Trial(model.folder, package, recipe, held_back, load, threads)
            return made, "" if now is None else now.version

        self._context.jobs.run(prepare, self._prepared, self._failed)
        self._view.begin("", model.version)
        self._view.show_tried(False)
        self._view.status.setText(translate("TeachIn", "Loading both models…"))

    def look(self, picture: NDArray[np.uint8]) -> None:
        """The newest picture of the line."""
        if self._trial is not None:
            self._trial.live.put(picture)

    def stop(self) -> None:
        """Try no more; the candidate stays registered."""
        if self._job is not None:
            self._job.cancel()
        self._job, self._trial = None, None
        self.candidate = None

    def pause(self) -> None:
        """Nobody looks: the models rest."""
        if self._job is not None:
            self._job.cancel()
        self._job, self._trial = None, None

    def _looked(self, model: ModelVersion | None) -> None:
        if model is not None and self.candidate is None:
            self.begin(model)

    def _prepared(self, made: tuple[Trial, str]) -> None:
        trial, now = made
        if self.candidate is None or self.candidate.folder != trial.new or self._job is not None:
            return
        self._trial = trial
        self._view.begin(now, self.candidate.version)
        self._show_status()
        self._job = self._context.jobs.stream(trial.run, self._judged, lambda _none: None, self._failed, endless=True)

    def _judged(self, judged: JudgedTwice) -> None:
        self._view.add(judged)
        self._view.show_tried(self.tried)
        if judged.truth:
            self._show_status()

    def _show_status(self) -> None:
        done = len(self._view.parts)
        if done < self._wanted:
            words = translate("TeachIn", "Judging the parts held back: {done} of {all}.")
            self._view.status.setText(words.format(done=done, all=self._wanted))
        else:
            words = translate("TeachIn", "The new model is tried beside the one in use. It decides nothing yet.")
            self._view.status.setText(words)

    def _failed(self, error: Exception) -> None:
        notice = notice_of(error)
        self._job, self._trial = None, None
        self._view.status.setText(f"{notice.message} {notice.remedy}".strip())
