"""The trainer as a process: started, watched line by line, stopped; the window never imports it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from engine.errors import EnvironmentFailure
from engine.settings import StationSettings
from engine.system.places import resources_folder
from engine.training import CHECKPOINT, TeachOrder, TrainingFailed, parse_event
from gui.i18n.language import translate

GRACE_MS = 15_000
"""How long the trainer may take to write its checkpoint after it was asked to stop."""
TAIL_LINES = 30
NEEDED = ("torch", "torchvision", "lightning_fabric", "onnx")
BESIDE = ("trainer", "lineside-trainer")
"""Folders next to the bundle that may hold the trainer."""
PROGRAMS = ("lineside", "lineside-trainer", "bin/python", "Scripts/python")


@dataclass(frozen=True, slots=True)
class Trainer:
    """A program that trains: `arguments` stand before `train`. `where`: its file, for people."""

    program: str
    arguments: tuple[str, ...]
    where: str


def find_trainer(settings: StationSettings) -> Trainer | None:
    """The trainer at the configured place; else in this environment; else beside the bundle. None where there is none.

    A configured place that holds none is not passed over in silence: then there is none.
    """
    if settings.trainer:
        found = shutil.which(settings.trainer)
        return _trainer_at(Path(found)) if found else None
    if not getattr(sys, "frozen", False) and all(importlib.util.find_spec(name) for name in NEEDED):
        return own_program()
    here = Path(sys.executable).resolve().parent
    places = (here / folder / f"{name}{ending}" for folder in BESIDE for name in PROGRAMS for ending in ("", ".exe"))
    program = next((place for place in places if place.is_file()), None)
    return _trainer_at(program) if program else None


def own_program() -> Trainer:
    """This very program: it learns (`lineside learn`) wherever it runs."""
    if getattr(sys, "frozen", False):
        return Trainer(sys.executable, (), sys.executable)
    main = resources_folder().parent / "main.py"
    start = (str(main),) if main.exists() else ("-m", "main")
    return Trainer(sys.executable, ("-u", *start), sys.executable)


def _trainer_at(program: Path) -> Trainer:
    """A Python runs the installed trainer; any other program is one."""
    python = program.stem.lower().startswith("python")
    return Trainer(str(program), ("-u", "-m", "main") if python else (), str(program))


def has_checkpoint(run: Path) -> bool:
    """Whether the run can go on."""
    return (run / CHECKPOINT).is_file()


def no_trainer(settings: StationSettings) -> EnvironmentFailure:
    """The sentence and the remedy where there is none."""
    said = translate("Teach", "This station has no trainer.")
    if settings.trainer:
        said = translate("Teach", "There is no trainer at {place}.").format(place=settings.trainer)
    return EnvironmentFailure(
        said,
        translate(
            "Teach",
            "Install it with {command} in Lineside's source folder, name its place in the settings, or put it into a "
            "folder “trainer” beside the program. Or export to another computer (W), train there, and import the "
            "folder (Shift+I).",
        ).format(command='pip install -e ".[train]"'),
    )


def command(order: TeachOrder, trainer: Trainer) -> tuple[str, list[str]]:
    """Program and arguments of the trainer process."""
    return trainer.program, [*trainer.arguments, *order.arguments, "--jsonl"]


class TeachProcess(QObject):
    """One training run. `said` carries each TrainingEvent; `ended` True when the package was written.

    Every end gives exactly one `ended`; a failure gives a TrainingFailed event before it.
    """

    said = Signal(object)
    ended = Signal(bool)

    def __init__(self, order: TeachOrder, trainer: Trainer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._order, self._trainer = order, trainer
        self._rest, self._tail = b"", list[str]()
        self._stopping, self._over, self._told = False, False, False
        self._process = QProcess(self)
        self._process.setProcessEnvironment(_environment(order))
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.readyReadStandardError.connect(self._read_errors)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._failed_to_start)
        self._patience = QTimer(self, singleShot=True, interval=GRACE_MS)
        self._patience.timeout.connect(self._process.kill)

    def start(self) -> None:
        """Start the trainer; where it does not start, `said` tells and `ended` follows."""
        program, arguments = command(self._order, self._trainer)
        self._process.start(program, arguments)

    @property
    def running(self) -> bool:
        """True until `ended`."""
        return not self._over

    def stop(self) -> None:
        """Ask it to stop: it writes a checkpoint first. It is killed when that takes longer than GRACE_MS."""
        if self._process.state() is not QProcess.ProcessState.NotRunning:
            self._stopping = True
            self._interrupt()
            self._patience.start()

    def close(self, wait_ms: int = 5000) -> None:
        """End it for good, at the window's end. Blocks at most `wait_ms`."""
        self._stopping = True
        if self._process.state() is not QProcess.ProcessState.NotRunning:
            self._interrupt()
            if not self._process.waitForFinished(wait_ms):
                self._process.kill()
                self._process.waitForFinished(1000)

    def _interrupt(self) -> None:
        # Ctrl-C is what leaves a checkpoint; Windows has none for a process without a console, there it is closed.
        if sys.platform == "win32":
            self._process.terminate()
        else:
            os.kill(self._process.processId(), signal.SIGINT)

    def _read(self) -> None:
        *lines, self._rest = (self._rest + bytes(self._process.readAllStandardOutput().data())).split(b"\n")
        for raw in lines:
            text = raw.decode("utf-8", "replace").strip()
            try:
                event = parse_event(text)
            except ValueError:
                self._remember(text)
                continue
            self._told = self._told or isinstance(event, TrainingFailed)
            self.said.emit(event)

    def _read_errors(self) -> None:
        for line in bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace").splitlines():
            self._remember(line)

    def _remember(self, line: str) -> None:
        if line.strip():
            self._tail = [*self._tail, line.strip()][-TAIL_LINES:]

    def _failed_to_start(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._end(False, translate("Teach", "The trainer did not start."))

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        done = code == 0 and status is QProcess.ExitStatus.NormalExit
        self._end(done, self._tail[-1] if self._tail else translate("Teach", "The trainer ended without a word."))

    def _end(self, done: bool, last_words: str) -> None:
        if self._over:
            return
        self._over = True
        self._patience.stop()
        if not done and not self._told and not self._stopping:
            remedy = translate("Teach", "Run the same training on the command line to see all it says.")
            message = translate("Teach", "The training ended early: {why}").format(why=last_words)
            self.said.emit(TrainingFailed(message=message, remedy=remedy))
        self.ended.emit(done)


def _environment(order: TeachOrder) -> QProcessEnvironment:
    values = QProcessEnvironment.systemEnvironment()
    values.insert("LINESIDE_HOME", str(order.data_folder))
    values.insert("PYTHONUNBUFFERED", "1")
    return values
