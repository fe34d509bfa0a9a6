"""A training on its way: the trainer as a process, and what it says on the panel."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.training import (
    EpochDone,
    TeachOrder,
    TrainingEvent,
    TrainingFailed,
    TrainingFinished,
    TrainingInterrupted,
    TrainingNote,
    TrainingProgress,
    TrainingStarted,
)
from gui.context import AppContext
from gui.i18n.language import number, translate
from gui.pages.models.teach.view import TrainPanel
from gui.training.process import TeachProcess, Trainer, has_checkpoint


class Course(QObject):
    """One training after another; `running` until the trainer ended. `moved`: a percent further."""

    moved = Signal()
    ended = Signal(str)
    """The package it made; empty = it did not finish."""

    def __init__(self, context: AppContext, panel: TrainPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context, self._panel = context, panel
        self._process: TeachProcess | None = None
        self._package = ""
        self.percent: int | None = None

    @property
    def running(self) -> bool:
        """Whether a trainer is at work."""
        return self._process is not None and self._process.running

    def clear(self) -> None:
        """Nothing of an earlier training stays on the panel."""
        self.percent, self._package = None, ""
        self._panel.curves.clear()
        self._panel.notes.clear()
        self._panel.progress.setRange(0, 0)

    def start(self, order: TeachOrder, trainer: Trainer) -> None:
        """Have this trainer carry the order out."""
        self._process = TeachProcess(order, trainer, self)
        self._process.said.connect(self._said)
        self._process.ended.connect(self._ended)
        self._process.start()

    def stop(self) -> None:
        """Ask the trainer to stop; it leaves a checkpoint."""
        if self._process is not None:
            self._process.stop()

    def close(self) -> None:
        """The page goes: the trainer ends, with a checkpoint where it can."""
        if self._process is not None:
            self._process.close()

    def note(self, text: str) -> None:
        """A line below the curves."""
        self._panel.notes.appendPlainText(text)

    def _said(self, event: TrainingEvent) -> None:
        match event:
            case TrainingStarted():
                self._began(event)
            case TrainingNote(text=text):
                self.note(text)
            case TrainingProgress(done=done, total=total):
                self._progress(done, total)
            case EpochDone():
                self._panel.curves.add(event)
                self._panel.left.setText(_time_left(self._panel.curves.epochs))
            case TrainingFinished(package=package):
                self._package = package
            case TrainingInterrupted(run=run) if has_checkpoint(Path(run)):
                self.note(translate("Teach", "Stopped at a checkpoint: the training can go on from there (R)."))
            case TrainingInterrupted():
                self.note(translate("Teach", "Stopped before there was a checkpoint."))
            case TrainingFailed(message=message, remedy=remedy):
                self.note(f"{message} {remedy}")
                self._context.notify("error", message, remedy)

    def _began(self, event: TrainingStarted) -> None:
        said = translate("Teach", "Training on {train} parts, {validation} to validate, {epochs} epochs on {device}.")
        self._panel.status.setText(
            said.format(
                train=number(event.train),
                validation=number(event.validation),
                epochs=number(event.epochs),
                device=event.device,
            )
        )

    def _progress(self, done: int, total: int) -> None:
        self._panel.progress.setRange(0, total)
        self._panel.progress.setValue(done)
        percent = round(100 * done / total) if total else None
        if percent != self.percent:
            self.percent = percent
            self.moved.emit()

    def _ended(self, done: bool) -> None:
        if self._process is not None:
            self._process.deleteLater()
        self._process = None
        package = self._package if done else ""
        self.percent = self.percent if package else None
        self.ended.emit(package)


def _time_left(epochs: tuple[EpochDone, ...]) -> str:
    """`Epoch 3 of 12, about 4 min left`, by the mean of the last epochs."""
    last = epochs[-1]
    said = translate("Teach", "Epoch {epoch} of {epochs}").format(epoch=number(last.epoch), epochs=number(last.epochs))
    timed = [e.seconds for e in epochs[-5:] if e.seconds > 0]
    if not timed or last.epoch >= last.epochs:
        return said
    seconds = (last.epochs - last.epoch) * sum(timed) / len(timed)
    if seconds < 90:
        left = translate("Teach", "about {seconds} s left").format(seconds=number(seconds))
    else:
        left = translate("Teach", "about {minutes} min left").format(minutes=number(seconds / 60))
    return f"{said}, {left}"
