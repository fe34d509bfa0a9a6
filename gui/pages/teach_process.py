"""The trainer as a process: started, watched line by line, stopped; the window never imports it."""

from __future__ import annotations

import importlib.util
import os
import shlex
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from engine.errors import EnvironmentFailure
from engine.settings import resources_folder
from engine.training import TrainingFailed, parse_event

GRACE_MS = 15_000
"""How long the trainer may take to write its checkpoint after it was asked to stop."""
TAIL_LINES = 30
NEEDED = ("torch", "torchvision", "lightning_fabric", "onnx")


@dataclass(frozen=True, slots=True)
class TeachOrder:
    """What to train on, from which package, and where the new one goes."""

    dataset: Path
    parent: Path
    out: Path
    data_folder: Path
    """Where data sets are kept: the trainer notes the data set's place relative to it."""
    preset: str = "finetune"
    settings: tuple[str, ...] = ()
    """KEY=VALUE, for the trainer's --set."""

    @property
    def arguments(self) -> list[str]:
        """The command line after `lineside`."""
        given = ["train", str(self.dataset), "--preset", self.preset]
        given += ["--from", str(self.parent), "--out", str(self.out)]
        for pair in self.settings:
            given += ["--set", pair]
        return given


def trainer_here() -> bool:
    """True where the trainer can run: not in the frozen station, and only with the `train` extra installed."""
    return not getattr(sys, "frozen", False) and all(importlib.util.find_spec(name) for name in NEEDED)


def no_trainer(order: TeachOrder) -> EnvironmentFailure:
    """The sentence and the remedy where it cannot: the command that does it on another computer."""
    line = shlex.join(["lineside", *order.arguments])
    return EnvironmentFailure(
        "This station has no trainer.",
        f'On a computer with Python run: pip install "lineside[train]" and then: {line}. Then import the model here.',
    )


def command(order: TeachOrder) -> tuple[str, list[str]]:
    """Program and arguments of the trainer process."""
    main = resources_folder().parent / "main.py"
    start = [str(main)] if main.exists() else ["-m", "main"]
    return sys.executable, ["-u", *start, *order.arguments, "--jsonl"]


class TeachProcess(QObject):
    """One training run. `said` carries each TrainingEvent; `ended` True when the package was written.

    Every end gives exactly one `ended`; a failure gives a TrainingFailed event before it.
    """

    said = Signal(object)
    ended = Signal(bool)

    def __init__(self, order: TeachOrder, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._order, self._rest, self._tail = order, b"", list[str]()
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
        program, arguments = command(self._order)
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
            self._end(False, "The trainer did not start.")

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        done = code == 0 and status is QProcess.ExitStatus.NormalExit
        self._end(done, self._tail[-1] if self._tail else "The trainer ended without a word.")

    def _end(self, done: bool, last_words: str) -> None:
        if self._over:
            return
        self._over = True
        self._patience.stop()
        if not done and not self._told and not self._stopping:
            remedy = "Run the same training on the command line to see all it says."
            self.said.emit(TrainingFailed(message=f"The training ended early: {last_words}", remedy=remedy))
        self.ended.emit(done)


def _environment(order: TeachOrder) -> QProcessEnvironment:
    values = QProcessEnvironment.systemEnvironment()
    values.insert("LINESIDE_HOME", str(order.data_folder))
    values.insert("PYTHONUNBUFFERED", "1")
    return values
