"""A first model from a collection: data set written → trainer as a process → package registered as a candidate."""

from __future__ import annotations

import shlex
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from db.datasets.collection import OK, Stock, write_dataset
from db.datasets.taught_in import product_called
from db.models.registry import ModelVersion, active, register
from db.store.session import Database
from engine.domain.inspection import utc_now
from engine.packages.package import open_package
from engine.training import LEARN, TeachOrder, TrainingEvent, TrainingFinished
from gui.context import AppContext
from gui.i18n.language import translate
from gui.notify import notice_of
from gui.training import process as teach_process
from gui.training.process import TeachProcess

FINE_TUNE = ("test_fraction=0",)


class Training(QObject):
    """One run at a time; each ends with exactly one `done` or `stopped`."""

    prepared = Signal(object)
    """TeachOrder: the data set lies there, the trainer starts."""
    heard = Signal(object)
    """TrainingEvent."""
    done = Signal(object)
    """ModelVersion: the candidate."""
    stopped = Signal(str)
    """Why no model came of it, and what to do."""

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._process: TeachProcess | None = None
        self._package = ""
        self.busy = False

    def start(self, name: str, stock: Stock) -> None:
        """Train on this stock; `name` is the product's."""
        if self.busy:
            return
        self.busy, self._package = True, ""
        db = self._context.db
        self._context.jobs.run(lambda: prepare(db, name, stock), self._begin, self._failed)

    def cancel(self) -> None:
        """Ask the trainer to stop."""
        if self._process is not None:
            self._process.stop()

    def close(self) -> None:
        """The page goes: the trainer ends."""
        if self._process is not None:
            self._process.close()

    def _begin(self, order: TeachOrder) -> None:
        learns = order.preset == LEARN
        trainer = teach_process.own_program() if learns else teach_process.find_trainer(self._context.settings)
        if trainer is None:
            self._stop_with(_without_trainer(order))
            return
        self._process = TeachProcess(order, trainer, self)
        self._process.said.connect(self._hear)
        self._process.ended.connect(self._ended)
        self.prepared.emit(order)
        self._process.start()

    def _hear(self, event: TrainingEvent) -> None:
        if isinstance(event, TrainingFinished):
            self._package = event.package
        self.heard.emit(event)

    def _ended(self, done: bool) -> None:
        if self._process is not None:
            self._process.deleteLater()
        self._process = None
        if not done or not self._package:
            self._stop_with(translate("TeachIn", "The training did not finish. The model in use is as it was."))
            return
        db, by, package = self._context.db, self._context.operator, Path(self._package)
        self._context.jobs.run(lambda: register(db, package, by), self._registered, self._failed)

    def _registered(self, model: ModelVersion) -> None:
        self.busy = False
        self.done.emit(model)

    def _failed(self, error: Exception) -> None:
        notice = notice_of(error)
        self._stop_with(f"{notice.message} {notice.remedy}".strip())

    def _stop_with(self, words: str) -> None:
        self.busy = False
        self.stopped.emit(words)


def _without_trainer(order: TeachOrder) -> str:
    words = translate(
        "TeachIn",
        "This station has no trainer. The collection lies ready in {folder}. Name a trainer in the settings, or copy "
        "the folder to a computer with Lineside and its trainer and run there: {line} Then import the model on Models.",
    )
    return words.format(folder=order.dataset, line=shlex.join(["lineside", *order.arguments]))


def prepare(db: Database, name: str, stock: Stock) -> TeachOrder:
    """Write the data set and say how it is taught: on from the active model of the product of this name where that is
    a trained network and knows every defect, else learnt in seconds. Raises StorageError, PackageError."""
    stamp = f"teach-in-{name}-{utc_now().astimezone():%Y%m%d-%H%M%S}"
    dataset = write_dataset(stock, db.folder / "datasets" / stamp)
    out, product = db.folder / "trained" / stamp, product_called(db, name)
    now = None if product is None else active(db, product.id)
    if now is not None:
        package = open_package(now.folder)
        manifest = package.manifest
        defects = set(manifest.class_names) - set(manifest.ok_classes)
        if package.weights is not None and defects.issuperset(set(stock.classes) - {OK}):
            return TeachOrder(dataset, now.folder, out, db.folder, settings=FINE_TUNE)
    return TeachOrder(dataset, None, out, db.folder, LEARN)
